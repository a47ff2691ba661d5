"""Data files of systems: validated when they are loaded, with one line for each mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from components.tables import Index, Key, TableSpec
from plumbline import yaml12


class DataError(ValueError):
    """A data file that is wrong: one line per mistake."""


class Row(BaseModel):
    """An entry of a data file: frozen, and without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_KeyPair = Annotated[tuple[str, Literal["S", "N", "B"]], Field(description="[attribute, type]")]


class IndexRow(Row):
    """The keys of an index or a table."""

    partition_key: _KeyPair
    sort_key: _KeyPair | None = None


class TableRow(IndexRow):
    """One DynamoDB table. `ttl` is the attribute with the time after which an item goes."""

    indexes: dict[str, IndexRow] = Field(default={}, max_length=20)
    ttl: str | None = None

    def spec(self) -> TableSpec:
        """Return the table as its component takes it."""
        indexes = tuple(
            Index(name=name, partition_key=_key(row.partition_key), sort_key=row.sort_key and _key(row.sort_key))
            for name, row in self.indexes.items()
        )
        sort_key = self.sort_key and _key(self.sort_key)
        return TableSpec(
            partition_key=_key(self.partition_key), sort_key=sort_key, indexes=indexes, ttl_attribute=self.ttl
        )


def load(file: Path, where: str, shape: Any) -> Any:
    """Return what a file holds, validated. Raises DataError with one line per mistake, each of which begins `where`."""
    try:
        return pydantic.TypeAdapter(shape).validate_python(yaml12.load(file))
    except pydantic.ValidationError as error:
        lines = [
            f"{where}: {'.'.join(map(str, details['loc']))}: {details['msg']}"
            for details in error.errors(include_url=False)
        ]
        raise DataError("\n".join(lines)) from None
    except yaml12.YamlError as error:
        raise DataError(f"{where}:{error.line}:{error.column}: {error.message}") from None


def mistakes(loaders: Iterable[Callable[[], object]]) -> Iterator[str]:
    """Yield what is wrong in the files that some functions load; each mistake once."""
    told: dict[str, None] = {}
    for call in loaders:
        try:
            call()
        except DataError as error:
            told |= dict.fromkeys(str(error).splitlines())
    yield from told


def _key(pair: tuple[str, Literal["S", "N", "B"]]) -> Key:
    return Key(name=pair[0], type=pair[1])
