"""Fixtures of policies/rules/operations/observability_databases.py."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234"
GROUP = made(
    "aws:rds/parameterGroup:ParameterGroup",
    "group",
    name="test-postgres",
    family="postgres16",
    parameters=[
        {"name": "log_statement", "value": "ddl"},
        {"name": "log_min_duration_statement", "value": "1000"},
    ],
)
CLUSTER_GROUP = made(
    "aws:rds/clusterParameterGroup:ClusterParameterGroup",
    "cluster-group",
    family="aurora-postgresql16",
    parameters=GROUP.inputs["parameters"],
)
DATABASE = made(
    "aws:rds/instance:Instance",
    refers={"parameterGroupName": GROUP},
    engine="postgres",
    instanceClass="db.t4g.micro",
    monitoringInterval=60,
    monitoringRoleArn=UNKNOWN,
    performanceInsightsEnabled=True,
    performanceInsightsKmsKeyId=KEY,
    enabledCloudwatchLogsExports=["postgresql", "upgrade"],
)
CLUSTER = made(
    "aws:rds/cluster:Cluster",
    "cluster",
    refers={"dbClusterParameterGroupName": CLUSTER_GROUP},
    engine="aurora-postgresql",
    enabledCloudwatchLogsExports=["postgresql"],
    monitoringInterval=30,
    monitoringRoleArn=UNKNOWN,
    performanceInsightsEnabled=True,
    performanceInsightsKmsKeyId=KEY,
)
MEMBER = made(
    "aws:rds/clusterInstance:ClusterInstance", refers={"clusterIdentifier": CLUSTER}, engine="aurora-postgresql"
)
MYSQL = changed(
    DATABASE, {"engine": "mysql", "enabledCloudwatchLogsExports": ["audit", "error", "slowquery", "general"]}
)
EVENTS = made(
    "aws:rds/eventSubscription:EventSubscription",
    snsTopic=UNKNOWN,
    sourceType="db-instance",
    eventCategories=["configuration change", "failure", "maintenance", "failover"],
)
INTERVAL, ROLE, EXPORTS = "monitoringInterval", "monitoringRoleArn", "enabledCloudwatchLogsExports"
INSIGHTS, INSIGHTS_KEY = "performanceInsightsEnabled", "performanceInsightsKmsKeyId"
NAME, CLUSTER_NAME = "parameterGroupName", "dbClusterParameterGroupName"
STATEMENT, DURATION = "parameters.0.value", "parameters.1.value"
CATEGORIES = "eventCategories"

CASES = [
    Cases(
        rule="database-has-enhanced-monitoring",
        good={
            "instance": [DATABASE],
            "text": [changed(DATABASE, {INTERVAL: "15"})],
            "by the cluster": [MEMBER, CLUSTER],
            "member": [changed(MEMBER, {INTERVAL: 1, ROLE: "arn:aws:iam::1:role/monitoring"})],
        },
        bad={
            "off": ([changed(DATABASE, {INTERVAL: 0})], (INTERVAL,)),
            "not set": ([changed(DATABASE, {INTERVAL: GONE})], (INTERVAL,)),
            "none of RDS's": ([changed(DATABASE, {INTERVAL: 90})], (INTERVAL,)),
            "no number": ([changed(DATABASE, {INTERVAL: "often"})], (INTERVAL,)),
            "infinite": ([changed(DATABASE, {INTERVAL: float("inf")})], (INTERVAL,)),
            "no role": ([changed(DATABASE, {ROLE: GONE})], (ROLE,)),
            "member": ([MEMBER, changed(CLUSTER, {INTERVAL: GONE})], (INTERVAL, ROLE)),
        },
        unknown={"interval": ([changed(DATABASE, {INTERVAL: UNKNOWN})], (INTERVAL,))},
        always=True,
    ),
    Cases(
        rule="database-has-performance-insights",
        good={
            "instance": [DATABASE],
            "by the cluster": [MEMBER, CLUSTER],
            "key to come": [changed(DATABASE, {INSIGHTS_KEY: UNKNOWN})],
        },
        bad={
            "off": ([changed(DATABASE, {INSIGHTS: False})], (INSIGHTS,)),
            "not set": ([changed(DATABASE, {INSIGHTS: GONE})], (INSIGHTS,)),
            "service's own key": ([changed(DATABASE, {INSIGHTS_KEY: GONE})], (INSIGHTS_KEY,)),
            "member": ([MEMBER], (INSIGHTS, INSIGHTS_KEY)),
        },
        unknown={"enabled": ([changed(DATABASE, {INSIGHTS: UNKNOWN})], (INSIGHTS,))},
        skipped={"too small": [changed(MYSQL, {INSIGHTS: False})]},
    ),
    Cases(
        rule="database-exports-logs",
        good={
            "postgres": [DATABASE],
            "cluster": [CLUSTER],
            "mysql": [MYSQL],
            "oracle": [changed(DATABASE, {"engine": "oracle-ee", EXPORTS: ["alert", "audit", "listener", "trace"]})],
            "replica": [changed(DATABASE, {"engine": GONE})],
        },
        bad={
            "not set": ([changed(DATABASE, {EXPORTS: GONE})], (EXPORTS,)),
            "empty": ([changed(DATABASE, {EXPORTS: []})], (EXPORTS,)),
            "upgrades only": ([changed(DATABASE, {EXPORTS: ["upgrade"]})], (EXPORTS,)),
            "no upgrades": ([changed(DATABASE, {EXPORTS: "postgresql"})], (EXPORTS,)),
            "another engine's": ([changed(DATABASE, {EXPORTS: ["error"]})], (EXPORTS,)),
            "no audit": ([changed(MYSQL, {EXPORTS: ["error", "slowquery"]})], (EXPORTS,)),
            "replica": ([changed(DATABASE, {"engine": GONE, EXPORTS: [None]})], (EXPORTS,)),
            "cluster": ([changed(CLUSTER, {EXPORTS: GONE})], (EXPORTS,)),
        },
        unknown={
            "logs": ([changed(DATABASE, {EXPORTS: UNKNOWN})], (EXPORTS,)),
            "one": ([changed(DATABASE, {EXPORTS: ["postgresql", UNKNOWN]})], (EXPORTS,)),
            "engine": ([changed(DATABASE, {"engine": UNKNOWN})], ("engine",)),
        },
        always=True,
    ),
    Cases(
        rule="postgres-logs-queries",
        good={
            "instance": [DATABASE, GROUP],
            "by name": [changed(DATABASE, {NAME: "test-postgres"}), GROUP],
            "cluster": [CLUSTER, CLUSTER_GROUP],
            "group": [GROUP],
            "group of a cluster": [CLUSTER_GROUP],
            "every query": [changed(GROUP, {STATEMENT: "ALL", DURATION: 0})],
        },
        bad={
            "no group": ([changed(DATABASE, {NAME: GONE})], (NAME,)),
            "default group": ([changed(DATABASE, {NAME: "default.postgres16"}), GROUP], (NAME,)),
            "cluster": ([changed(CLUSTER, {CLUSTER_NAME: None}), CLUSTER_GROUP], (CLUSTER_NAME,)),
            "no statements": ([changed(GROUP, {STATEMENT: "none"})], (STATEMENT,)),
            "no slow queries": ([changed(GROUP, {DURATION: "-1"})], (DURATION,)),
            "no number": ([changed(GROUP, {DURATION: "slow"})], (DURATION,)),
            "no value": ([changed(GROUP, {DURATION: None})], (DURATION,)),
            "one only": ([changed(GROUP, {"parameters": GROUP.inputs["parameters"][:1]})], ("parameters",)),
            "one, no list": ([changed(GROUP, {"parameters": GROUP.inputs["parameters"][0]})], ("parameters",)),
            "not set": ([changed(GROUP, {"parameters": GONE})], ("parameters", "parameters")),
            "no mappings": ([changed(GROUP, {"parameters": ["log_statement"]})], ("parameters", "parameters")),
        },
        unknown={
            "group": ([changed(DATABASE, {NAME: "elsewhere"}), GROUP], (NAME,)),
            "engine": ([changed(DATABASE, {"engine": UNKNOWN, NAME: GONE})], ("engine",)),
            "family": ([changed(GROUP, {"family": UNKNOWN})], ("family",)),
            "value": ([changed(GROUP, {STATEMENT: UNKNOWN})], (STATEMENT,)),
            "parameters": ([changed(GROUP, {"parameters": UNKNOWN})], ("parameters",)),
            "name": ([changed(GROUP, {"parameters.0.name": UNKNOWN})], ("parameters",)),
        },
        skipped={
            "mysql": [MYSQL],
            "replica": [changed(DATABASE, {"engine": GONE, NAME: GONE})],
            "group of mysql": [changed(GROUP, {"family": "mysql8.4"})],
            "group of a member": [changed(GROUP, {"family": "aurora-postgresql16"})],
        },
    ),
    Cases(
        rule="database-events-are-sent",
        good={
            "subscription": [EVENTS],
            "all categories": [changed(EVENTS, {CATEGORIES: GONE})],
            "another source": [changed(EVENTS, {"sourceType": "db-snapshot", CATEGORIES: ["deletion"]})],
            "instance": [DATABASE, EVENTS],
            "cluster": [CLUSTER, changed(EVENTS, {"sourceType": GONE})],
        },
        bad={
            "off": ([changed(EVENTS, {"enabled": False})], ("enabled",)),
            "no topic": ([changed(EVENTS, {"snsTopic": ""})], ("snsTopic",)),
            "some events": ([changed(EVENTS, {CATEGORIES: ["failure"]})], (CATEGORIES,)),
            "parameters": (
                [changed(EVENTS, {"sourceType": "db-parameter-group", CATEGORIES: "x"})],
                (CATEGORIES,),
            ),
            "no subscription": ([DATABASE], ("",)),
            "no subscription for clusters": ([CLUSTER, EVENTS], ("",)),
        },
        unknown={
            "categories": ([changed(EVENTS, {CATEGORIES: UNKNOWN})], (CATEGORIES,)),
            "source": ([changed(EVENTS, {"sourceType": UNKNOWN})], ("sourceType",)),
            "subscription": ([DATABASE, changed(EVENTS, {"sourceType": UNKNOWN})], ("",)),
        },
        always=True,
    ),
]
