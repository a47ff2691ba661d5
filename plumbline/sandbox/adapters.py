"""The adapters' registry, and what they share."""

from __future__ import annotations

import contextlib
import functools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

Inputs = Mapping[str, Any]
Created = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Context:
    """The account and region that a stack is rehearsed in."""

    account_id: str
    region: str

    def client(self, service: str, inputs: Inputs | None = None) -> Any:
        """Return a boto3 client, for the resource's own region where it names one."""
        return _client(service, (inputs or {}).get("region") or self.region)


@functools.cache
def _session() -> boto3.Session:
    # Any credentials do: no request leaves the process. One session reads the list of endpoints once for all clients.
    return boto3.Session(aws_access_key_id="sandbox", aws_secret_access_key="sandbox")


@functools.cache
def _client(service: str, region: str) -> Any:
    # The default name of the client is put together anew for each request.
    return _session().client(service, region_name=region, config=Config(user_agent="plumbline"))


Adapter = Callable[[Context, Inputs], Created]
ADAPTERS: dict[str, Adapter] = {}


def adapter(type_: str) -> Callable[[Adapter], Adapter]:
    """Register the function that makes resources of a type and returns (id, outputs)."""

    def register(function: Adapter) -> Adapter:
        ADAPTERS[type_] = function
        return function

    return register


Reader = Callable[[Context, str, Inputs], Mapping[str, Any] | None]
READERS: dict[str, Reader] = {}
Updater = Callable[[Context, str, Inputs, Inputs], dict[str, Any]]
UPDATERS: dict[str, Updater] = {}
Deleter = Callable[[Context, str, Inputs], None]
DELETERS: dict[str, Deleter] = {}


def reader(type_: str) -> Callable[[Reader], Reader]:
    """Register the function that says what a resource is now: (context, id, inputs) -> properties, None if it is gone.

    It gives what AWS answers today under the names of the resource's properties, and leaves out what it cannot tell.
    """

    def register(function: Reader) -> Reader:
        READERS[type_] = function
        return function

    return register


def updater(type_: str) -> Callable[[Updater], Updater]:
    """Register the function that changes a resource in place: (context, id, inputs before, inputs now) -> outputs."""

    def register(function: Updater) -> Updater:
        UPDATERS[type_] = function
        return function

    return register


def deleter(type_: str) -> Callable[[Deleter], Deleter]:
    """Register the function that deletes a resource: (context, id, inputs). A resource that is gone is no error."""

    def register(function: Deleter) -> Deleter:
        DELETERS[type_] = function
        return function

    return register


Made = Callable[[Context, Mapping[str, Any]], None]
FOUND: dict[str, Made] = {}


def found(token: str) -> Callable[[Made], Made]:
    """Register the function that makes what a provider function answers: it stands for another stack's resource."""

    def register(function: Made) -> Made:
        FOUND[token] = function
        return function

    return register


def given(**values: Any) -> dict[str, Any]:
    """Return the keyword arguments that have a value: boto3 refuses None."""
    return {name: value for name, value in values.items() if value is not None}


def tag_list(inputs: Inputs) -> list[dict[str, str]]:
    """Return a resource's tags in the shape of most AWS calls."""
    return [{"Key": key, "Value": value} for key, value in (inputs.get("tags") or {}).items()]


@contextlib.contextmanager
def seeded(seed: str | int) -> Iterator[None]:
    """Seed Python's common generator for a while: some of moto's services take ids out of it and not of moto's own."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
