"""Access to DynamoDB: tables by their logical names, keys and cursors, and JSON for items."""

from __future__ import annotations

import base64
import decimal
import functools
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from boto3.dynamodb.types import DYNAMODB_CONTEXT, Binary
from botocore.config import Config

_PREFIX = "TABLE_"

# Three attempts of at most 7 s each end before API Gateway gives up, after 29 s.
_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})


class MissingTableVariable(KeyError):
    """A function wants a table that its environment does not name."""

    def __init__(self, logical_name: str, variable: str) -> None:
        super().__init__(f"table {logical_name!r}: the environment variable {variable} is missing")
        self.variable = variable

    def __str__(self) -> str:  # KeyError would show the message as a quoted key
        return str(self.args[0])


class BadValue(ValueError):
    """A caller's value that DynamoDB could not hold, or that is no key of the table: the handler answers 400."""

    status = 400


@functools.cache
def dynamodb() -> Any:
    """Return the DynamoDB resource; warm invocations reuse its connections."""
    return boto3.resource("dynamodb", endpoint_url=os.environ.get("DYNAMODB_ENDPOINT") or None, config=_CONFIG)


def table(logical_name: str) -> Any:
    """Return the table that the function's environment names for a logical name."""
    variable = _PREFIX + logical_name.replace("-", "_").upper()
    physical_name = os.environ.get(variable)
    if not physical_name:
        raise MissingTableVariable(logical_name, variable)
    return dynamodb().Table(physical_name)


def visible_tables() -> list[str]:
    """Return the logical names of all tables that the function's environment names."""
    return sorted(
        name.removeprefix(_PREFIX).replace("_", "-").lower()
        for name, value in os.environ.items()
        if name.startswith(_PREFIX) and value
    )


def number(text: str) -> decimal.Decimal:
    """Return a number as DynamoDB can hold it; refuse what it would round, which may be an amount of money."""
    try:
        value = DYNAMODB_CONTEXT.create_decimal(text)
    except ArithmeticError:
        raise BadValue(f"a number has more than 38 digits or is out of range: {text[:50]}") from None
    if not value.is_finite():
        raise BadValue(f"not a number: {text[:50]}")
    return value


@dataclass(frozen=True)
class KeyAttribute:
    """An attribute of a table's key: its name and its type, S or N."""

    name: str
    type: str

    @classmethod
    def from_environment(cls, variable: str) -> KeyAttribute:
        """Return the attribute that a variable names, with the type in <variable>_TYPE."""
        return cls(os.environ[variable], os.environ.get(f"{variable}_TYPE") or "S")

    def from_text(self, text: str) -> str | decimal.Decimal:
        """Return the value that a part of a URL stands for."""
        return self.checked(number(text) if self.type == "N" else text)

    def checked(self, value: Any) -> str | decimal.Decimal:
        """Return a value if it has the key's type."""
        wanted, words = (decimal.Decimal, "a number") if self.type == "N" else (str, "a string that is not empty")
        if not isinstance(value, wanted) or value == "":
            raise BadValue(f"{self.name} must be {words}")
        return value


def cursor_of(key: Mapping[str, Any]) -> str:
    """Return an opaque text for the key at which a page ended."""
    # Numbers travel as text, because a JSON number would lose digits beyond the 17th.
    text = json.dumps({name: str(value) for name, value in key.items()})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def key_of(cursor: str, attributes: Sequence[KeyAttribute]) -> dict[str, str | decimal.Decimal]:
    """Return the key in a cursor, which must hold the table's key attributes and nothing else."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = json.loads(raw)
        # Our own cursors hold nothing but texts.
        if key.keys() == {attribute.name for attribute in attributes} and all(isinstance(v, str) for v in key.values()):
            return {attribute.name: attribute.from_text(key[attribute.name]) for attribute in attributes}
    except (ValueError, AttributeError, RecursionError):
        pass
    raise BadValue("bad cursor")


def from_json(text: str) -> Any:
    """Return what a JSON text says, with numbers as Decimal."""
    try:
        return json.loads(text, parse_float=number, parse_int=number, parse_constant=number)
    except json.JSONDecodeError as error:
        raise BadValue(f"not JSON: {error}") from None
    except RecursionError:
        raise BadValue("JSON nested too deeply") from None


def to_json(value: Any) -> str:
    """Return the JSON text of a value with DynamoDB's types in it."""
    return json.dumps(value, default=_plain, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=lambda member: member.value if isinstance(member, Binary) else member)
    if isinstance(value, Binary):
        return base64.b64encode(value.value).decode("ascii")
    raise TypeError(f"{type(value).__name__} is not a DynamoDB type")
