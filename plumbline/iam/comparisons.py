"""What each family of condition operators compares, and which values of a policy it accepts.

Source is "IAM JSON policy elements: Condition operators" of the IAM User Guide.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import functools
import ipaddress
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from plumbline.iam.patterns import arn_pattern, plain, text_pattern

_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<part>\d+))?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?)?)?"
)
_EPOCH = re.compile(r"-?\d{5,}(?:\.\d+)?|-?\d{1,3}")


@dataclass(frozen=True)
class Comparison:
    """One operator without its negation.

    `read` turns a value of a policy into what `equal` takes first, and raises ValueError where it is not allowed.
    `equal` takes a value of a request second; one that cannot be read is equal to nothing. `variables` is whether a
    policy's values may have policy variables: then `read` checks them and `equal` takes the resolved text.
    """

    equal: Callable[[Any, Any], bool]
    read: Callable[[str], Any] = str
    variables: bool = False


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError("a number")
    return number


@functools.lru_cache(1024)
def _moment(text: str) -> Decimal:
    """Return seconds since 1970 of an ISO 8601 date in one of W3C's forms, or of such seconds."""
    if _EPOCH.fullmatch(text):
        return Decimal(text)
    found = _DATE.fullmatch(text)
    try:
        if not found:
            raise ValueError
        year, month, day, hour, minute, second = (
            int(found[name] or least)
            for name, least in (("year", 1), ("month", 1), ("day", 1), ("hour", 0), ("minute", 0), ("second", 0))
        )
        zone = (found["zone"] or "Z").replace("Z", "+00:00").replace(":", "")
        offset = datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (-1 if zone[0] == "-" else 1)
        moment = datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.UTC) - offset
    except (ValueError, OverflowError):
        raise ValueError("a date such as 2030-01-31 or 2030-01-31T12:00:00Z, or seconds since 1970") from None
    return Decimal(int(moment.timestamp())) + Decimal(f"0.{found['part'] or 0}")


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError("an address or a block of addresses such as 203.0.113.0/24") from None


def _within(network: Any, given: str) -> bool:
    address = ipaddress.ip_address(given)
    return address.version == network.version and address in network


def _boolean(text: str) -> str:
    lowered = text.lower()
    if lowered not in ("true", "false"):
        raise ValueError("true or false")
    return lowered


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("base64") from None


def _same_bytes(expected: bytes, given: str | bytes) -> bool:
    return expected == (given if isinstance(given, bytes) else _binary(given))


def _arn(text: str) -> str:
    # A variable may hold a whole ARN: only what is written out can be judged here.
    if "${" not in text and text.count(":") < 5:
        raise ValueError("an ARN of six parts with or without wildcards")
    return text


def _same_arn(pattern: str, given: str) -> bool:
    return given.count(":") >= 5 and arn_pattern(pattern).fullmatch(given) is not None


def _ordered(read: Callable[[str], Decimal], compare: Callable[[Decimal, Decimal], bool]) -> Comparison:
    # The value of the request stands on the left: NumericLessThan 10 holds for 9.
    return Comparison(lambda expected, given: compare(read(given), expected), read)


_ORDER = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_ARN = Comparison(_same_arn, _arn, variables=True)

COMPARISONS: dict[str, Comparison] = {
    "StringEquals": Comparison(lambda expected, given: plain(expected) == given, variables=True),
    "StringEqualsIgnoreCase": Comparison(
        lambda expected, given: plain(expected).lower() == given.lower(), variables=True
    ),
    "StringLike": Comparison(
        lambda expected, given: text_pattern(expected).fullmatch(given) is not None, variables=True
    ),
    **{f"Numeric{name}": _ordered(_number, compare) for name, compare in _ORDER.items()},
    **{f"Date{name}": _ordered(_moment, compare) for name, compare in _ORDER.items()},
    "Bool": Comparison(lambda expected, given: expected.lower() == given.lower(), _boolean, variables=True),
    "BinaryEquals": Comparison(_same_bytes, _binary),
    "IpAddress": Comparison(_within, _network),
    "ArnEquals": _ARN,
    "ArnLike": _ARN,
}

# Negated operators, and the one that each of them denies.
NEGATED: dict[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
