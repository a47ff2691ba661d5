"""Who may connect, and how much each client may ask (AGENTIC-07.2)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Keys:
    """The API keys that are let in, known by their SHA-256 digests alone: the server holds no key."""

    def __init__(self, digests: Sequence[str]) -> None:
        self._digests = tuple(digests)

    @classmethod
    def read(cls, text: str) -> Keys:
        """Return the keys of a list of digests, separated by commas or white space; an empty one lets nobody in.

        Raises ValueError for what is no digest, without showing it: it may be a key that was put in by mistake.
        """
        found = text.replace(",", " ").split()
        for number, digest in enumerate(found, 1):
            if not _DIGEST.fullmatch(digest):
                raise ValueError(f"entry {number}: no SHA-256 digest; 64 hexadecimal digits in lower case are needed")
        return cls(found)

    def __len__(self) -> int:
        return len(self._digests)

    def client(self, key: str) -> str | None:
        """Return the name of the client with a key, the beginning of the key's digest; None for a key of nobody."""
        digest = hashlib.sha256(key.encode()).hexdigest()
        # All of them: how long it takes must not tell which one is near.
        found = [hmac.compare_digest(digest, known) for known in self._digests]
        return digest[:12] if any(found) else None


class Allowance:
    """How much each client may ask: `rate` messages per second in the long run, and up to `burst` at once."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float]) -> None:
        self._rate, self._burst, self._now = rate, burst, now
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, client: str) -> bool:
        """Count a message, and say whether the client may send it. One that may not costs nothing."""
        now = self._now()
        left, since = self._left.get(client, (float(self._burst), now))
        left = min(float(self._burst), left + (now - since) * self._rate)
        allowed = left >= 1
        self._left[client] = (left - 1 if allowed else left, now)
        return allowed
