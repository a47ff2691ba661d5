"""The alias `live` of each function as AWS holds it, with what its description tells of the last shift.

The description is the memory of a deployment: which version was live before, and whether the shift is through. So an
interrupted shift goes on, and a rollback knows where to, from whichever machine the next command runs. Pulumi ignores
both fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from botocore.exceptions import ClientError

from plumbline.project import UserError
from systems.agentic.deploy.stack import LIVE

Phase = Literal["shifting", "shifted", "back"]
_WORDS: Mapping[Phase, str] = {"shifting": "shifting from", "shifted": "shifted from", "back": "went back from"}
_NOTE = re.compile(rf"({'|'.join(_WORDS.values())}) version (\d+), (\d{{8}}T\d{{6}}Z)")
_PHASES: Mapping[str, Phase] = {words: phase for phase, words in _WORDS.items()}


@dataclass(frozen=True, kw_only=True)
class Note:
    """What the description says: `other` is the version that was live before, and `run` the time of the shift.

    shifting: on its way, and every alias of the same run comes through or goes back with it; shifted: it came through;
    back: that shift was taken back, from the version `other`.
    """

    phase: Phase
    other: str
    run: str

    def text(self) -> str:
        return f"{_WORDS[self.phase]} version {self.other}, {self.run}"


def note(text: str) -> Note | None:
    """Return what a description says, None for one that no command of ours wrote."""
    found = _NOTE.fullmatch(text)
    return Note(phase=_PHASES[found[1]], other=found[2], run=found[3]) if found else None


def run_id(at: datetime) -> str:
    """Return the name of a run that begins at a time in UTC."""
    return f"{at:%Y%m%dT%H%M%SZ}"


@dataclass(frozen=True, kw_only=True)
class Live:
    """One function's alias: logical and physical name, the version that callers get, and the published ones, sorted."""

    name: str
    function: str
    version: str
    versions: tuple[str, ...]
    note: Note | None
    revision: str

    @property
    def newest(self) -> str:
        return self.versions[-1]

    def is_moved_by(self, run: str | None) -> bool:
        """Say whether a run moved it and did not take that back."""
        return self.note is not None and self.note.run == run and self.note.phase != "back"


def unfinished(aliases: Iterable[Live]) -> str | None:
    """Return the run of a shift that did not come through, None where there is none."""
    return next((one.note.run for one in aliases if one.note and one.note.phase == "shifting"), None)


def latest(aliases: Iterable[Live]) -> str | None:
    """Return the run of the last shift, also of one that was taken back; None before the first."""
    return max((one.note.run for one in aliases if one.note), default=None)


class AliasMoved(Exception):
    """Somebody else moved the alias meanwhile."""


@dataclass(frozen=True)
class Aliases:
    """Reads and moves aliases with a client of Lambda."""

    client: Any

    def read(self, functions: Mapping[str, str]) -> list[Live]:
        """Return the aliases by the functions' names. Raises UserError with a line for each that is not there."""
        found: list[Live] = []
        missing: list[str] = []
        for name, function in functions.items():
            try:
                if versions := tuple(sorted(self._versions(function), key=int)):
                    alias = self.client.get_alias(FunctionName=function, Name=LIVE)
                    found.append(_live(name, function, versions, alias))
                    continue
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
            missing.append(f"{name}: {function} has no published version with an alias {LIVE}; deploy the stack first")
        if missing:
            raise UserError(*missing)
        return found

    def move(self, live: Live, version: str, note: Note) -> None:
        """Point an alias at a version, wholly, and write the note. Raises AliasMoved where it is not as it was read."""
        try:
            self.client.update_alias(
                FunctionName=live.function,
                Name=LIVE,
                FunctionVersion=version,
                Description=note.text(),
                RoutingConfig={"AdditionalVersionWeights": {}},
                RevisionId=live.revision,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailedException":
                raise
            raise AliasMoved(f"{live.function}: somebody else moved its alias {LIVE} meanwhile") from None

    def _versions(self, function: str) -> Iterator[str]:
        for page in self.client.get_paginator("list_versions_by_function").paginate(FunctionName=function):
            yield from (row["Version"] for row in page["Versions"] if row["Version"] != "$LATEST")


def _live(name: str, function: str, versions: tuple[str, ...], alias: Mapping[str, Any]) -> Live:
    return Live(
        name=name,
        function=function,
        version=alias["FunctionVersion"],
        versions=versions,
        note=note(alias.get("Description", "")),
        revision=alias.get("RevisionId", ""),
    )
