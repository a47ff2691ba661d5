"""Databases: metrics of their hosts and queries, logs, and events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.encryption.databases import (
    CLUSTER,
    CLUSTER_INSTANCE,
    CLUSTER_PARAMETER_GROUP,
    INSTANCE,
    PARAMETER_GROUP,
)
from policies.rules.encryption.keys import CUSTOMER_KEY, asked_key
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check,
    check_set,
    check_true,
    fail,
    rule,
    unknown,
)
from policies.rules.operations.observability_delivery import has_all

SUBSCRIPTION = "aws:rds/eventSubscription:EventSubscription"
_GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide"
_INTERVALS = (1, 5, 10, 15, 30, 60)


def _clustered(view: View, path: str) -> bool:
    """Say whether the cluster of a cluster's instance has a setting for all of its instances."""
    if view.type != CLUSTER_INSTANCE or view.is_set(path):
        return False
    return any(each.is_set(path) and view.refers_to("clusterIdentifier", each) for each in view.of_type(CLUSTER))


@rule(
    "OP-223",
    "database-has-enhanced-monitoring",
    pack="operations",
    types=(INSTANCE, CLUSTER_INSTANCE),
    severity="low",
    scope="stack",
    rationale="What the hypervisor sees hides which process of the database takes memory and time.",
    url=f"{_GUIDE}/USER_Monitoring.OS.html",
    remediation="Set monitoring_interval to 60 seconds or fewer, and monitoring_role_arn.",
    controls=("RDS.6", "CKV_AWS_118"),
)
def monitoring(view: View) -> Outcome:
    path = "monitoringInterval"
    cluster = [each for each in view.of_type(CLUSTER) if view.refers_to("clusterIdentifier", each)]
    of = cluster[0] if _clustered(view, path) else view
    interval = check(of, path, lambda value: int(value) in _INTERVALS, "1 to 60 seconds", default=0)
    return all_of([interval, check_set(of, "monitoringRoleArn", "the ARN of a role")])


@rule(
    "OP-224",
    "database-has-performance-insights",
    pack="operations",
    types=(INSTANCE, CLUSTER_INSTANCE),
    severity="low",
    scope="stack",
    rationale="Which query makes the database slow is found in minutes with it; what it keeps of queries is data.",
    url=f"{_GUIDE}/USER_PerfInsights.html",
    remediation="Set performance_insights_enabled=True and performance_insights_kms_key_id to a customer key.",
    controls=("CKV_AWS_353", "CKV_AWS_354"),
    parameters=CUSTOMER_KEY,
)
def insights(view: View) -> Outcome:
    """The smallest classes with MySQL or MariaDB do not have it."""
    class_, engine = str(view.get("instanceClass")).lower(), str(view.get("engine")).lower()
    if class_.startswith("db.t") and class_.endswith((".micro", ".small")) and engine in ("mysql", "mariadb"):
        return NOT_APPLICABLE
    path = "performanceInsightsEnabled"
    cluster = [each for each in view.of_type(CLUSTER) if view.refers_to("clusterIdentifier", each)]
    of = cluster[0] if _clustered(view, path) else view
    return all_of([check_true(of, path), asked_key(of, "performanceInsightsKmsKeyId")])


@rule(
    "OP-225",
    "database-exports-logs",
    pack="operations",
    types=(INSTANCE, CLUSTER),
    severity="medium",
    rationale="A database keeps its logs for days, and loses them with its disk.",
    url=f"{_GUIDE}/USER_LogAccess.html",
    remediation="Set enabled_cloudwatch_logs_exports to the engine's logs, such as postgresql and upgrade.",
    controls=("RDS.9", "RDS.36", "CKV_AWS_129"),
    criteria=("CONSULTING-07.2", "MOMENTUM-4.2.1"),
    parameters={
        "logs": {
            "aurora-mysql": ["audit", "error", "slowquery"],
            "aurora-postgresql": ["postgresql"],
            "db2": ["diag.log", "notify.log"],
            "mariadb": ["audit", "error", "slowquery"],
            "mysql": ["audit", "error", "slowquery"],
            "oracle": ["alert", "audit", "listener", "trace"],
            "postgres": ["postgresql", "upgrade"],
            "sqlserver": ["error"],
        }
    },
)
def exports(view: View) -> Outcome:
    """`logs` are those of each engine, or of engines whose names begin so. A replica has its source's engine.

    The general log of MySQL is left out: it has every query, with its data.
    """
    path = "enabledCloudwatchLogsExports"
    engine = view.get("engine")
    listed = view.items(path)
    if listed == [] or (listed is not None and all(each is None or each == "" for each in listed)):
        return fail(path, "not set", "the engine's logs")
    if engine is UNKNOWN:
        return unknown("engine", "an engine, and its logs among the exports")
    logs: Mapping[str, Any] = view.parameters["logs"]
    name = str(engine).lower()
    wanted = logs.get(name) or next((logs[each] for each in logs if name.startswith(f"{each}-")), ())
    return has_all(view, path, wanted) if wanted else PASS


@rule(
    "OP-226",
    "postgres-logs-queries",
    pack="operations",
    types=(INSTANCE, CLUSTER, PARAMETER_GROUP, CLUSTER_PARAMETER_GROUP),
    severity="medium",
    scope="stack",
    rationale="Until its parameters say so, PostgreSQL logs neither who changed a table nor which query was slow.",
    url=f"{_GUIDE}/USER_LogAccess.Concepts.PostgreSQL.Query_Logging.html",
    remediation="Give the database a parameter group with log_statement (ddl, mod or all) and "
    "log_min_duration_statement.",
    controls=("CKV2_AWS_30",),
    parameters={"statements": ["ddl", "mod", "all"]},
)
def query_logs(view: View) -> Outcome:
    """A database must have a group of the stack's, which is judged where it is."""
    if view.type in (PARAMETER_GROUP, CLUSTER_PARAMETER_GROUP):
        return _parameters(view)
    engine = view.get("engine")
    if isinstance(engine, str) and "postgres" not in engine.lower():
        return NOT_APPLICABLE
    clustered = view.type == CLUSTER
    path = "dbClusterParameterGroupName" if clustered else "parameterGroupName"
    groups = view.of_type(CLUSTER_PARAMETER_GROUP if clustered else PARAMETER_GROUP)
    if any(view.refers_to(path, group) for group in groups):
        return PASS
    if not isinstance(engine, str):
        # A replica or a restored database has the engine of what it comes from.
        return unknown("engine", "an engine") if engine is UNKNOWN else NOT_APPLICABLE
    expected = "a parameter group of the stack that logs queries"
    name = view.get(path)
    if name is UNKNOWN or (isinstance(name, str) and name and not name.startswith("default.")):
        return unknown(path, expected)
    return fail(path, "a default group" if name else "not set", expected)


def _parameters(view: View) -> Outcome:
    family = view.get("family")
    if family is UNKNOWN:
        return unknown("family", "a family, and parameters that log queries")
    # The instances of an Aurora cluster have groups too, but these parameters are in the cluster's.
    if "postgres" not in str(family).lower() or (
        view.type == PARAMETER_GROUP and str(family).lower().startswith("aurora")
    ):
        return NOT_APPLICABLE
    rows = view.items("parameters")
    expected = "log_statement and log_min_duration_statement"
    if rows is None:
        return unknown("parameters", expected)
    statements = [str(each).lower() for each in view.parameters["statements"]]
    return all_of(
        [
            _parameter(view, rows, "log_statement", lambda text: text in statements, " or ".join(statements)),
            _parameter(
                view, rows, "log_min_duration_statement", lambda text: float(text) >= 0, "milliseconds, 0 or more"
            ),
        ]
    )


def _parameter(view: View, rows: list[Any], name: str, holds: Any, expected: str) -> Outcome:
    """Judge one parameter of a group. An unknown name could be its own."""
    undecided = False
    for number, row in enumerate(rows):
        given = row.get("name") if isinstance(row, Mapping) else row
        undecided = undecided or given is UNKNOWN
        if isinstance(row, Mapping) and isinstance(given, str) and given.lower() == name:
            single = not isinstance(view.get("parameters"), list)
            path = "parameters.value" if single else f"parameters.{number}.value"
            return check(view, path, lambda value: holds(str(value).lower()), expected)
    return unknown("parameters", name) if undecided else fail("parameters", f"no {name}", f"{name}: {expected}")


# The critical events of each kind of source, as RDS names them.
_EVENTS = {
    "db-instance": ["configuration change", "failure", "maintenance"],
    "db-cluster": ["failure", "maintenance"],
    "db-parameter-group": ["configuration change"],
    "db-security-group": ["configuration change", "failure"],
}


@rule(
    "OP-227",
    "database-events-are-sent",
    pack="operations",
    types=(SUBSCRIPTION, INSTANCE, CLUSTER),
    severity="low",
    level="open",
    scope="stack",
    rationale="That RDS failed over, or will replace the machine tonight, is told to those who subscribed.",
    url=f"{_GUIDE}/USER_Events.html",
    remediation="Add aws.rds.EventSubscription for db-instance, db-cluster and db-parameter-group with their critical "
    "categories, or with none for all.",
    controls=("RDS.20", "RDS.21"),
)
def events(view: View) -> Outcome:
    """A subscription without a kind of source is for all, and one without categories for all of them."""
    if view.type != SUBSCRIPTION:
        return _subscribed(view, "db-instance" if view.type == INSTANCE else "db-cluster")
    outcomes = [check_true(view, "enabled", default=True), check_set(view, "snsTopic", "the ARN of a topic")]
    kind = view.get("sourceType")
    wanted = _EVENTS.get(str(kind).lower())
    if view.is_set("eventCategories") and wanted:
        outcomes.append(has_all(view, "eventCategories", wanted))
    elif view.is_set("eventCategories") and kind is UNKNOWN:
        outcomes.append(unknown("sourceType", "a kind of source, and its critical events"))
    return all_of(outcomes)


def _subscribed(view: View, kind: str) -> Outcome:
    kinds = [each.get("sourceType", "") for each in view.of_type(SUBSCRIPTION)]
    if any(isinstance(each, str) and each.lower() in ("", kind) for each in kinds):
        return PASS
    expected = f"a subscription to events of {kind}"
    return unknown("", expected) if any(each is UNKNOWN for each in kinds) else fail("", "no subscription", expected)
