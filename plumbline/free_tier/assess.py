"""Says of every resource of a stack what it has free, what leaves that, and which criterion demands what costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from plumbline.free_tier.conditions import concerns, meets, used, values
from plumbline.free_tier.data import Allowance, Cost, Demand, Kind, Leave, Tiers
from plumbline.graph import UNKNOWN, Resource, StackGraph

# From the worst: nothing is known of the type; costs, or may cost, with no criterion that demands it; costs and is
# demanded; inside an allowance; no charge of its own.
Word = Literal["unknown", "undemanded", "demanded", "allowance", "free"]
WORDS: tuple[Word, ...] = ("unknown", "undemanded", "demanded", "allowance", "free")
_OWN_TYPES = ("pulumi:providers:", "pulumi:pulumi:")  # the engine's; nothing of AWS
TWELVE_MONTHS = {
    "before": "was free for the account's first twelve months ({amount:,} {unit}); they are over",
    "after": "has no free amount for new accounts: charged from the first use, out of the credits",
}


@dataclass(frozen=True)
class Part:
    """One thing that a resource costs by. `certain` is false where a value is not known yet, or no source was found."""

    name: str
    text: str
    price: str
    sources: tuple[str, ...]
    certain: bool
    path: str = ""
    demand: Demand | None = None


@dataclass(frozen=True)
class Standing:
    """What one resource has free, and what it costs by."""

    resource: Resource
    word: Word
    free: str
    allowances: tuple[str, ...]
    parts: tuple[Part, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Used:
    """An allowance that the stack uses: by how many resources, and how much where a stack can be counted."""

    name: str
    allowance: Allowance
    resources: int
    amount: float | None

    @property
    def usd(self) -> float | None:
        """What is beyond the allowance costs a month in us-east-1; None where that is nothing, or not known."""
        beyond = self.allowance.beyond
        if self.amount is None or beyond is None or beyond.usd is None or self.amount <= self.allowance.amount:
            return None
        return round((self.amount - self.allowance.amount) * beyond.usd, 2)


@dataclass(frozen=True)
class Assessment:
    """The answer for a stack and one kind of account (`before` or `after` the free tier changed)."""

    graph: StackGraph
    system: str
    account: str
    tiers: Tiers
    standings: tuple[Standing, ...]
    used: tuple[Used, ...]
    unused: tuple[Demand, ...]

    @property
    def status(self) -> int:
        """1 where something costs, or may cost, that no criterion demands, or of which nothing is known."""
        return int(any(standing.word in ("unknown", "undemanded") for standing in self.standings))


def assess(graph: StackGraph, system: str, account: str, tiers: Tiers, demands: Iterable[Demand] = ()) -> Assessment:
    """Assess every resource of a stack for a kind of account."""
    demands = tuple(demands)
    counted = _Counted(tiers)
    standings: list[Standing] = []
    met: set[Demand] = set()
    for resource in graph:
        if not resource.custom or resource.type.startswith(_OWN_TYPES):
            continue
        standing = _standing(resource, account, tiers, counted, demands)
        met.update(part.demand for part in standing.parts if part.demand)
        standings.append(standing)
    return Assessment(
        graph,
        system,
        account,
        tiers,
        tuple(standings),
        tuple(_used(standings, tiers, counted)),
        tuple(demand for demand in demands if demand not in met),
    )


class _Counted:
    """Adds up what the resources use of the allowances that a stack can be counted against."""

    def __init__(self, tiers: Tiers) -> None:
        self._tiers = tiers
        self.amounts: dict[str, float] = {}

    def add(self, kind: Kind, resource: Resource) -> Iterator[Part]:
        """Count one resource, and yield what it uses beyond an allowance."""
        for name, count in kind.counts.items():
            allowance = self._tiers.allowances[name]
            beyond = allowance.beyond
            assert beyond is not None  # the data file is not read without it
            sources = beyond.sources or allowance.sources
            amount = used(count, resource)
            if amount is None:
                text = f"how many {allowance.unit} it uses is not known yet"
                path = _unknown(resource, count.paths)
                yield Part(beyond.part, text, beyond.price, sources, certain=False, path=path)
                continue
            self.amounts[name] = self.amounts.get(name, 0) + amount
            if amount and self.amounts[name] > allowance.amount:
                text = f"{beyond.text}: {allowance.amount:,} {allowance.unit}"
                yield Part(beyond.part, text, beyond.price, sources, certain=True)


def _standing(
    resource: Resource, account: str, tiers: Tiers, counted: _Counted, demands: tuple[Demand, ...]
) -> Standing:
    kind = tiers.by_type.get(resource.type)
    if kind is None:
        return Standing(resource, "unknown", "", (), (), ())
    allowances, parts = _uses(kind, resource)
    others = {name for name, count in kind.counts.items() if count.of and concerns(count.of, resource) is False}
    allowances = tuple(name for name in allowances if name not in others)
    left = [leave for leave in kind.leaves if meets(leave.when, resource.inputs) is not False]
    instead = any(leave.instead and meets(leave.when, resource.inputs) for leave in left)
    if instead:
        allowances = ()
    parts += [_left(leave, resource) for leave in left]
    if kind.costs is not None:
        parts.append(_part(kind.costs))
    parts += [_ended(name, account, tiers) for name in allowances if tiers.allowances[name].offer == "twelve_months"]
    if not instead:
        parts += counted.add(kind, resource)
    parts = [_demanded(part, resource, demands) for part in parts]
    word: Word = "allowance" if allowances else "free"
    if parts:
        word = "demanded" if all(part.demand for part in parts) else "undemanded"
    return Standing(resource, word, kind.free, allowances, tuple(parts), kind.sources)


def _uses(kind: Kind, resource: Resource) -> tuple[tuple[str, ...], list[Part]]:
    """Return the allowances that a resource uses, and a part where the choice is not known."""
    if kind.choose is None:
        return kind.allowances, []
    value = next(values(resource.inputs, kind.choose.path), None)
    # An unknown is no key of a mapping that one may ask by its truth, but it may be looked up.
    chosen = None if value is UNKNOWN else kind.choose.allowances.get(str(value))
    if chosen is None:
        given = "not known yet" if value is UNKNOWN else f"{value!r}, of which nothing is known"
        return kind.allowances, [Part(kind.choose.path, f"it is {given}", "", (), certain=False, path=kind.choose.path)]
    return (*kind.allowances, *chosen), []


def _left(leave: Leave, resource: Resource) -> Part:
    known = meets(leave.when, resource.inputs) is True
    part = _part(leave)
    text = part.text if known else f"not known yet whether: {leave.text}"
    return Part(part.name, text, part.price, part.sources, known and part.certain, leave.when.path)


def _part(cost: Cost) -> Part:
    text = f"no source was found: {cost.text}" if cost.unsourced else cost.text
    return Part(cost.part, text, cost.price, cost.sources, certain=not cost.unsourced)


def _ended(name: str, account: str, tiers: Tiers) -> Part:
    allowance = tiers.allowances[name]
    text = TWELVE_MONTHS[account].format(amount=allowance.amount, unit=allowance.unit)
    return Part(name, text, allowance.price, allowance.sources, certain=True)


def _demanded(part: Part, resource: Resource, demands: tuple[Demand, ...]) -> Part:
    demand = next((demand for demand in demands if demand.covers(resource, part.name)), None)
    return Part(part.name, part.text, part.price, part.sources, part.certain, part.path, demand)


def _unknown(resource: Resource, paths: Iterable[str]) -> str:
    return next((path for path in paths if path and UNKNOWN in list(values(resource.inputs, path))), "")


def _used(standings: list[Standing], tiers: Tiers, counted: _Counted) -> Iterator[Used]:
    for name, allowance in tiers.allowances.items():
        users = sum(name in standing.allowances for standing in standings)
        if users and allowance.offer == "always":
            yield Used(name, allowance, users, counted.amounts.get(name))
