"""Writes what is against a stack as SARIF 2.1.0, the format that code scanning takes: one run per document.

Results are what a report lists as wrong: rulings, waived ones as suppressed, criteria that fail or are unknown, and
probes that failed. What holds is in the rules alone, which are all that were asked.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from plumbline import rulings
from plumbline.graph import StackGraph
from plumbline.project import Project
from plumbline.report import Report
from plumbline.rulings import Ruling

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
Level = Literal["error", "warning"]

# Where code scanning puts its bounds: critical is above 9.0, high from 7.0, medium from 4.0, low below.
_SEVERITIES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
_WORDS: Mapping[str, Level] = {"fail": "error", "unknown": "warning"}
_MOST_TAGS = 10  # of a rule, as code scanning shows them
_PROBE = "probe"


@dataclass(frozen=True)
class Limits:
    """What GitHub's code scanning takes of a run, in results and in bytes of the packed file, and what it shows."""

    results: int = 25_000
    shown: int = 5_000
    packed_bytes: int = 10_000_000


@dataclass(frozen=True)
class Result:
    """One finding. `urn` is empty for the stack as a whole, `suppressed` says why and by whom it is accepted.

    `is_whole` is for a rule with one finding at most, which stays the same one wherever it shows first.
    """

    rule: str
    level: Level
    message: str
    urn: str = ""
    path: str = ""
    suppressed: str = ""
    is_whole: bool = False

    @property
    def identity(self) -> tuple[str, ...]:
        """What says that a finding is the same in another run."""
        return (self.rule,) if self.is_whole else (self.rule, self.urn, self.path)


def text(report: Report, project: Project, stack: str, limits: Limits | None = None) -> str:
    """Return the SARIF file about a report. `stack` is the one whose settings apply; errors come first.

    What is over the limits is left out and told as a notification. Raises UserError for a wrong policy config.
    """
    limits = limits or Limits()
    rules = list(_rules(report, project, stack))
    # The sort keeps the order within a level, so that the same findings are the same file.
    results = sorted(_results(report), key=lambda result: (bool(result.suppressed), result.level != "error"))
    kept = len(results[: limits.results])
    while True:
        notes = [*report.notes, *_cut(len(results), kept, limits)]
        run = _run(report, project, stack, rules, results[:kept], notes)
        written = json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"
        if kept == 0 or len(gzip.compress(written.encode())) <= limits.packed_bytes:
            return written
        kept = kept * 9 // 10


def _cut(count: int, kept: int, limits: Limits) -> Iterator[str]:
    if kept < count:
        yield f"{count - kept} of {count} results are left out: code scanning takes no more"
    if kept > limits.shown:
        yield f"code scanning shows {limits.shown} of these {kept} results, the most severe first"


def _run(
    report: Report,
    project: Project,
    stack: str,
    rules: list[dict[str, Any]],
    results: list[Result],
    notes: Iterable[str],
) -> dict[str, Any]:
    places = _Places(report.graph, project.root, stack)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    seen: Counter[tuple[str, ...]] = Counter()
    rows = []
    for result in results:
        seen[result.identity] += 1
        row: dict[str, Any] = {
            "ruleId": result.rule,
            "level": result.level,
            "message": {"text": result.message},
            "locations": [places.location(result)],
            "partialFingerprints": _fingerprints(stack, result, seen[result.identity]),
        }
        if result.rule in numbers:
            row["ruleIndex"] = numbers[result.rule]
        if result.suppressed:
            row["suppressions"] = [
                {"kind": "external", "status": "accepted", "justification": result.suppressed},
            ]
        rows.append(row)
    return {
        "tool": {"driver": {"name": "plumbline", "rules": rules}},
        # What is uploaded for one stack replaces nothing of another.
        "automationDetails": {"id": f"plumbline/{stack}/"},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [{"level": "note", "message": {"text": note}} for note in notes],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": rows,
    }


def _fingerprints(stack: str, result: Result, number: int) -> dict[str, str]:
    """Return what tells one finding from others in every run, wherever its line moves and whatever values it names.

    Code scanning goes by the first; it would hash the text of a line that many resources share.
    """
    digest = hashlib.sha256("\0".join((stack, *result.identity)).encode()).hexdigest()
    return {"primaryLocationLineHash": f"{digest[:16]}:{number}", "plumblineFinding/v1": f"{digest}:{number}"}


def _results(report: Report) -> Iterator[Result]:
    for ruling in report.rulings.standing:
        yield _of_ruling(ruling)
    for waived in report.rulings.waived:
        reason = f"{waived.owner} until {waived.expires}: {waived.reason}"
        yield replace(_of_ruling(waived.ruling), suppressed=reason)
    for entry in report.entries:
        verdict = report.verdicts[entry.id]
        if verdict.word in _WORDS:
            urn, _, path = verdict.path.partition("#")
            said = f"{entry.text.removesuffix('.')}: {verdict.evidence}"
            yield Result(entry.id, _WORDS[verdict.word], said, urn, path, is_whole=True)
    for result in report.probed.failed if report.probed else ():
        said = f"{result.trial.tried}: {result.trial.evidence}"
        yield Result(_PROBE, "error", f"{result.probe}, {result.subject}: {said}", result.urn, result.probe)


def _of_ruling(ruling: Ruling) -> Result:
    place = ": ".join(part for part in (ruling.resource, ruling.path) if part)
    said = f"{place}: {ruling.message}" if place else ruling.message
    level: Level = "error" if ruling.level == "mandatory" else "warning"
    return Result(ruling.id or ruling.rule, level, f"{said}. {ruling.remediation}", ruling.urn, ruling.path)


def _rules(report: Report, project: Project, stack: str) -> Iterator[dict[str, Any]]:
    """Yield every rule that was asked, whether it found something or not, then criteria and probes."""
    if report.rulings.rules:
        for row in rulings.catalogue(project.root, stack)["rules"]:
            if row["level"] != "disabled":
                yield _policy(row)
        yield from _others(report.rulings)
    for entry in report.entries:
        yield {
            "id": entry.id,
            "name": entry.id,
            "shortDescription": {"text": entry.text},
            "fullDescription": {"text": entry.text},
            "help": {"text": f"docs/criteria/{report.system}.md says how {entry.id} is judged."},
            "defaultConfiguration": {"level": "error"},
            "properties": {"problem.severity": "error", "tags": ["criterion", report.system, entry.area]},
        }
    if report.probed is not None and report.probed.failed:
        said = "What stands is used as its application would use it."
        yield {
            "id": _PROBE,
            "name": _PROBE,
            "shortDescription": {"text": said},
            "defaultConfiguration": {"level": "error"},
            "properties": {"problem.severity": "error", "tags": [_PROBE]},
        }


def _policy(row: Mapping[str, Any]) -> dict[str, Any]:
    repair = f"{row['rationale']} To mend: {row['remediation']}"
    return {
        "id": row["id"],
        "name": row["name"],
        "shortDescription": {"text": row["name"].replace("-", " ")},
        "fullDescription": {"text": row["rationale"]},
        "help": {"text": repair, "markdown": f"{repair}\n\n[{row['id']}]({row['url']})"},
        "helpUri": row["url"],
        "defaultConfiguration": {"level": "error" if row["level"] == "mandatory" else "warning"},
        "properties": {
            "security-severity": _SEVERITIES[row["severity"]],
            "precision": "very-high",
            "tags": ["security", row["pack"], *row["criteria"], *row["controls"]][:_MOST_TAGS],
        },
    }


def _others(found: rulings.Rulings) -> Iterator[dict[str, Any]]:
    """Yield the rules that no catalogue has: what is wrong with the waivers themselves."""
    for name in dict.fromkeys(ruling.rule for ruling in found.standing if not ruling.id):
        first = next(ruling for ruling in found.standing if ruling.rule == name)
        yield {
            "id": name,
            "name": name,
            "shortDescription": {"text": name},
            "help": {"text": first.remediation},
            "defaultConfiguration": {"level": "error"},
            "properties": {"security-severity": _SEVERITIES[first.severity], "tags": ["security", first.pack]},
        }


class _Places:
    """Where in the repository findings belong."""

    def __init__(self, graph: StackGraph, root: Path, stack: str) -> None:
        self._graph = graph
        self._root = root
        self._whole = (f"Pulumi.{stack}.yaml", 1)

    def location(self, result: Result) -> dict[str, Any]:
        file, line = self._place(result.urn)
        location: dict[str, Any] = {
            "physicalLocation": {"artifactLocation": {"uri": file}, "region": {"startLine": line}}
        }
        if result.urn:
            full = f"{result.urn}#{result.path}" if result.path else result.urn
            name = result.urn.split("::")[-1]
            location["logicalLocations"] = [{"name": name, "fullyQualifiedName": full, "kind": "resource"}]
        return location

    def _place(self, urn: str) -> tuple[str, int]:
        """Return file and line that register a resource, or the parent that does; else the stack's file."""
        seen: set[str] = set()
        while urn in self._graph.resources and urn not in seen:
            seen.add(urn)
            resource = self._graph.resources[urn]
            file, _, line = resource.source.rpartition(":")
            # What installed packages register belongs to the parent: their files are not in the repository.
            if line.isdigit() and "site-packages" not in file and (self._root / file).is_file():
                return file, int(line)
            urn = resource.parent
        return self._whole
