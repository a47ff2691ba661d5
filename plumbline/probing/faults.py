"""Refusals that AWS gives now and then, put in the way of the calls of a function's code."""

from __future__ import annotations

import contextlib
import itertools
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from botocore.client import BaseClient
from botocore.exceptions import ClientError


@dataclass
class Watched:
    """What the code did meanwhile: its calls in their order, and how long it would have waited at most, in seconds."""

    calls: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


@contextlib.contextmanager
def watched(*refusals: tuple[str, str]) -> Iterator[Watched]:
    """Watch the calls of AWS that this thread makes, and refuse some: rows of operation and error code, each once.

    Nothing waits, and what is drawn between two numbers is the larger: so the longest wait is seen. It holds for code
    that is loaded meanwhile, since a module may keep `time.sleep` under a name of its own.
    """
    left, seen, own = list(refusals), Watched(), threading.get_ident()
    sleep, call, uniform = time.sleep, BaseClient._make_api_call, random.uniform

    def make(client: Any, operation: str, arguments: Any) -> Any:
        if threading.get_ident() == own:
            seen.calls.append(operation)
            refusal = next((row for row in left if row[0] == operation), None)
            if refusal is not None:
                left.remove(refusal)
                seen.refused.append(operation)
                raise ClientError(_refusal(refusal[1]), operation)
        return call(client, operation, arguments)

    def wait(seconds: float) -> None:
        if threading.get_ident() == own:
            seen.waits.append(seconds)
        else:
            sleep(seconds)

    def largest(low: float, high: float) -> float:
        return high if threading.get_ident() == own else uniform(low, high)

    with (
        mock.patch.object(BaseClient, "_make_api_call", make),
        mock.patch.object(time, "sleep", wait),
        mock.patch.object(random, "uniform", largest),
    ):
        yield seen


def _refusal(code: str) -> Any:
    return {"Error": {"Code": code, "Message": "refused by a probe"}, "ResponseMetadata": {"HTTPStatusCode": 400}}


def doubling(waits: Sequence[float]) -> bool:
    """Say whether each wait is twice as long as the one before it, the first longer than none."""
    return bool(waits) and waits[0] > 0 and all(after == 2 * before for before, after in itertools.pairwise(waits))
