"""Requirement 04 cannot be fooled: what breaks the series fails its criterion, and what is unknown stays open."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.graph import UNKNOWN
from tests.criteria.breaking import (
    FUNCTION,
    KEY,
    ROLE_POLICY,
    Change,
    Row,
    add,
    breaks,
    cases,
    drop,
    leaves_open,
    refer,
    set_,
    settings,
    statement,
    together,
    verdict,
    whole,
)

_DATABASE = "aws:timestreamwrite/database:Database"
_SERIES = "aws:timestreamwrite/table:Table"
_INFLUX = "aws:timestreaminfluxdb/dbInstance:DbInstance"
_READS = "roles-analysis-series-price-data"
_TOKEN = "arn:aws:secretsmanager:us-east-1:222222222222:secret:READONLY-InfluxDB-auth-parameters-*"


def _series(name: str, /, **inputs: Any) -> Change:
    return set_(_SERIES, f"series-{name}", **inputs)


def _retention(memory: Any, magnetic: Any) -> Change:
    given = {"memoryStoreRetentionPeriodInHours": memory, "magneticStoreRetentionPeriodInDays": magnetic}
    return _series("price-data", retentionProperties=given)


def _influx(**inputs: Any) -> Change:
    """Put an InfluxDB instance in place of the database."""
    return together(
        settings(market_data={"engine": "influxdb"}),
        drop(_DATABASE, "series-database"),
        drop(_SERIES, ""),
        add(_INFLUX, "influx-instance", None, bucket="market-data", **inputs),
        set_(FUNCTION, "functions-analysis", environment={"variables": {"SECRET_INFLUX": UNKNOWN}}),
    )


def _unfound(*series: str) -> Change:
    """Take the call that finds Timestream's endpoint from all policies of one function."""
    elsewhere = {"Resource": ["arn:aws:timestream:x"]}
    return together(
        *(statement(ROLE_POLICY, f"roles-analysis-series-{name}", "FindEndpoint", **elsewhere) for name in series)
    )


_READ_TOKEN = statement(ROLE_POLICY, _READS, "", Action=["secretsmanager:GetSecretValue"], Resource=[_TOKEN])

BROKEN: list[Row] = [
    ("04.1", "prod", "no database", drop(_DATABASE, "series-database")),
    ("04.1", "prod", "a second database", add(_DATABASE, "more", None, databaseName="prod-more")),
    ("04.1", "prod", "a table elsewhere", _series("price-data", databaseName="others")),
    ("04.1", "prod", "no table", drop(_SERIES, "")),
    ("04.1", "test up", "a table elsewhere", _series("price-data", databaseName="others")),
    ("04.2a", "prod", "no table", drop(_SERIES, "series-price-data")),
    ("04.2a", "prod", "a table of another name", _series("price-data", tableName="prod-prices")),
    ("04.2b", "prod", "a table elsewhere", _series("volume-data", databaseName="others")),
    ("04.2c", "test", "a table of the other environment", _series("derived-metrics", tableName="prod-derived-metrics")),
    ("04.3a", "test", "an hour less", _retention(23, 30)),
    ("04.3a", "test", "nothing said", _series("price-data", retentionProperties=None)),
    ("04.3b", "prod", "a day", _retention(24, 365)),
    ("04.4a", "test", "a year", _retention(24, 365)),
    ("04.4b", "prod", "a month", _retention(168, 30)),
    ("04.4b", "prod", "an instance, which has no such store", _influx()),
    ("04.5", "prod", "another key", set_(_DATABASE, "series-database", kmsKeyId="arn:aws:kms:us-east-1:1:key/1")),
    ("04.5", "prod", "a key of the stack", refer(_DATABASE, "series-database", "kmsKeyId", (KEY, "keys-tables"))),
    (
        "04.6",
        "prod",
        "another call",
        statement(ROLE_POLICY, _READS, "QuerySeries", Action=["timestream:DescribeTable"]),
    ),
    ("04.6", "prod", "another table", statement(ROLE_POLICY, _READS, "QuerySeries", Resource=["arn:aws:timestream:x"])),
    ("04.6", "prod", "no endpoint", _unfound("price-data", "volume-data", "derived-metrics")),
    ("04.6", "prod", "denied", statement(ROLE_POLICY, _READS, "QuerySeries", Effect="Deny")),
    (
        "04.6",
        "prod",
        "only for somebody else",
        statement(ROLE_POLICY, _READS, "QuerySeries", Condition={"StringEquals": {"aws:PrincipalTag/Team": "x"}}),
    ),
    ("04.6", "prod", "no policy", drop(ROLE_POLICY, _READS)),
    ("04.6", "prod", "nobody knows the tables", set_(FUNCTION, "", environment={"variables": {}})),
    (
        "04.6",
        "prod",
        "nobody writes",
        together(
            *(
                statement(ROLE_POLICY, f"roles-{name}-series-volume-data", "WriteSeries", Action=["timestream:Select"])
                for name in ("streams", "backfills")
            )
        ),
    ),
]
OPEN: list[Row] = [
    ("04.1", "prod", "a database's name", _series("price-data", databaseName=UNKNOWN)),
    ("04.2a", "prod", "a table's name", _series("price-data", tableName=UNKNOWN)),
    ("04.3b", "prod", "a retention", _retention(UNKNOWN, 365)),
    ("04.4b", "prod", "a retention", _retention(168, UNKNOWN)),
    ("04.5", "prod", "a key", set_(_DATABASE, "series-database", kmsKeyId=UNKNOWN)),
    ("04.6", "prod", "a policy", set_(ROLE_POLICY, _READS, policy=UNKNOWN)),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN[1:]))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


def test_a_database_by_reference_is_known_before_it_exists() -> None:
    number, stack, _, change = OPEN[0]
    assert verdict(number, change(whole(stack))).word == "pass"


@pytest.mark.parametrize("number", ["04.1", "04.2a", "04.5", "04.6"])
def test_an_influx_instance_is_a_deviation_where_it_does_the_same(number: str) -> None:
    found = verdict(number, together(_READ_TOKEN, _influx())(whole("prod")))
    assert (found.word, found.decision) == ("deviation", 3)


@pytest.mark.parametrize(
    ("number", "change"),
    [
        ("04.1", together(_influx(), add(_INFLUX, "more", None, bucket="x"))),
        ("04.1", together(_influx(), set_(_INFLUX, "", bucket=None))),
        ("04.2a", together(_influx(), set_(_INFLUX, "", bucket=None))),
        ("04.3b", _influx()),
        ("04.5", _influx(kmsKeyId="arn:aws:kms:us-east-1:1:key/1")),
        ("04.6", _influx()),
    ],
)
def test_an_influx_instance_that_does_not_fails(number: str, change: Change) -> None:
    assert verdict(number, change(whole("prod"))).word == "fail"


def test_a_series_that_no_function_reads_or_writes_fails_beside_others() -> None:
    more = add(_SERIES, "more", None, databaseName="prod-market-data", tableName="prod-more")
    assert verdict("04.6", more(whole("prod"))).word == "fail"
