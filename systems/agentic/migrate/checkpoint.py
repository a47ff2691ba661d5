"""How far a migration has come, in a file that is replaced as a whole; beside it the rows that were refused."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from systems.agentic.migrate.source import Stop


class Progress(BaseModel):
    """One table: the key of the last row that is done with, and what became of the rows so far."""

    model_config = ConfigDict(extra="forbid")

    after: uuid.UUID | None = None
    done: bool = False
    written: int = Field(default=0, ge=0)
    there: int = Field(default=0, ge=0)
    refused: int = Field(default=0, ge=0)

    @property
    def read(self) -> int:
        return self.written + self.there + self.refused


class Refusal(BaseModel):
    """A row that was not migrated, and why."""

    table: str
    row: str
    reason: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.reason}"


class State(BaseModel):
    """What the file holds."""

    model_config = ConfigDict(extra="forbid")

    form: int = Field(default=1, ge=1, le=1)
    source: str
    table: str
    tables: dict[str, Progress] = {}
    refused_bytes: int = Field(default=0, ge=0)  # what lies behind that in the file of refusals was not finished


class Checkpoint:
    """The state of a migration on disk. Without a path it is kept in memory only."""

    def __init__(self, path: Path | None, state: State) -> None:
        self.path, self.state = path, state
        self._unsaved: list[Refusal] = []
        self._kept: list[Refusal] = []

    @classmethod
    def load(cls, path: Path, source: str, table: str) -> Checkpoint:
        """Return the state in a file, or a new one; raise Stop for a file of another migration, or of none."""
        if not path.exists():
            if not path.parent.is_dir():
                raise Stop(f"{path}: the folder does not exist")
            return cls(path, State(source=source, table=table))
        try:
            state = State.model_validate_json(path.read_bytes())
        except (ValidationError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else "not a checkpoint of this tool"
            raise Stop(f"{path}: {why}; nothing was changed. Name another file, or start anew without it") from None
        if (state.source, state.table) != (source, table):
            raise Stop(f"{path}: belongs to a migration from {state.source} to {state.table}; name another file")
        made = cls(path, state)
        refused = made.refusals_path
        if refused.exists():
            with refused.open("r+b") as file:
                file.truncate(min(state.refused_bytes, refused.stat().st_size))
        return made

    @property
    def refusals_path(self) -> Path:
        assert self.path is not None
        return self.path.with_name(f"{self.path.name}.refused.jsonl")

    def begin_again(self) -> None:
        """Forget how far a finished migration had come: the next run looks at every row."""
        self.state.tables, self.state.refused_bytes = {}, 0
        if self.path and self.refusals_path.exists():
            self.refusals_path.unlink()

    def of(self, table: str) -> Progress:
        return self.state.tables.setdefault(table, Progress())

    def refuse(self, refusals: Sequence[Refusal]) -> None:
        self._unsaved += refusals

    def save(self) -> None:
        """Write what was refused, then how far the work has come; a kill in between repeats one page."""
        if self.path is None:
            self._kept += self._unsaved
            self._unsaved = []
            return
        if self._unsaved:
            with self.refusals_path.open("ab") as file:
                file.write("".join(one.model_dump_json() + "\n" for one in self._unsaved).encode())
                file.flush()
                os.fsync(file.fileno())
                self.state.refused_bytes = file.tell()
            self._unsaved = []
        beside = self.path.with_name(f"{self.path.name}.new")
        with beside.open("wb") as file:
            file.write((json.dumps(self.state.model_dump(mode="json"), indent=1) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    def refusals(self) -> Iterator[Refusal]:
        """Yield every row refused so far, of this run and of those before it."""
        if self.path is None:
            yield from self._kept
        elif self.refusals_path.exists():
            with self.refusals_path.open("rb") as file:
                yield from (Refusal.model_validate_json(line) for line in file)
