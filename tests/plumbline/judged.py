"""Judges documents of the real engine beside our own of the same revision (written by tests.engine.make_fixtures)."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from plumbline import changes, commands, documents
from plumbline.changes import Change
from plumbline.commands import Outcome
from plumbline.documents import Document
from plumbline.project import Project
from tests.evaluations import ROOT

SHOP = ROOT / "tests" / "fixtures" / "shop"


@dataclass(frozen=True)
class Case:
    """One change of a stack: its documents lie in `folder`, and `root` becomes the project that judges them."""

    folder: Path
    stack: str
    change: str
    root: Path

    @property
    def project(self) -> Project:
        """The project with the stack's file of the change, and everything else as it is today."""
        if not self.root.is_dir():
            self.root.mkdir()
            for path in ROOT.iterdir():
                if (
                    not path.name.startswith(".") or path.name == ".github"
                ) and path.name != f"Pulumi.{self.stack}.yaml":
                    (self.root / path.name).symlink_to(path)
            if self.stack == "live":
                (self.root / "criteria").unlink()
                (self.root / "criteria").symlink_to(SHOP / "criteria")
            file = self.folder / f"{self.change}.yaml"
            (self.root / f"Pulumi.{self.stack}.yaml").write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
        return Project(self.root)

    def file(self, kind: str, change: str = "") -> Path:
        """Return a document, unpacked: one line of JSON as the engine or we wrote it."""
        name = f"{change or self.change}.{kind}.json"
        unpacked = self.root.with_name(f"{self.root.name}-{name}")
        unpacked.write_bytes(gzip.decompress((self.folder / f"{name}.gz").read_bytes()))
        return unpacked

    @property
    def is_change(self) -> bool:
        return self.change != "create"

    def document(self, kind: str) -> Document:
        """Return a document, as `judge` reads it."""
        return documents.load(self.file(kind))

    def judged(self, kind: str) -> Outcome:
        """Judge a document; the engine's of a change with the stack's export, as `judge --state` does."""
        export = self.file("export", "create") if kind == "engine" and self.is_change else None
        return commands.judge_file(self.project, self.file(kind), None, export)

    def own_actions(self) -> dict[str, str]:
        """Return what changes by our own documents: the action by URN, of all that does not stay the same."""
        after = self.document("preview").graph
        before = documents.load(self.file("preview", "create")).graph if self.is_change else None
        return _telling(changes.compare(before, after))

    def actions(self) -> dict[str, str]:
        """Return the same by the engine's document."""
        return _telling(self.document("engine").changes)


def _telling(found: Iterable[Change]) -> dict[str, str]:
    return {change.urn: change.action for change in found if change.action != "same"}


def disagreements(case: Case) -> list[str]:
    """Return what the engine's document and our own of the same revision are not agreed on: a line each.

    A preview of a change knows what AWS decided before, where our own preview cannot: there our own up decides.
    """
    engine, own = case.judged("engine").report, case.judged("preview").report
    up = case.judged("up").report if case.is_change else own
    lines = []
    if engine.graph.resources.keys() != own.graph.resources.keys():
        lines.append(f"resources: {sorted(engine.graph.resources.keys() ^ own.graph.resources.keys())}")
    if case.actions() != case.own_actions():
        lines.append(f"changes: {case.actions()} and not {case.own_actions()}")
    for id_, verdict in own.verdicts.items():
        expected = up.verdicts[id_] if verdict.word == "unknown" else verdict
        if engine.verdicts[id_] != expected:
            lines.append(f"{id_}: {engine.verdicts[id_]} and not {expected}")
    if engine.rulings != own.rulings:
        lines.append(f"rulings: {engine.rulings} and not {own.rulings}")
    return lines
