"""The trading system's tables and functions: data files, validated when they are loaded."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pydantic
from pydantic import Field

from components.tables import TableSpec
from systems import data_files
from systems.data_files import DataError, Row, TableRow

_DIRECTORY = Path(__file__).with_name("data")
_KIND_TIMEOUT_SECONDS = {"api": 30, "background": 300}  # TRADING-06.3a, 06.3b


REDIS_SECRETS = ("connection-strings", "redis-token")


class FunctionRow(Row):
    """One function as data/functions.yaml gives it."""

    group: str
    kind: Literal["api", "background"]
    memory: int = Field(ge=128, le=10_240, description="Memory in MB")
    owns: str | None = None
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()
    reads_buckets: tuple[str, ...] = ()
    writes_buckets: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    reads_series: tuple[str, ...] = ()
    writes_series: tuple[str, ...] = ()
    redis: bool = False
    internet: bool = False
    events: bool = False
    reserved_concurrency: int | None = Field(default=None, ge=1)
    latency_sensitive: bool = False

    @property
    def timeout_seconds(self) -> int:
        return _KIND_TIMEOUT_SECONDS[self.kind]

    def read_tables(self) -> tuple[str, ...]:
        """Return the tables of which single items are read, the owned one first."""
        return tuple(dict.fromkeys(((self.owns,) if self.owns else ()) + self.reads))

    def write_tables(self) -> tuple[str, ...]:
        """Return the tables that are written, the owned one first."""
        return tuple(dict.fromkeys(((self.owns,) if self.owns else ()) + self.writes))

    def read_secrets(self) -> tuple[str, ...]:
        """Return the secrets that the function reads; whoever talks to Redis needs its address and token."""
        return tuple(dict.fromkeys((*self.secrets, *(REDIS_SECRETS if self.redis else ()))))

    def buckets(self) -> tuple[str, ...]:
        """Return every bucket that the function touches, sorted."""
        return tuple(sorted({*self.reads_buckets, *self.writes_buckets}))

    def series(self) -> tuple[str, ...]:
        """Return every table of market data that the function touches, sorted."""
        return tuple(sorted({*self.reads_series, *self.writes_series}))

    def tables(self) -> tuple[str, ...]:
        """Return every table that the function touches, sorted."""
        return tuple(sorted({*self.read_tables(), *self.write_tables(), *self.scans}))


class SecretRow(Row):
    """One secret as data/secrets.yaml gives it. `generated_length` is that of a first value that is made up."""

    description: str
    generated_length: int | None = Field(default=None, ge=16, le=128)


class BucketRow(Row):
    """One bucket as data/buckets.yaml gives it."""

    description: str
    holds: Literal["audit_logs", "logs", "objects"]
    receives: Literal["access_logs", "delivered_logs"] | None = None
    readers: tuple[Literal["cloudfront"], ...] = ()
    prescribed_beginning: str = ""


class SeriesRow(Row):
    """One table of market data as data/series.yaml gives it."""

    description: str


class TopicRow(Row):
    """One topic as data/topics.yaml gives it."""

    display_name: str
    publishers: tuple[Literal["backup", "budgets", "cloudwatch", "events"], ...]
    contacts: Literal["critical", "risk", "health", "audit", "costs"]


class EventRow(Row):
    """One schedule or rule as data/events.yaml gives it."""

    description: str
    schedule: str | None = None
    pattern: dict[str, Any] | None = None
    function: str | None = None
    topic: str | None = None

    @pydantic.model_validator(mode="after")
    def _one_cause_and_one_target(self) -> EventRow:
        if (self.schedule is None) == (self.pattern is None):
            raise ValueError("exactly one of schedule and pattern is needed")
        if (self.schedule is None) != (self.function is None) or (self.pattern is None) != (self.topic is None):
            raise ValueError("a schedule calls a function, a pattern goes to a topic")
        return self


@functools.cache
def tables() -> Mapping[str, TableSpec]:
    """Return the tables by logical name."""
    rows = load("tables.yaml", dict[str, TableRow])
    return {name: row.spec() for name, row in rows.items()}


@functools.cache
def groups() -> Mapping[str, str]:
    """Return the function groups with their descriptions."""
    return load("groups.yaml", dict[str, str])


@functools.cache
def buckets() -> Mapping[str, BucketRow]:
    """Return the buckets by logical name."""
    return load("buckets.yaml", dict[str, BucketRow])


@functools.cache
def series() -> Mapping[str, SeriesRow]:
    """Return the tables of market data by logical name."""
    return load("series.yaml", dict[str, SeriesRow])


@functools.cache
def topics() -> Mapping[str, TopicRow]:
    """Return the topics by logical name."""
    return load("topics.yaml", dict[str, TopicRow])


@functools.cache
def events() -> Mapping[str, EventRow]:
    """Return the schedules and rules by logical name. Raises DataError where one names an unknown function or topic."""
    rows = load("events.yaml", dict[str, EventRow])
    mistakes = [
        f"systems/trading/data/events.yaml: {name}: no {kind} {given!r}"
        for name, row in rows.items()
        for kind, given, known in (("background function", row.function, _background()), ("topic", row.topic, topics()))
        if given is not None and given not in known
    ]
    if mistakes:
        raise DataError("\n".join(mistakes))
    return rows


def _background() -> list[str]:
    # A schedule's event is nothing that an API handler could answer.
    return [name for name, row in functions().items() if row.kind == "background"]


@functools.cache
def secrets() -> Mapping[str, SecretRow]:
    """Return the secrets by logical name."""
    return load("secrets.yaml", dict[str, SecretRow])


def called_services(rows: Mapping[str, FunctionRow]) -> list[str]:
    """Return the services that functions call through interface endpoints, by the endpoints' names.

    DynamoDB and S3 have gateways. Logs, traces and dead letters are calls of Lambda itself, from outside the VPC.
    """
    called = {"secretsmanager"} if any(row.read_secrets() for row in rows.values()) else set()
    if any(row.redis for row in rows.values()):
        called.add("elasticache")  # the rotation of the token
    if any(row.events for row in rows.values()):
        called.add("events")
    return sorted(called)


@functools.cache
def functions() -> Mapping[str, FunctionRow]:
    """Return the functions by logical name. Raises DataError where one names an unknown group or table."""
    rows = load("functions.yaml", dict[str, FunctionRow])
    known = {"table": tables(), "bucket": buckets(), "secret": secrets(), "series": series()}
    mistakes = references(rows, known, groups())
    if mistakes:
        raise DataError("\n".join(mistakes))
    return rows


def references(
    rows: Mapping[str, FunctionRow], known: Mapping[str, Mapping[str, Any]], known_groups: Mapping[str, Any]
) -> list[str]:
    """Return one line for each group, table, bucket or secret that a function names and that does not exist."""
    mistakes = []
    for name, row in rows.items():
        where = f"systems/trading/data/functions.yaml: {name}"
        if row.group not in known_groups:
            mistakes.append(f"{where}.group: {row.group!r} given; known: {', '.join(known_groups)}")
        named = {
            "table": row.tables(),
            "bucket": row.buckets(),
            "secret": row.read_secrets(),
            "series": row.series(),
        }
        for kind, names in named.items():
            mistakes += [f"{where}: no {kind} {given!r}" for given in names if given not in known[kind]]
    return mistakes


def variable(kind: str, name: str) -> str:
    """Return the environment variable in which a function finds something by its logical name."""
    return f"{kind}_{name.replace('-', '_').upper()}"


def load(file: str, shape: Any) -> Any:
    """Return what a data file of the system holds, validated. Raises DataError with one line per mistake."""
    return data_files.load(_DIRECTORY / file, f"systems/trading/data/{file}", shape)
