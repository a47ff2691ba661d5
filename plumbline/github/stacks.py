"""Which stacks a run is for: those that a report of `diff` says change, with the GitHub environments of their roles."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plumbline.github.api import Refused, Repository

if TYPE_CHECKING:
    from plumbline.project import Project

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}")


@dataclass(frozen=True)
class Chosen:
    """The stacks of a run. `left_out` has a line for each that the run cannot be for."""

    rows: tuple[dict[str, str], ...]
    left_out: tuple[str, ...] = ()


def statuses(report: Path) -> dict[str, str]:
    """Return what a report says about each stack: new, removed, changed, same, broken. Raises Refused."""
    try:
        document: Any = json.loads(report.read_text(encoding="utf-8"))
        found = {str(row["stack"]): str(row["status"]) for row in document["stacks"]}
    except (ValueError, KeyError, TypeError):
        raise Refused(f"{report}: not what `diff --save` writes") from None
    return found


def deployable(project: Project, report: Path | None) -> Chosen:
    """Return the stacks that change or are new, all without a report."""
    known = None if report is None else statuses(report)
    chosen = [stack for stack in project.stacks() if known is None or known.get(stack) in ("changed", "new")]
    return Chosen(tuple({"stack": stack, "environment": _environment(project, stack)} for stack in chosen))


def previewable(project: Project, report: Path | None) -> Chosen:
    """Return the stacks that change, all without a report, as far as the account can be asked about them.

    Left out are stacks without a role that only reads, with values that stand for real ones, and new ones: a role that
    only reads cannot make the state that a preview begins with.
    """
    from plumbline.placeholders import placeholders

    known = None if report is None else statuses(report)
    rows, left_out = [], []
    for stack in project.stacks():
        status = "changed" if known is None else known.get(stack, "same")
        if status not in ("changed", "new"):
            continue
        settings = project.settings(stack)
        stand_ins = len(list(placeholders(settings)))
        if not (settings.get("deployment") or {}).get("preview_role"):
            left_out.append(f"{stack}: no deployment.preview_role")
        elif status == "new":
            left_out.append(f"{stack}: new, so there is no state to compare with before its first deployment")
        elif stand_ins:
            left_out.append(f"{stack}: {stand_ins} of its settings are values of examples, so it was never deployed")
        else:
            rows.append({"stack": stack, "environment": f"{_environment(project, stack)}-preview"})
    return Chosen(tuple(rows), tuple(left_out))


def _environment(project: Project, stack: str) -> str:
    """Return a stack's environment, which goes into the name of a GitHub environment."""
    found = project.settings(stack).get("environment")
    for value in (stack, found):
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            raise Refused(f"Pulumi.{stack}.yaml: {value!r} given; allowed: letters, digits, dots, hyphens, underscores")
    return str(found)


def deployed(repository: Repository, workflow: str, branch: str, root: Path) -> str:
    """Return the commit that the last good run of a workflow deployed, "" where there is none in this clone."""
    found = repository.get(f"actions/workflows/{workflow}/runs", branch=branch, status="success", per_page=1)
    runs = found.get("workflow_runs")
    commit = runs[0].get("head_sha") if isinstance(runs, list) and runs and isinstance(runs[0], dict) else None
    if not isinstance(commit, str) or not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        return ""
    # After a force push the commit may be gone.
    asked = ["git", "cat-file", "-e", f"{commit}^{{commit}}"]
    return commit if subprocess.run(asked, cwd=root, capture_output=True, check=False).returncode == 0 else ""
