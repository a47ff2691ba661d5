"""The dated data about the free tier, and what a system declares that it pays for."""

from __future__ import annotations

import datetime
import fnmatch
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from plumbline import yaml12
from plumbline.graph import Resource
from plumbline.project import UserError, suggestion
from plumbline.verdicts import ledger

DATA = Path(__file__).parents[1] / "data" / "free_tier.yaml"
# The part of a resource that costs from the first use, whatever its settings are.
WHOLE = "use"
_T = TypeVar("_T", bound=BaseModel)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Model):
    """Where a fact was read, and when. `copy` is AWS's own page or price list as somebody else copied it."""

    url: str
    read: datetime.date
    by: Literal["aws", "copy", "others"]

    @field_validator("read", mode="before")
    @classmethod
    def _date(cls, value: Any) -> Any:
        return datetime.date.fromisoformat(value) if isinstance(value, str) else value


class Account(_Model):
    """What accounts get that were opened before or since the free tier changed."""

    opened: str
    text: str
    sources: tuple[str, ...] = Field(min_length=1)


class Cost(_Model):
    """Something that AWS charges for. `unsourced` says that nobody found out what it costs."""

    part: str = WHOLE
    text: str
    price: str = ""
    sources: tuple[str, ...] = ()
    unsourced: bool = False

    @model_validator(mode="after")
    def _sourced(self) -> Cost:
        if self.unsourced == bool(self.sources) or (self.unsourced and self.price):
            raise ValueError(f"{self.part}: give sources, or unsourced and no price")
        return self


class Beyond(_Model):
    """What more than the allowance is called and costs; the sources are the allowance's where it has none."""

    part: str
    text: str
    price: str = ""
    usd: float | None = Field(default=None, gt=0, description="Of one unit in us-east-1, where that is one price")
    sources: tuple[str, ...] = ()


class Allowance(_Model):
    """A free amount, shared by everything in an account. What is `beyond` it is told where a stack can be counted."""

    offer: Literal["always", "twelve_months"]
    amount: int
    unit: str
    price: str = ""
    sources: tuple[str, ...] = Field(min_length=1)
    beyond: Beyond | None = None


class When(_Model):
    """A condition on one property; `*` in the path stands for every item, and one item that meets it is enough."""

    path: str
    values: tuple[Any, ...] | None = Field(default=None, alias="is")
    other_than: tuple[Any, ...] | None = Field(default=None, alias="is_not")
    above: float | None = None
    below: float | None = None
    contains: str | None = None
    given: bool = False
    otherwise: Any = None

    @model_validator(mode="after")
    def _one_test(self) -> When:
        tests = (self.values, self.other_than, self.above, self.below, self.contains, self.given or None)
        if sum(test is not None for test in tests) != 1:
            raise ValueError(f"{self.path}: one of is, is_not, above, below, contains, given is needed")
        return self


class Leave(Cost):
    """A setting that leaves the allowance. `instead` says that the resource then uses nothing of the allowance."""

    when: When
    instead: bool = False


class Polls(_Model):
    """Long polls that never end: so many at once, each of `seconds`, unless a condition holds."""

    at_once: int = Field(gt=0)
    seconds: int = Field(gt=0)
    unless: When


class Of(_Model):
    """Which resources are meant: those whose property refers to a type, or holds an ARN of a service."""

    path: str
    type: str
    service: str


class Count(_Model):
    """How much of an allowance one resource uses: a sum of properties, the number of values at a path, or polls.

    `of` leaves out the resources that use nothing of it. A month has 30 days.
    """

    sum: tuple[str, ...] = ()
    count: str = ""
    otherwise: int = 0
    polls: Polls | None = None
    of: Of | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """The properties that decide."""
        found = (*self.sum, self.count, self.polls.unless.path if self.polls else "", self.of.path if self.of else "")
        return tuple(path for path in found if path)


class Choose(_Model):
    """The allowances that a resource uses by the value of one of its properties."""

    path: str
    allowances: dict[str, tuple[str, ...]]


class Kind(_Model):
    """What holds for resources of some types: no charge of their own, allowances that they use, or costs."""

    types: tuple[str, ...] = Field(min_length=1)
    free: str = ""
    sources: tuple[str, ...] = ()
    costs: Cost | None = None
    allowances: tuple[str, ...] = ()
    choose: Choose | None = None
    counts: dict[str, Count] = {}
    leaves: tuple[Leave, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Kind:
        if not (self.free or self.costs or self.allowances or self.choose):
            raise ValueError(f"{self.types[0]}: one of free, costs, allowances, choose is needed")
        if bool(self.free) != bool(self.sources):
            raise ValueError(f"{self.types[0]}: free needs sources")
        return self

    @property
    def used(self) -> tuple[str, ...]:
        """Every allowance that a resource of this kind may use."""
        chosen = self.choose.allowances.values() if self.choose else ()
        return (*self.allowances, *(name for names in chosen for name in names))


class Tiers(_Model):
    """The whole data file."""

    accounts: dict[str, Account]
    sources: dict[str, Source]
    allowances: dict[str, Allowance]
    resources: tuple[Kind, ...]

    @model_validator(mode="after")
    def _names_exist(self) -> Tiers:
        unknown = sorted({name for name in self._named_sources() if name not in self.sources})
        unknown += sorted({name for kind in self.resources for name in kind.used if name not in self.allowances})
        counted = [name for kind in self.resources for name in kind.counts if self.allowances[name].beyond is None]
        types = [type_ for kind in self.resources for type_ in kind.types]
        twice = sorted({type_ for type_ in types if types.count(type_) > 1})
        if unknown or counted or twice:
            raise ValueError(f"not known: {unknown}; counted without `beyond`: {counted}; given twice: {twice}")
        return self

    def _named_sources(self) -> Iterator[str]:
        for account in self.accounts.values():
            yield from account.sources
        for allowance in self.allowances.values():
            yield from allowance.sources
            yield from allowance.beyond.sources if allowance.beyond else ()
        for kind in self.resources:
            yield from kind.sources
            for cost in (*((kind.costs,) if kind.costs else ()), *kind.leaves):
                yield from cost.sources

    @functools.cached_property
    def by_type(self) -> Mapping[str, Kind]:
        return {type_: kind for kind in self.resources for type_ in kind.types}

    def parts(self, type_: str) -> set[str]:
        """Return the names of everything that a resource of a type may cost by."""
        kind = self.by_type.get(type_)
        if kind is None:
            return set()
        names = {leave.part for leave in kind.leaves} | ({kind.costs.part} if kind.costs else set())
        names |= {name for name in kind.used if self.allowances[name].offer == "twelve_months"}
        return names | {beyond.part for name in kind.counts if (beyond := self.allowances[name].beyond)}


class Demand(_Model):
    """One paid part of a system's resources, and the criterion that demands it by name."""

    type: str
    part: str
    criterion: str
    reason: str = Field(min_length=10)
    resources: tuple[str, ...] = ("*",)

    def covers(self, resource: Resource, part: str) -> bool:
        return (resource.type, part) == (self.type, self.part) and any(
            fnmatch.fnmatchcase(resource.name, name) for name in self.resources
        )


class _Paid(_Model):
    paid: tuple[Demand, ...]


@functools.cache
def tiers(path: Path = DATA) -> Tiers:
    """Return the data about the free tier. Raises UserError where the file is not what it must be."""
    return _read(path, Tiers, path.name)


def demands(root: Path, system: str, known: Tiers) -> tuple[Demand, ...]:
    """Return what a system pays for on purpose; nothing where it has no paid.yaml.

    Raises UserError with one line for each row that names a type, part or criterion that does not exist.
    """
    path = root / "systems" / system / "data" / "paid.yaml"
    if not path.is_file():
        return ()
    shown = path.relative_to(root).as_posix()
    rows = _read(path, _Paid, shown).paid
    criteria = [entry.id for entry in ledger(root, system)]
    mistakes: list[str] = []
    for index, row in enumerate(rows):
        parts = sorted(known.parts(row.type))
        if not parts:
            mistakes.append(f"{shown}: paid[{index}].type: nothing about {row.type!r} costs")
        elif row.part not in parts:
            mistakes.append(
                f"{shown}: paid[{index}].part: {row.part!r} given{suggestion(row.part, parts)}; "
                f"{row.type} may cost by {', '.join(parts)}"
            )
        if row.criterion not in criteria:
            mistakes.append(
                f"{shown}: paid[{index}].criterion: {row.criterion!r} is not in criteria/{system}.yaml"
                + suggestion(row.criterion, criteria)
            )
    if mistakes:
        raise UserError(*mistakes)
    return rows


def _read(path: Path, model: type[_T], shown: str) -> _T:
    try:
        return model.model_validate(yaml12.load(path))
    except yaml12.YamlError as error:
        raise UserError(f"{shown}:{error.line}:{error.column}: {error.message}") from None
    except ValidationError as error:
        raise UserError(
            *(f"{shown}: {'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors())
        ) from None
