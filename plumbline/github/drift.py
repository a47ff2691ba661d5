"""Drift: what `pulumi preview --refresh` would change although nobody changed the program, and the issue about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plumbline.github.api import BOT, Refused, Repository, shortened
from plumbline.markdown import cell

MARK = "<!-- plumbline: drift -->"
_TITLE = "Drift: an account differs from the program"
# Reading a resource anew changes nothing; what has to be done about what was read is a step of its own.
_QUIET = ("same", "refresh", "read", "read-replacement", "read-discard", "discard-replaced")
_MOST_ROWS = 40


def seen(stack: str, text: str, status: int) -> dict[str, Any]:
    """Return what a preview says about a stack, without any value: what it would do to which properties.

    `text` is what `pulumi preview --refresh --json` printed, `status` its exit status.
    """
    document = _document(text)
    if document is None:
        return {"stack": stack, "changes": [], "error": f"the preview ended with status {status} and no document"}
    steps = [step for step in document["steps"] if isinstance(step, dict) and step.get("op") not in _QUIET]
    said = document.get("diagnostics") or []
    errors = [row for row in said if isinstance(row, dict) and row.get("severity") == "error"]
    first = " ".join(str(errors[0].get("message", "")).split())[:300] if errors else f"it ended with status {status}"
    return {
        "stack": stack,
        "changes": [_change(step) for step in steps],
        "error": "" if status == 0 and not errors else f"the preview failed: {first}",
    }


def _document(text: str) -> dict[str, Any] | None:
    """Return the preview's document, which begins at the first line that is an object."""
    start = 0 if text.startswith("{") else text.find("\n{") + 1
    try:
        document, _ = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        return None
    return document if isinstance(document, dict) and isinstance(document.get("steps"), list) else None


def _change(step: Mapping[str, Any]) -> dict[str, Any]:
    parts = str(step.get("urn", "")).split("::")
    qualified, name = (parts[2], parts[3]) if len(parts) > 3 else ("", str(step.get("urn", "")))
    paths = step.get("detailedDiff") or step.get("diffReasons") or ()
    return {
        "op": str(step.get("op", "")),
        "type": qualified.rpartition("$")[2],
        "name": name,
        "paths": sorted({str(path) for path in paths}),
    }


def results(folder: Path, stacks: Sequence[str]) -> list[dict[str, Any]]:
    """Return what was seen of each stack, in files below a folder. A stack whose job left none has an error."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*.json")):
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise Refused(f"{path}: no JSON") from None
        if not isinstance(row, dict) or not {"stack", "changes", "error"} <= set(row):
            raise Refused(f"{path}: not what `seen` prints")
        found[row["stack"]] = row
    missing = {"changes": [], "error": "its job ended before it could look; see the run"}
    return [found.get(stack, {"stack": stack, **missing}) for stack in stacks]


def issue(repository: Repository, rows: Sequence[Mapping[str, Any]], commit: str, run: str) -> str:
    """Open or edit the one open issue, or close it where every stack was looked at and none differs.

    Returns what was done, in one line.
    """
    own = (
        row["number"]
        for row in repository.all("issues", state="open")
        if row.get("user", {}).get("login") == BOT
        and str(row.get("body") or "").startswith(MARK)
        and "pull_request" not in row
    )
    number = next(own, None)
    telling = [row for row in rows if row["changes"] or row["error"]]
    if telling:
        text = body(telling, commit, run)
        if number is None:
            made = repository.send("POST", "issues", {"title": _TITLE, "body": text})
            return f"issue {made.get('number')} opened"
        repository.send("PATCH", f"issues/{number}", {"title": _TITLE, "body": text})
        return f"issue {number} updated"
    if number is None:
        return "no drift"
    text = f"{MARK}\nNo stack differs any more, says [this run]({run}) of `{commit[:10]}`.\n"
    repository.send("PATCH", f"issues/{number}", {"body": text, "state": "closed", "state_reason": "completed"})
    return f"no drift; issue {number} closed"


def body(rows: Sequence[Mapping[str, Any]], commit: str, run: str) -> str:
    """Return what the issue says about stacks that differ, or that could not be looked at."""
    lines = [
        MARK,
        f"What `pulumi up` of `{commit[:10]}` would change now, says [this run]({run}): somebody changed the",
    ]
    lines.append("account by hand, or the commit is not deployed yet.")
    for row in rows:
        changes = row["changes"]
        count = f"{len(changes)} difference{'' if len(changes) == 1 else 's'}"
        lines += ["", f"#### {row['stack']}: {count if changes else 'not looked at'}", ""]
        if row["error"]:
            lines += [f"> {cell(row['error'])}", ""]
        if changes:
            lines += ["| would | resource | properties |", "| --- | --- | --- |"]
        for change in changes[:_MOST_ROWS]:
            paths = ", ".join(f"`{cell(path)}`" for path in change["paths"])
            lines.append(f"| {change['op']} | {cell(change['type'])} {cell(change['name'])} | {paths} |")
        if len(changes) > _MOST_ROWS:
            lines.append(f"| … | {len(changes) - _MOST_ROWS} more | |")
    return shortened("\n".join([*lines, ""]), f"See [the run]({run}).")
