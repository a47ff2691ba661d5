"""Exponential back-off with full jitter (AGENTIC-07.4): what is throttled is tried again, later and at random.

botocore's own retries neither cover what a batch leaves unprocessed nor let a test hold the clock, and tenacity would
have to be bundled into every function; so this is the only layer that retries, and botocore's is off (see table.py).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from agenticai_shared.errors import Busy
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

_T = TypeVar("_T")
_CODES = frozenset(
    {
        "InternalServerError",
        "InternalError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
_PASSING_REASONS = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def is_passing(error: Exception) -> bool:
    """Say whether an error may be gone at the next try."""
    if isinstance(error, ClientError):
        if error.response.get("Error", {}).get("Code") in _CODES:
            return True
        # A cancelled transaction names a reason for each of its items; one that will not pass decides.
        reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", ())} - {"None", None}
        if reasons:
            return reasons <= _PASSING_REASONS
        return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
    return isinstance(error, ConnectionError | HTTPClientError)


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """How often to try, and how long to wait: anything up to `base` seconds, twice that, and so on up to `cap`."""

    tries: int = 8
    base: float = 0.05
    cap: float = 5.0
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[float, float], float] = field(default=random.uniform)

    def wait(self, tried: int) -> None:
        """Wait after the `tried`-th failure; raise Busy after the last."""
        if tried >= self.tries:
            raise Busy(f"throttled or unreachable {tried} times in a row; try again later")
        self.sleep(self.random(0, min(self.cap, self.base * 2 ** (tried - 1))))

    def call(self, operation: Callable[[], _T]) -> _T:
        """Return what an operation answers; try again what may pass. Raises Busy, or what will not pass."""
        tried = 0
        while True:
            try:
                return operation()
            except (ClientError, BotoCoreError) as error:
                if not is_passing(error):
                    raise
                tried += 1
                try:
                    self.wait(tried)
                except Busy as busy:
                    raise busy from error
