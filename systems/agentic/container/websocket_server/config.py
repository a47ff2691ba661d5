"""What the server is told by its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

AGENTS = ("pm", "dev", "qa", "ops")
_QUEUE = "SQS_QUEUE_URL_{}"
_NEEDED = ("AWS_REGION", "DYNAMODB_TABLE_NAME", *(_QUEUE.format(name.upper()) for name in (*AGENTS, "events")))


class ConfigRefused(Exception):
    """The environment is not what the server needs: one line per mistake."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """`rate` and `burst` limit each client's messages per second (AGENTIC-07.2).

    `origin` is the only website whose pages may connect (AGENTIC-05.5), empty for any; programs name none.
    """

    host: str
    port: int
    table: str
    events_queue: str
    rate: float
    burst: int
    origin: str = ""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Config:
        """Return the configuration in some variables. Raises ConfigRefused with every mistake."""
        mistakes = [f"{name}: missing" for name in _NEEDED if not environ.get(name)]
        numbers: dict[str, float] = {}
        for name, usual, least, most in (
            ("WEBSOCKET_PORT", "8080", 1, 65_535),
            ("WEBSOCKET_RATE", "100", 0.001, 10_000),
            ("WEBSOCKET_BURST", "200", 1, 5_000),
        ):
            given = environ.get(name, usual)
            try:
                numbers[name] = float(given)
            except ValueError:
                numbers[name] = -1
            if not least <= numbers[name] <= most or (name != "WEBSOCKET_RATE" and numbers[name] % 1):
                mistakes.append(f"{name}: {given!r} given; allowed: a number from {least:g} to {most:g}")
        if mistakes:
            raise ConfigRefused("\n".join(mistakes))
        return cls(
            host=environ.get("WEBSOCKET_HOST", "0.0.0.0"),
            port=int(numbers["WEBSOCKET_PORT"]),
            table=environ["DYNAMODB_TABLE_NAME"],
            events_queue=environ[_QUEUE.format("EVENTS")],
            rate=numbers["WEBSOCKET_RATE"],
            burst=int(numbers["WEBSOCKET_BURST"]),
            origin=environ.get("WEBSOCKET_ORIGIN", ""),
        )
