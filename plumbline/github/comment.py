"""The one comment of a pull request, which every run edits."""

from __future__ import annotations

from collections.abc import Sequence

from plumbline.github.api import BOT, Refused, Repository, shortened

MARK = "<!-- plumbline: diff -->"  # the first line of what `diff --format markdown` prints
_MOST_ERRORS = 50


def comment(repository: Repository, number: int, body: str) -> str:
    """Write a pull request's comment, or edit the one that an earlier run wrote. Returns its address."""
    if not body.startswith(MARK):
        raise Refused(f"the comment does not begin with {MARK}")
    own = (
        row["id"]
        for row in repository.all(f"issues/{number}/comments")
        if row.get("user", {}).get("login") == BOT and str(row.get("body", "")).startswith(MARK)
    )
    found = next(own, None)
    if found is None:
        made = repository.send("POST", f"issues/{number}/comments", {"body": body})
    else:
        made = repository.send("PATCH", f"issues/comments/{found}", {"body": body})
    return str(made.get("html_url", ""))


def body(report: str, errors: Sequence[str], run: str) -> str:
    """Return what the comment says: the report, or why there is none. `run` is the address of the run."""
    whole = f"The whole report is among the [artifacts of this run]({run}#artifacts)."
    if report.strip():
        return shortened(f"{report.rstrip()}\n\n{whole}\n", whole)
    lines = [" ".join(line.split()).replace("`", "'") for line in errors if line.strip()]
    shown = lines[:_MOST_ERRORS] or ["nothing was said; see the log"]
    more = [f"… {len(lines) - _MOST_ERRORS} more lines"] if len(lines) > _MOST_ERRORS else []
    told = [MARK, "### Plumbline: the revisions could not be compared", "", "```", *shown, *more, "```"]
    return shortened("\n".join([*told, "", f"See [the run]({run}).", ""]), f"See [the run]({run}).")
