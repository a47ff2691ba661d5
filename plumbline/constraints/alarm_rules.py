"""The rule of a composite alarm: states of other alarms under AND, OR and NOT (CloudWatch, "Rule expressions")."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\s*(?:(?P<text>\"[^\"]*\"|'[^']*')|(?P<sign>[(),])|(?P<word>[^\s(),\"']+))")
_STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
_CONSTANTS = ("TRUE", "FALSE")
_MOST_ELEMENTS = 500


class _Mistake(Exception):
    """What is wrong with a rule."""


class _Rule:
    """A rule that is being read: its tokens, and the alarms that it has named so far."""

    def __init__(self, text: str) -> None:
        self.tokens = [match[match.lastgroup or 0] for match in _TOKEN.finditer(text.strip())]
        self.place = 0
        self.alarms: list[str] = []
        self.elements = 0

    def peek(self) -> str | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def take(self, wanted: str | None = None) -> str:
        token = self.peek()
        if token is None or (wanted is not None and token != wanted):
            found = "the end" if token is None else token
            raise _Mistake(f"{wanted or 'ALARM(...), OK(...), TRUE or FALSE'} is needed where {found} stands")
        self.place += 1
        return token

    def expression(self) -> None:
        self.term()
        while self.peek() in ("AND", "OR"):
            self.take()
            self.term()

    def term(self) -> None:
        word = self.take()
        if word == "NOT":
            self.term()
        elif word == "(":
            self.expression()
            self.take(")")
        elif word in _STATES:
            self.take("(")
            self.alarm()
            self.take(")")
        elif word == "AT_LEAST":
            self.at_least()
        elif word not in _CONSTANTS:
            allowed = ", ".join((*_STATES, "AT_LEAST", "NOT", *_CONSTANTS))
            raise _Mistake(f"{word} has no meaning; allowed: {allowed}")
        self.elements += 1

    def alarm(self) -> None:
        token = self.take()
        name = token[1:-1] if token[0] in "\"'" else token
        if token in ("(", ")", ",") or not name:
            raise _Mistake(f"the name or ARN of an alarm is needed where {token} stands")
        self.alarms.append(name)

    def at_least(self) -> None:
        self.take("(")
        count = self.take()
        if not re.fullmatch(r"[1-9]\d*|([1-9]\d?|100)%", count):
            raise _Mistake(f"{count} given to AT_LEAST; allowed: a number from 1, or 1% to 100%")
        self.take(",")
        if self.peek() == "NOT":
            self.take()
        state = self.take()
        if state not in _STATES:
            raise _Mistake(f"{state} given to AT_LEAST; allowed: {', '.join(_STATES)}")
        self.take(",")
        self.take("(")
        first = len(self.alarms)
        self.alarm()
        while self.peek() == ",":
            self.take()
            self.alarm()
        self.take(")")
        self.take(")")
        if count.isdigit() and int(count) > len(self.alarms) - first:
            raise _Mistake(f"{count} of {len(self.alarms) - first} alarms given to AT_LEAST")


def read_rule(text: str) -> tuple[list[str], str | None]:
    """Return the names and ARNs of the alarms in a rule, and what is wrong with it or None."""
    rule = _Rule(text)
    try:
        rule.expression()
        if rule.peek() is not None:
            raise _Mistake(f"AND or OR is needed where {rule.peek()} stands")
        if rule.elements > _MOST_ELEMENTS:
            raise _Mistake(f"{rule.elements} elements; allowed: at most {_MOST_ELEMENTS}")
    except _Mistake as mistake:
        return rule.alarms, f"{text!r} given; {mistake}" if len(text) < 200 else str(mistake)
    return rule.alarms, None
