"""The adapters' registry, and what they share."""

from __future__ import annotations

import contextlib
import functools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3

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
def _client(service: str, region: str) -> Any:
    # Any credentials do: no request leaves the process.
    session = boto3.Session(aws_access_key_id="sandbox", aws_secret_access_key="sandbox", region_name=region)
    return session.client(service)


Adapter = Callable[[Context, Inputs], Created]
ADAPTERS: dict[str, Adapter] = {}


def adapter(type_: str) -> Callable[[Adapter], Adapter]:
    """Register the function that makes resources of a type and returns (id, outputs)."""

    def register(function: Adapter) -> Adapter:
        ADAPTERS[type_] = function
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
