"""What lets a request through: whether, and by which statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from plumbline.iam.logic import Truth, every, some

Slot = Literal["identity", "boundary", "session", "service control", "resource"]


class Reason(NamedTuple):
    """A statement that decides: the kind of its policy, the policy's name, and its Sid or its index as `[0]`."""

    slot: Slot
    policy: str
    statement: str

    def __str__(self) -> str:
        return f"{self.slot} policy {self.policy}, statement {self.statement}"


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether something is let through, with the statements that make it so. A shut gate has none."""

    truth: Truth
    reasons: tuple[Reason, ...] = ()


OPEN = Gate(True)
SHUT = Gate(False)


def gate(judged: Iterable[tuple[Truth, Reason]]) -> Gate:
    """Return the gate that any one of some statements opens."""
    all_ = list(judged)
    if not all_:
        return SHUT
    truth = some(each for each, _ in all_)
    return SHUT if truth is False else Gate(truth, tuple(reason for each, reason in all_ if each is truth))


def both(*gates: Gate) -> Gate:
    """Return the gate of gates that all have to be passed."""
    return _joined(every(one.truth for one in gates), gates)


def either(*gates: Gate) -> Gate:
    """Return the gate of gates of which one has to be passed."""
    return _joined(some(one.truth for one in gates), gates)


def _joined(truth: Truth, gates: tuple[Gate, ...]) -> Gate:
    if truth is False:
        return SHUT
    return Gate(truth, tuple(dict.fromkeys(reason for one in gates if one.truth is truth for reason in one.reasons)))
