"""Requirement 04: series of market data, in Timestream or, where the account has none, in InfluxDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from criteria.common.lookups import FUNCTION, KEY, Word, best, follow
from criteria.common.rights import Call, allowed, arn, of_caller, one
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

DATABASE = "aws:timestreamwrite/database:Database"
SERIES = "aws:timestreamwrite/table:Table"
INFLUX = "aws:timestreaminfluxdb/dbInstance:DbInstance"
_DECISION_INFLUX = 3
_AWS_KEY = "alias/aws/timestream"
_READ, _WRITE, _FIND = "timestream:Select", "timestream:WriteRecords", "timestream:DescribeEndpoints"


def _influx(subject: Subject) -> list[Resource]:
    """Return the instances that take the place of a database; none where there is a database."""
    return [] if subject.graph.of_type(DATABASE) else subject.graph.of_type(INFLUX)


@criterion("TRADING-04.1")
def database(subject: Subject) -> Verdict:
    """There is one database, and every table of records lies in it."""
    wanted = subject.facts["databases"]
    instances = _influx(subject)
    if instances:
        findings = [_bucket(instance) for instance in instances]
        findings += [Finding(instance, "", "fail") for instance in instances[wanted:]]
        return combine(findings, "InfluxDB instances", "store the market data", _DECISION_INFLUX)
    databases = subject.graph.of_type(DATABASE)
    if len(databases) != wanted:
        return Verdict("fail", f"{len(databases)} Timestream databases, {wanted} wanted")
    findings = [Finding(table, "databaseName", _lies_in(subject, table)) for table in subject.graph.of_type(SERIES)]
    return combine(findings, "tables", "lie in the one Timestream database")


def _bucket(instance: Resource) -> Finding:
    # Measurements come with the first record: a bucket is all that an instance needs for them.
    return claim(instance, "bucket", lambda name: bool(name), default="")


def _lies_in(subject: Subject, table: Resource) -> Word:
    """Say whether a table lies in the stack's database, which AWS knows by its name."""
    name = table.get("databaseName")
    names = [owner.get("databaseName") for owner in subject.graph.of_type(DATABASE)]
    if name is not UNKNOWN:
        return "pass" if name in names else "unknown" if UNKNOWN in names else "fail"
    return one(subject.graph, table, "databaseName", DATABASE)[1]


@criterion("TRADING-04.2a", "TRADING-04.2b", "TRADING-04.2c")
def table(subject: Subject) -> Verdict:
    what = subject.facts["table"]
    if _influx(subject):
        findings = [_bucket(instance) for instance in _influx(subject)]
        return combine(findings, "buckets", f"take {what} as a measurement", _DECISION_INFLUX)
    name = f"{subject.environment}-{what.replace(' ', '-')}"
    findings = [
        Finding(table, "tableName", "unknown" if given is UNKNOWN else _lies_in(subject, table))
        for table in subject.graph.of_type(SERIES)
        if (given := table.get("tableName")) is UNKNOWN or given == name
    ]
    return combine(findings, f"tables of {what}", "lie in the Timestream database")


@criterion("TRADING-04.3a", "TRADING-04.3b")
def memory(subject: Subject) -> Verdict:
    """Timestream counts the memory store's time in hours; InfluxDB has no such store."""
    facts = subject.facts
    hours = (
        facts["memory_retention_hours"] if "memory_retention_hours" in facts else 24 * facts["memory_retention_days"]
    )
    return _kept(subject, "memoryStoreRetentionPeriodInHours", hours, f"{hours} hours in the memory store")


@criterion("TRADING-04.4a", "TRADING-04.4b")
def magnetic(subject: Subject) -> Verdict:
    days = subject.facts["magnetic_retention_days"]
    return _kept(subject, "magneticStoreRetentionPeriodInDays", days, f"{days} days in the magnetic store")


def _kept(subject: Subject, name: str, wanted: int, says: str) -> Verdict:
    findings = [
        claim(table, f"retentionProperties.{name}", lambda given: given == wanted)
        for table in subject.graph.of_type(SERIES)
    ]
    return combine(findings, "Timestream tables", f"keep records {says}")


@criterion("TRADING-04.5")
def encryption(subject: Subject) -> Verdict:
    """Without a key of its own a database is under the AWS-managed one, and an InfluxDB instance under one of AWS."""
    if _influx(subject):
        findings = [claim(instance, "kmsKeyId", lambda key: key is None) for instance in _influx(subject)]
        return combine(findings, "InfluxDB instances", "are encrypted with a key of AWS", _DECISION_INFLUX)
    findings = []
    for owner in subject.graph.of_type(DATABASE):
        given = claim(owner, "kmsKeyId", lambda key: key is None or str(key).endswith(_AWS_KEY))
        own = follow(subject.graph, owner, "kmsKeyId", KEY)
        findings.append(Finding(owner, "kmsKeyId", "fail" if own.to else given.word))
    return combine(findings, "Timestream databases", "are encrypted with the AWS-managed key")


@criterion("TRADING-04.6")
def access(subject: Subject) -> Verdict:
    """Functions that are told of a series may read or write it; each series is written and read by some function."""
    if _influx(subject):
        return _influx_access(subject)
    findings: list[Finding] = []
    uses: dict[str, list[tuple[bool, bool, Word]]] = {}
    for function in subject.graph.of_type(FUNCTION):
        written, known = of_caller(subject.graph, function, "role")
        for table in _told_of(subject, function):
            resource = arn(
                subject, "timestream", f"database/{table.get('databaseName')}/table/{table.get('tableName')}"
            )
            reads, writes = (allowed(written, Call(action, resource)) for action in (_READ, _WRITE))
            # Both clients ask for the endpoint of their cell first.
            finds = allowed(written, Call(_FIND, "*"))
            uses.setdefault(table.urn, []).append((reads, writes, known))
            works: Word = "pass" if finds and (reads or writes) else "fail"
            findings.append(Finding(function, "role", works if known == "pass" else known))
    for table in subject.graph.of_type(SERIES):
        rows = uses.get(table.urn, [])
        for number in (0, 1):
            word = best("pass" if row[number] else "fail" if row[2] == "pass" else row[2] for row in rows)
            findings.append(Finding(table, "tableName", word))
    return combine(findings, "uses of series", "are permitted to the functions' roles")


def _told_of(subject: Subject, function: Resource) -> Iterator[Resource]:
    """Yield the series whose names are in a function's environment, beside that of their database."""
    values = _variables(function).values()
    known = {value for value in values if isinstance(value, str)}
    for table in subject.graph.of_type(SERIES):
        if table.get("tableName") in known and table.get("databaseName") in known:
            yield table


def _variables(function: Resource) -> Mapping[str, Any]:
    variables = function.get("environment.variables", {})
    return variables if isinstance(variables, dict) else {}


def _influx_access(subject: Subject) -> Verdict:
    """InfluxDB knows tokens and no roles: functions that are told of one may read the secret that holds it."""
    secret = arn(subject, "secretsmanager", "secret:READONLY-InfluxDB-auth-parameters-0a1b2c-d3e4f5")
    call = Call("secretsmanager:GetSecretValue", secret)
    findings = []
    for function in subject.graph.of_type(FUNCTION):
        if _variables(function).get("SECRET_INFLUX") is not None:
            written, known = of_caller(subject.graph, function, "role")
            may: Word = "pass" if allowed(written, call) else "fail"
            findings.append(Finding(function, "role", may if known == "pass" else known))
    return combine(findings, "functions", "may read the token of the InfluxDB instance", _DECISION_INFLUX)
