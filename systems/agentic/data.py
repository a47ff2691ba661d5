"""The agentic system's table, buckets, queues, functions and routes: data files, validated when they are loaded."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from components.api_routes import MethodSpec, PathSpec, Verb
from components.tables import TableSpec
from systems import data_files
from systems.data_files import DataError, Row, TableRow

_DIRECTORY = Path(__file__).with_name("data")
_DRAFT = "http://json-schema.org/draft-04/schema#"
API_FUNCTION = "api-handler"
CODE_BUCKET, EXPORT_BUCKET, LOG_BUCKET = "generated-code", "exports", "access-logs"
TABLE = "data"
EVENTS_QUEUE = "events-queue"  # from functions to the container; the others are of data/queues.yaml
CONTAINER_KEYS = "websocket-keys"  # the parameter with the clients that the container lets in
ACTIONS = ("subscribe", "unsubscribe", "forward", "ping")  # of the WebSocket API


class BucketRow(Row):
    """One bucket as data/buckets.yaml gives it."""

    description: str
    expiring: tuple[str, ...] = ()
    archive: bool = False
    receives: Literal["access_logs"] | None = None


class QueueRow(Row):
    """One queue as data/queues.yaml gives it."""

    batch_size: int = Field(ge=1, le=10)
    max_receives: int = Field(ge=1, le=1000)


class FunctionRow(Row):
    """One function as data/functions.yaml gives it."""

    description: str
    module: str
    memory: int = Field(ge=128, le=10_240)
    timeout: int = Field(ge=1, le=900)
    reserved_concurrency: int | None = Field(default=None, ge=1)
    table: bool = False
    consumes: str | None = None
    sends: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    connections: bool = False
    exports: bool = False
    measures: bool = False
    schedule: Literal["export", "usage"] | None = None


class AllowanceRow(Row):
    """One monthly allowance as data/allowances.yaml gives it."""

    allowance: str
    limit: int = Field(gt=0)
    what: str
    metrics: tuple[tuple[str, str, Literal["account", "functions", "queues", "rest", "websocket", "buckets"]], ...]
    weight: Literal["memory", "gigabytes", "gigabyte-months"] | None = None


class ContainerRow(Row):
    """The container of the WebSocket server as data/container.yaml gives it."""

    port: int = Field(ge=1024, le=65_535)
    cpu: Literal[256, 512, 1024]
    memory: int = Field(ge=512)
    user: str
    health_seconds: int = Field(ge=5, le=300)
    stop_seconds: int = Field(ge=1, le=120)
    idle_seconds: int = Field(ge=1, le=4000)
    path: str
    health_path: str
    subnet_mask: int = Field(ge=16, le=27)
    sends: tuple[str, ...]


class _MethodRow(Row):
    query: tuple[str, ...] = ()
    body: str | None = None
    open: bool = False


class _Routes(Row):
    bodies: dict[str, dict[str, Any]]
    paths: dict[Annotated[str, Field(pattern=r"^(/([a-z-]+|\{[a-z_]+\}))+$")], dict[Verb, _MethodRow]]


@functools.cache
def tables() -> Mapping[str, TableSpec]:
    """Return the one table by its logical name."""
    return {name: row.spec() for name, row in load("table.yaml", dict[str, TableRow]).items()}


@functools.cache
def buckets() -> Mapping[str, BucketRow]:
    """Return the buckets by logical name."""
    return load("buckets.yaml", dict[str, BucketRow])


@functools.cache
def queues() -> Mapping[str, QueueRow]:
    """Return the queues by logical name."""
    return load("queues.yaml", dict[str, QueueRow])


@functools.cache
def parameters() -> Mapping[str, str]:
    """Return the parameters with their descriptions."""
    return load("parameters.yaml", dict[str, str])


@functools.cache
def allowances() -> Mapping[str, AllowanceRow]:
    """Return the monthly allowances that alarms watch, by name."""
    return load("allowances.yaml", dict[str, AllowanceRow])


@functools.cache
def container() -> ContainerRow:
    """Return the container of the WebSocket server. Raises DataError where it names what does not exist."""
    row: ContainerRow = load("container.yaml", ContainerRow)
    where = "systems/agentic/data/container.yaml"
    if found := [f"{where}: sends: no queue {name!r}" for name in row.sends if name not in queues()]:
        raise DataError("\n".join(found))
    return row


@functools.cache
def functions() -> Mapping[str, FunctionRow]:
    """Return the functions by logical name. Raises DataError where one names what does not exist."""
    rows: Mapping[str, FunctionRow] = load("functions.yaml", dict[str, FunctionRow])
    if found := list(_references(rows)):
        raise DataError("\n".join(found))
    return rows


def consumers() -> Mapping[str, str]:
    """Return the function that processes each queue, by queue."""
    return {row.consumes: name for name, row in functions().items() if row.consumes}


def _references(rows: Mapping[str, FunctionRow]) -> Iterator[str]:
    known: Mapping[str, Mapping[str, Any]] = {"queue": queues(), "parameter": parameters()}
    for name, row in rows.items():
        where = f"systems/agentic/data/functions.yaml: {name}"
        named = {"queue": ((row.consumes,) if row.consumes else ()) + row.sends, "parameter": row.parameters}
        for kind, names in named.items():
            yield from (f"{where}: no {kind} {given!r}" for given in names if given not in known[kind])
    taken = [row.consumes for row in rows.values() if row.consumes]
    for queue in queues():
        if taken.count(queue) != 1:
            yield f"systems/agentic/data/queues.yaml: {queue}: {taken.count(queue)} consumers given; allowed: one"
    if API_FUNCTION not in rows:
        yield f"systems/agentic/data/functions.yaml: {API_FUNCTION}: missing, and the API needs it"


@functools.cache
def paths() -> Mapping[str, PathSpec]:
    """Return the paths of the REST API. Raises DataError where one names a body that is not described."""
    given: _Routes = load("routes.yaml", _Routes)
    found = [
        f"systems/agentic/data/routes.yaml: {path}: {verb}: no body {row.body!r}; known: {', '.join(given.bodies)}"
        for path, methods in given.paths.items()
        for verb, row in methods.items()
        if row.body is not None and row.body not in given.bodies
    ]
    if found:
        raise DataError("\n".join(found))
    bodies = {name: {"$schema": _DRAFT, **schema} for name, schema in given.bodies.items()}
    return {
        path: PathSpec(
            methods={
                verb: MethodSpec(
                    query=dict.fromkeys(row.query, False),
                    schema=bodies[row.body] if row.body else None,
                    open=row.open,
                )
                for verb, row in methods.items()
            },
            function=API_FUNCTION,
            fresh=True,
        )
        for path, methods in given.paths.items()
    }


def load(file: str, shape: Any) -> Any:
    """Return what a data file of the system holds, validated. Raises DataError with one line per mistake."""
    return data_files.load(_DIRECTORY / file, f"systems/agentic/data/{file}", shape)
