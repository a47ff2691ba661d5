"""Condition operators, by section of the IAM User Guide. A row is condition, context, and whether it holds."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.graph import UNKNOWN
from plumbline.iam import Context, Policies, Request, evaluate, policy, session

ROLE = session("arn:aws:iam::111122223333:role/team/orders")
BUCKET = "arn:aws:s3:::files/a"


def holds(condition: Any, context: Any, *, version: str = "2012-10-17") -> bool | None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    policies = Policies(identity=[policy({"Version": version, "Statement": statement})])
    return evaluate(Request(ROLE, "s3:GetObject", BUCKET, context), policies).allowed


def table(section: str, rows: list[tuple[Any, Any, bool | None]]) -> list[Any]:
    return [pytest.param(*row, id=f"{section}: {row[0]} {row[1]}") for row in rows]


def one(operator: str, values: Any, given: Any, expected: bool | None) -> tuple[Any, Any, bool | None]:
    """A condition on one key; `...` is a request without the key."""
    return {operator: {"aws:k": values}}, ({} if given is ... else {"aws:k": given}), expected


STRING = [
    one("StringEquals", "a", "a", True),
    one("StringEquals", "a", "A", False),
    one("StringEquals", "a*", "abc", False),
    one("StringEquals", "a*", "a*", True),
    one("StringEquals", ["b", "a"], "a", True),
    one("StringEquals", "", "", True),
    one("StringEquals", "a", ..., False),
    one("StringNotEquals", "a", "b", True),
    one("StringNotEquals", "a", "A", True),
    one("StringNotEquals", "a", "a", False),
    one("StringNotEquals", ["a", "b"], "b", False),
    one("StringNotEquals", ["a", "b"], "c", True),
    one("StringNotEquals", "a", ..., True),
    one("StringEqualsIgnoreCase", "Team", "tEAM", True),
    one("StringEqualsIgnoreCase", "Team", "teams", False),
    one("StringEqualsIgnoreCase", "Team", ..., False),
    one("StringNotEqualsIgnoreCase", "Team", "TEAM", False),
    one("StringNotEqualsIgnoreCase", "Team", "other", True),
    one("StringNotEqualsIgnoreCase", "Team", ..., True),
    one("StringLike", "home/*", "home/a/b", True),
    one("StringLike", "home/*", "home/", True),
    one("StringLike", "home/*", "Home/a", False),
    one("StringLike", "home/?", "home/a", True),
    one("StringLike", "home/?", "home/", False),
    one("StringLike", "home/?", "home/ab", False),
    one("StringLike", "a.c", "abc", False),
    one("StringLike", "*", "a\nb", True),
    one("StringLike", "*", ..., False),
    one("StringLike", ["x", "*b*"], "abc", True),
    one("StringNotLike", "a*", "abc", False),
    one("StringNotLike", "a*", "Abc", True),
    one("StringNotLike", ["a*", "b*"], "bc", False),
    one("StringNotLike", "a*", ..., True),
    one("StringEquals", True, True, True),
    one("StringEquals", 5, "5", True),
]
NUMERIC = [
    one("NumericEquals", "10", 10, True),
    one("NumericEquals", 10, "10.0", True),
    one("NumericEquals", "10", "9", False),
    one("NumericEquals", ["9", "10"], 10, True),
    one("NumericEquals", "10", "ten", False),
    one("NumericEquals", "10", ..., False),
    one("NumericNotEquals", "10", 9, True),
    one("NumericNotEquals", "10", 10, False),
    one("NumericNotEquals", "10", ..., True),
    one("NumericLessThan", "10", 9.99, True),
    one("NumericLessThan", "10", 10, False),
    one("NumericLessThan", "10", -1, True),
    one("NumericLessThan", "9", "10", False),
    one("NumericLessThan", "10", ..., False),
    one("NumericLessThanEquals", "10", 10, True),
    one("NumericLessThanEquals", "10", 11, False),
    one("NumericGreaterThan", "10", 11, True),
    one("NumericGreaterThan", "10", 10, False),
    one("NumericGreaterThanEquals", "10", 10, True),
    one("NumericGreaterThanEquals", "10", "9.9", False),
    one("NumericGreaterThanEquals", "10", ..., False),
]
DATE = [
    one("DateEquals", "2030-01-31T00:00:00Z", "2030-01-31", True),
    one("DateEquals", "2030-01-31T01:00:00+01:00", "2030-01-31T00:00:00Z", True),
    one("DateEquals", "2030-01-31T00:00:00Z", "2030-01-31T00:00:01Z", False),
    one("DateEquals", "1893456000", "2030-01-01T00:00:00Z", True),
    one("DateEquals", "2030", "2030-01-01T00:00:00Z", True),
    one("DateEquals", "2030-01", "2030-01-01T00:00Z", True),
    one("DateEquals", "2030-01-01T00:00:00.5Z", "2030-01-01T00:00:00Z", False),
    one("DateNotEquals", "2030-01-31", "2030-02-01", True),
    one("DateNotEquals", "2030-01-31", "2030-01-31T00:00:00Z", False),
    one("DateNotEquals", "2030-01-31", ..., True),
    one("DateLessThan", "2030-01-31T00:00:00Z", "2030-01-30T23:59:59Z", True),
    one("DateLessThan", "2030-01-31T00:00:00Z", "2030-01-31T00:00:00Z", False),
    one("DateLessThan", "2030-01-31", ..., False),
    one("DateLessThanEquals", "2030-01-31", "2030-01-31", True),
    one("DateLessThanEquals", "2030-01-31", 1_893_456_000, True),
    one("DateGreaterThan", "2020-01-01T00:00:01Z", "2020-01-01T00:00:02Z", True),
    one("DateGreaterThan", "2020-01-01T00:00:01Z", "2020-01-01T00:00:01Z", False),
    one("DateGreaterThanEquals", "2020-01-01", "2020-01-01T00:00:00Z", True),
    one("DateGreaterThanEquals", "2020-01-01", "yesterday", False),
]
BOOL = [
    one("Bool", "true", True, True),
    one("Bool", True, "true", True),
    one("Bool", "false", True, False),
    one("Bool", "false", False, True),
    one("Bool", "TRUE", "true", True),
    one("Bool", "true", "yes", False),
    one("Bool", "false", ..., False),
    one("Bool", ["true", "false"], "false", True),
]
BINARY = [
    one("BinaryEquals", "QmluYXJ5", b"Binary", True),
    one("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
    one("BinaryEquals", "QmluYXJ5", b"binary", False),
    one("BinaryEquals", "QmluYXJ5", "no base64!", False),
    one("BinaryEquals", "QmluYXJ5", ..., False),
]
ADDRESS = [
    one("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
    one("IpAddress", "203.0.113.0/24", "203.0.114.7", False),
    one("IpAddress", "203.0.113.7", "203.0.113.7", True),
    one("IpAddress", "203.0.113.7", "203.0.113.8", False),
    one("IpAddress", ["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5678::1", True),
    one("IpAddress", "2001:DB8:1234:5678::/64", "203.0.113.7", False),
    one("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
    one("IpAddress", "203.0.113.0/24", "somewhere", False),
    one("IpAddress", "203.0.113.0/24", ..., False),
    one("NotIpAddress", "203.0.113.0/24", "203.0.113.7", False),
    one("NotIpAddress", "203.0.113.0/24", "198.51.100.7", True),
    one("NotIpAddress", ["203.0.113.0/24", "198.51.100.0/24"], "198.51.100.7", False),
    one("NotIpAddress", "203.0.113.0/24", ..., True),
]
TOPIC = "arn:aws:sns:us-east-1:111122223333:orders"
ARN = [
    one(operator, pattern, given, expected)
    for operator in ("ArnEquals", "ArnLike")
    for pattern, given, expected in [
        (TOPIC, TOPIC, True),
        ("arn:aws:sns:us-east-1:111122223333:Orders", TOPIC, False),
        ("arn:aws:sns:*:111122223333:or*", TOPIC, True),
        ("arn:aws:sns:us-????-1:111122223333:orders", TOPIC, True),
        ("arn:aws:sns:*:orders", TOPIC, None),
        ("arn:aws:s:*:111122223333:finance/*", "arn:aws:s:r:999999999999:store/abc:111122223333:finance/d", False),
        ("arn:aws:logs:*:*:log-group:*", "arn:aws:logs:r:1:log-group:/aws/x:*", True),
        (TOPIC, "orders", False),
        (TOPIC, ..., False),
    ]
    if expected is not None
] + [
    one(operator, pattern, given, expected)
    for operator in ("ArnNotEquals", "ArnNotLike")
    for pattern, given, expected in [
        (TOPIC, TOPIC, False),
        (TOPIC, f"{TOPIC}-other", True),
        ("arn:aws:sns:*:111122223333:or*", TOPIC, False),
        ([f"{TOPIC}-a", f"{TOPIC}-b"], f"{TOPIC}-b", False),
        (TOPIC, ..., True),
    ]
]
IF_EXISTS = [
    one(f"{operator}IfExists", value, ..., True)
    for operator, value in [
        ("StringEquals", "a"),
        ("StringNotEquals", "a"),
        ("StringLike", "a"),
        ("NumericLessThan", "1"),
        ("DateLessThan", "2030-01-01"),
        ("Bool", "true"),
        ("BinaryEquals", "QQ=="),
        ("IpAddress", "10.0.0.0/8"),
        ("NotIpAddress", "10.0.0.0/8"),
        ("ArnLike", TOPIC),
        ("ForAllValues:StringEquals", "a"),
        ("ForAnyValue:StringEquals", "a"),
    ]
] + [
    one("StringEqualsIfExists", "a", "b", False),
    one("StringNotEqualsIfExists", "a", "a", False),
    one("BoolIfExists", "true", "false", False),
    one("ForAnyValue:StringEqualsIfExists", "a", ["b"], False),
]
NULL = [
    one("Null", "true", ..., True),
    one("Null", "true", "x", False),
    one("Null", "false", "x", True),
    one("Null", "false", ..., False),
    one("Null", True, ..., True),
    one("Null", "true", [], True),
    one("Null", "true", None, True),
    one("Null", "false", ["a", "b"], True),
]
SETS = [
    one("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
    one("ForAllValues:StringEquals", ["a", "b"], ["b", "a"], True),
    one("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    one("ForAllValues:StringEquals", "a", ..., True),
    one("ForAllValues:StringEquals", "a", [], True),
    one("ForAllValues:StringEquals", "a", [""], True),
    one("ForAllValues:StringEquals", "a", "", True),
    one("ForAllValues:StringLike", "a*", ["ab", "ac"], True),
    one("ForAllValues:StringLike", "a*", ["ab", "bc"], False),
    one("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], True),
    one("ForAllValues:StringNotEquals", ["a", "b"], ["c", "a"], False),
    one("ForAllValues:StringNotEquals", "a", ..., True),
    one("ForAllValues:NumericLessThan", "10", [1, 9], True),
    one("ForAllValues:NumericLessThan", "10", [1, 10], False),
    one("ForAllValues:ArnLike", "arn:aws:sns:*:*:o*", [TOPIC], True),
    one("ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], True),
    one("ForAnyValue:StringEquals", ["a", "b"], ["c", "d"], False),
    one("ForAnyValue:StringEquals", "a", ..., False),
    one("ForAnyValue:StringEquals", "a", [], False),
    one("ForAnyValue:StringEquals", "", [""], False),
    one("ForAnyValue:StringLike", "a*", ["xa", "ax"], True),
    one("ForAnyValue:StringNotEquals", "a", ["a", "b"], True),
    one("ForAnyValue:StringNotEquals", "a", ["a"], False),
    one("ForAnyValue:StringNotEquals", "a", ..., False),
    one("ForAnyValue:IpAddress", "10.0.0.0/8", ["192.0.2.1", "10.1.1.1"], True),
    one("ForAnyValue:Bool", "true", ["false", "true"], True),
    # Several values without a set operator: AWS asks for one and says nothing else.
    one("StringEquals", "a", ["a", "b"], None),
    one("StringEquals", "a", ["a"], True),
]
TWO = {"aws:a": "1", "aws:b": "2"}
SEVERAL = [
    ({"StringEquals": {"aws:a": "1", "aws:b": "2"}}, TWO, True),
    ({"StringEquals": {"aws:a": "1", "aws:b": "3"}}, TWO, False),
    ({"StringEquals": {"aws:a": ["0", "1"]}, "StringNotEquals": {"aws:b": "3"}}, TWO, True),
    ({"StringEquals": {"aws:a": "1"}, "StringLike": {"aws:b": "x*"}}, TWO, False),
    ({"StringEquals": {"aws:a": "1"}, "Null": {"aws:c": "true"}}, TWO, True),
    ({"StringLikeIfExists": {"aws:c": "x*"}, "StringEquals": {"aws:a": "0"}}, TWO, False),
    ({}, TWO, True),
]
KEYS = [
    ({"StringEquals": {"AWS:SourceVpc": "vpc-1"}}, {"aws:sourcevpc": "vpc-1"}, True),
    ({"StringEquals": {"aws:PrincipalTag/Team": "a"}}, {"aws:principaltag/team": "a"}, True),
    ({"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/team/orders"}}, {}, True),
    ({"StringEquals": {"aws:PrincipalAccount": "111122223333"}}, {}, True),
    ({"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, {}, True),
    ({"StringEquals": {"aws:ResourceAccount": "111122223333"}}, {}, True),
    ({"Bool": {"aws:PrincipalIsAWSService": "false"}}, {}, True),
    ({"Null": {"aws:username": "true"}}, {}, True),
    ({"StringLike": {"aws:userid": "AROA*:session"}}, {}, None),
    ({"StringLike": {"aws:userid": "AROA*:session"}}, {"aws:userid": "AROAX:session"}, True),
]


@pytest.mark.parametrize(
    ("condition", "context", "expected"),
    [
        *table("String condition operators", STRING),
        *table("Numeric condition operators", NUMERIC),
        *table("Date condition operators", DATE),
        *table("Boolean condition operators", BOOL),
        *table("Binary condition operators", BINARY),
        *table("IP address condition operators", ADDRESS),
        *table("ARN condition operators", ARN),
        *table("IfExists condition operators", IF_EXISTS),
        *table("Condition operator to check existence", NULL),
        *table("Single-valued vs. multivalued context keys", SETS),
        *table("Conditions with multiple context keys or values", SEVERAL),
        *table("Condition, and global condition context keys", KEYS),
    ],
)
def test_condition_holds_as_documented(condition: Any, context: Any, expected: bool | None) -> None:
    assert holds(condition, context) is expected


# "Variables and tags": where variables count, special characters, default values, and no value.
VARIABLES = [
    ({"StringEquals": {"aws:a": "${aws:b}"}}, {"aws:a": "x", "aws:b": "x"}, True),
    ({"StringEquals": {"aws:a": "${AWS:B}"}}, {"aws:a": "x", "aws:b": "x"}, True),
    ({"StringEquals": {"aws:a": "${aws:b}"}}, {"aws:a": "x", "aws:b": "X"}, False),
    ({"StringLike": {"aws:a": "home/${aws:b}/*"}}, {"aws:a": "home/x/y", "aws:b": "x"}, True),
    ({"StringLike": {"aws:a": "home/${aws:b}/*"}}, {"aws:a": "home/z/y", "aws:b": "*"}, False),
    ({"StringLike": {"aws:a": "home/${aws:b}/*"}}, {"aws:a": "home/*/y", "aws:b": "*"}, True),
    ({"StringLike": {"aws:a": "a${*}b"}}, {"aws:a": "a*b"}, True),
    ({"StringLike": {"aws:a": "a${*}b"}}, {"aws:a": "axb"}, False),
    ({"StringLike": {"aws:a": "a${?}"}}, {"aws:a": "a?"}, True),
    ({"StringLike": {"aws:a": "a${?}"}}, {"aws:a": "ab"}, False),
    ({"StringEquals": {"aws:a": "${$}{aws:b}"}}, {"aws:a": "${aws:b}", "aws:b": "x"}, True),
    ({"StringEquals": {"aws:a": "a${*}"}}, {"aws:a": "a*"}, True),
    ({"StringEquals": {"aws:a": "${aws:c, 'none'}"}}, {"aws:a": "none"}, True),
    ({"StringEquals": {"aws:a": "${aws:c, 'none'}"}}, {"aws:a": "x", "aws:c": "x"}, True),
    ({"StringEquals": {"aws:a": "${aws:c, ''}"}}, {"aws:a": ""}, True),
    ({"StringLike": {"aws:a": "${aws:c, '*'}"}}, {"aws:a": "x"}, False),
    ({"StringEquals": {"aws:a": "${aws:c}"}}, {"aws:a": ""}, False),
    ({"StringLike": {"aws:a": "${aws:c}*"}}, {"aws:a": "x"}, False),
    ({"StringNotEquals": {"aws:a": "${aws:c}"}}, {"aws:a": "x"}, True),
    ({"StringNotLike": {"aws:a": "${aws:c}*"}}, {"aws:a": "x"}, True),
    ({"StringEquals": {"aws:a": ["${aws:c}", "x"]}}, {"aws:a": "x"}, True),
    ({"StringEquals": {"aws:a": "${aws:c}"}}, {"aws:a": "x", "aws:c": ["x", "y"]}, False),
    (
        {"ArnLike": {"aws:a": "arn:aws:iam::${aws:PrincipalAccount}:role/*"}},
        {"aws:a": "arn:aws:iam::111122223333:role/x"},
        True,
    ),
    ({"ArnEquals": {"aws:a": "${aws:PrincipalArn}"}}, {"aws:a": "arn:aws:iam::111122223333:role/team/orders"}, True),
    ({"Bool": {"aws:a": "${aws:b}"}}, {"aws:a": "true", "aws:b": "true"}, True),
    ({"StringEquals": {"aws:a": "${unclosed"}}, {"aws:a": "${unclosed"}, True),
]


@pytest.mark.parametrize(("condition", "context", "expected"), table("Variables and tags", VARIABLES))
def test_variable_is_replaced_as_documented(condition: Any, context: Any, expected: bool | None) -> None:
    assert holds(condition, context) is expected


@pytest.mark.parametrize("version", [{"Version": "2008-10-17"}, {}])
def test_older_version_takes_a_variable_as_text(version: dict[str, str]) -> None:
    condition = {"StringEquals": {"aws:a": "${aws:b}"}}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    policies = Policies(identity=[policy({**version, "Statement": statement})])
    answers = [
        evaluate(Request(ROLE, "s3:GetObject", BUCKET, {"aws:a": given, "aws:b": "x"}), policies).allowed
        for given in ("x", "${aws:b}")
    ]
    assert answers == [False, True]


UNKNOWNS = [
    ({"StringEquals": {"aws:a": "x"}}, {"aws:a": UNKNOWN}, None),
    ({"StringEquals": {"aws:a": UNKNOWN}}, {"aws:a": "x"}, None),
    ({"StringEquals": {"aws:a": [UNKNOWN, "x"]}}, {"aws:a": "x"}, True),
    ({"StringEquals": {"aws:a": [UNKNOWN, "x"]}}, {"aws:a": "y"}, None),
    ({"StringNotEquals": {"aws:a": [UNKNOWN, "x"]}}, {"aws:a": "x"}, False),
    ({"StringEquals": {"aws:a": UNKNOWN}}, {}, False),
    ({"StringNotEquals": {"aws:a": UNKNOWN}}, {}, True),
    ({"StringEquals": {"aws:a": "x", "aws:b": "y"}}, {"aws:a": UNKNOWN, "aws:b": "z"}, False),
    ({"ForAllValues:StringEquals": {"aws:a": "x"}}, {"aws:a": ["y", UNKNOWN]}, False),
    ({"ForAllValues:StringEquals": {"aws:a": "x"}}, {"aws:a": ["x", UNKNOWN]}, None),
    ({"ForAnyValue:StringEquals": {"aws:a": "x"}}, {"aws:a": ["x", UNKNOWN]}, True),
    ({"ForAnyValue:StringEquals": {"aws:a": "x"}}, {"aws:a": ["y", UNKNOWN]}, None),
    ({"Null": {"aws:a": "false"}}, {"aws:a": [UNKNOWN]}, True),
    ({"Null": {"aws:a": "false"}}, {"aws:a": UNKNOWN}, None),
    ({"StringEquals": {"aws:a": "${aws:b}"}}, {"aws:a": "x", "aws:b": UNKNOWN}, None),
    ({"StringEquals": {"aws:a": ["${aws:b}", "x"]}}, {"aws:a": "x", "aws:b": UNKNOWN}, True),
    ({"StringEquals": UNKNOWN}, {}, None),
    (UNKNOWN, {}, None),
    ({"StringEquals": {"aws:other": "x"}}, Context({}, complete=False), None),
    ({"Null": {"aws:username": "true"}}, Context({}, complete=False), True),
    ({"StringEquals": {"aws:PrincipalAccount": "999999999999"}}, Context({}, complete=False), False),
]


@pytest.mark.parametrize(("condition", "context", "expected"), table("unknown", UNKNOWNS))
def test_unknown_matters_only_where_it_decides(condition: Any, context: Any, expected: bool | None) -> None:
    assert holds(condition, context) is expected
