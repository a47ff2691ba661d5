"""What the settings and data files of a trading stack make of keys, network, buckets, secrets and cache."""

from __future__ import annotations

import functools
import json
import runpy
from collections.abc import Mapping
from typing import Any

import pytest

from plumbline import constraints
from plumbline.evaluate import evaluate, evaluate_stack
from plumbline.graph import UNKNOWN, Resource, Secret, StackGraph
from plumbline.monitor import Deployer
from plumbline.project import Project
from systems.trading import data
from tests.evaluations import ROOT, preview
from tests.systems.answers import proofs

FUNCTION = "aws:lambda/function:Function"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"


@functools.cache
def other_choices(deployer: Deployer | None = None) -> StackGraph:
    """Return production with customer keys, a recovery account, a package for one function, and InfluxDB."""
    config = Project(ROOT).config("prod")
    settings = json.loads(config["plumbline:settings"])
    settings["tables"]["key"] = settings["buckets"]["key"] = "customer"
    settings["recovery_account_id"] = "333333333333"
    settings["functions"]["packages"] = {"audit": {"key": "audit/1.zip", "version": "v1"}}
    settings["market_data"] |= {
        "engine": "influxdb",
        "influx": {"instance_type": "db.influx.medium", "storage_gib": 20, "multi_az": True},
    }
    config["plumbline:settings"] = json.dumps(settings)

    def program() -> None:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    evaluation = evaluate(program, stack="prod", config=config, root=ROOT, deployer=deployer)
    assert (evaluation.mistakes, evaluation.warnings) == ((), ())
    return evaluation.graph


def named(graph: StackGraph, name: str) -> Resource:
    [resource] = [resource for resource in graph if resource.name == name]
    return resource


def needed_names(resource: Resource, property_: str) -> set[str]:
    return {urn.rpartition("::")[2] for urn in resource.property_dependencies[property_]}


# Choices that neither stack makes today.


def test_stack_with_customer_keys_packages_and_influxdb_is_one_that_aws_takes() -> None:
    assert constraints.check(other_choices()) == []


def test_tables_are_encrypted_with_their_customer_key() -> None:
    tables = other_choices().of_type("aws:dynamodb/table:Table")
    assert len(tables) == 32
    given = {json.dumps(table.inputs["serverSideEncryption"], default=repr) for table in tables}
    assert given == {'{"enabled": true, "kmsKeyArn": "UNKNOWN"}'}
    assert {"keys-tables"} == set.union(*(needed_names(table, "serverSideEncryption") for table in tables))


def test_buckets_are_encrypted_with_their_customer_key_but_for_those_that_receive_logs() -> None:
    algorithms = {
        resource.name.removeprefix("buckets-").removesuffix("-encryption"): resource.get(
            "rules.0.applyServerSideEncryptionByDefault.sseAlgorithm"
        )
        for resource in other_choices().of_type(ENCRYPTION)
    }
    assert algorithms == {name: "AES256" if bucket.receives else "aws:kms" for name, bucket in data.buckets().items()}


def test_recovery_account_may_decrypt_with_every_key() -> None:
    keys = other_choices().of_type("aws:kms/key:Key")
    last = [json.loads(key.inputs["policy"])["Statement"][-1] for key in keys]
    assert {(item["Sid"], item["Principal"]["AWS"]) for item in last} == {
        ("RecoveryAccountDecrypts", "arn:aws:iam::333333333333:root")
    }
    assert len(keys) == 4


def test_package_lies_in_the_bucket_of_the_stack() -> None:
    function = named(other_choices(), "functions-audit")
    given = {key: function.inputs.get(key) for key in ("s3Bucket", "s3Key", "s3ObjectVersion", "handler", "code")}
    assert given == {
        "s3Bucket": UNKNOWN,
        "s3Key": "audit/1.zip",
        "s3ObjectVersion": "v1",
        "handler": "main.handler",
        "code": None,
    }
    assert needed_names(function, "s3Bucket") == {"buckets-lambda-packages"}


RULES = (
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
)
USES_SERIES = [name for name, row in data.functions().items() if row.series()]


def test_influxdb_takes_the_place_of_timestream() -> None:
    graph = other_choices()
    assert [resource for resource in graph if resource.type.startswith("aws:timestreamwrite/")] == []
    [instance] = graph.of_type("aws:timestreaminfluxdb/dbInstance:DbInstance")
    shown = ("name", "bucket", "dbInstanceType", "allocatedStorage", "deploymentType", "publiclyAccessible")
    assert {key: instance.inputs[key] for key in shown} == {
        "name": "prod-market-data",
        "bucket": "market-data",
        "dbInstanceType": "db.influx.medium",
        "allocatedStorage": 20,
        "deploymentType": "WITH_MULTIAZ_STANDBY",
        "publiclyAccessible": False,
    }
    assert needed_names(instance, "vpcSecurityGroupIds") == {"groups-influx"}


def test_only_functions_that_use_series_reach_influxdb_and_by_that_not_the_internet() -> None:
    functions = {name: groups_of(named(other_choices(), f"functions-{name}")) for name in data.functions()}
    assert [name for name, groups in functions.items() if "influx-clients" in groups] == USES_SERIES
    assert [name for name, groups in functions.items() if "internet" in groups] == [
        name for name, row in data.functions().items() if row.internet
    ]
    about_influx = {rule.name for rule in other_choices().of_type(*RULES) if "influx" in rule.name}
    assert about_influx == {"groups-influx-clients-influx-8086-in", "groups-influx-clients-influx-8086-out"}


def test_only_functions_that_use_series_are_told_of_influxdb_and_read_its_secret() -> None:
    told = {"INFLUX_ADDRESS": UNKNOWN, "SECRET_INFLUX": UNKNOWN}
    found = {
        name: {
            key: value
            for key, value in named(other_choices(), f"functions-{name}").inputs["environment"]["variables"].items()
            if "INFLUX" in key or "SERIES" in key or "TIMESTREAM" in key
        }
        for name in data.functions()
    }
    assert found == {name: told if name in USES_SERIES else {} for name in data.functions()}
    policies = {policy.name for policy in other_choices().of_type("aws:iam/rolePolicy:RolePolicy")}
    assert {name for name in policies if name.endswith("-influx")} == {f"roles-{name}-influx" for name in USES_SERIES}


# Both stacks.


def expected_rule(stack: str, bucket: str) -> dict[str, Any]:
    """Return what the lifecycle of a bucket says about age, computed from the stack file."""
    settings = Project(ROOT).settings(stack)["buckets"]
    rule: dict[str, Any] = {"noncurrentVersionExpiration": {"noncurrentDays": settings["noncurrent_days"]}}
    if bucket == "audit-logs":
        rule["expiration"] = {"days": settings["audit_log_days"]}
        moves = settings.get("audit_log_transitions", [])
        if moves:
            rule["transitions"] = [{"days": m["days"], "storageClass": m["storage_class"]} for m in moves]
    if bucket in ("access-logs", "cdn-logs", "waf-logs"):
        rule["expiration"] = {"days": settings["log_days"]}
    return rule


@pytest.mark.parametrize("bucket", data.buckets())
def test_objects_age_as_the_stack_file_says(stack: str, bucket: str) -> None:
    found = named(preview(stack).graph, f"buckets-{bucket}-lifecycle")
    [rule] = found.inputs["rules"]
    about_age = ("expiration", "transitions", "noncurrentVersionExpiration")
    assert {key: rule[key] for key in about_age if rule.get(key)} == expected_rule(stack, bucket)


class Names:
    """Answers every registration with the resource's name as id: who gets whose id is seen by that."""

    parallel = 1

    def create(self, resource: Resource) -> tuple[str, Mapping[str, Any]]:
        outputs = {"arn": f"arn of {resource.name}", "executionArn": f"execution of {resource.name}"}
        hosts = {"primaryEndpointAddress": "redis.example.com", "endpoint": "influx.example.com"}
        return resource.name, {**outputs, **hosts, **proofs(resource)}

    def found(self, token: str, answer: Mapping[str, Any]) -> None:
        """Nothing has to exist: no registration is refused."""


@functools.cache
def deployed(stack: str) -> StackGraph:
    """Return a stack with ids in place of unknowns."""
    evaluation = evaluate_stack(Project(ROOT), stack, Names())
    assert evaluation.mistakes == ()
    return evaluation.graph


def subnets(stack: str, kind: str) -> list[str]:
    zones = Project(ROOT).settings(stack)["network"]["zones"]
    return [f"network-vpc-{kind}-{number}" for number, _ in enumerate(zones, start=1)]


def test_functions_lie_in_all_private_subnets(stack: str) -> None:
    functions = deployed(stack).of_type(FUNCTION)
    assert [f.name for f in functions if f.inputs["vpcConfig"]["subnetIds"] != subnets(stack, "private")] == []
    assert len(functions) == 35


def test_influxdb_lies_in_all_isolated_subnets() -> None:
    instance = named(other_choices(Names()), "influx-instance")
    assert instance.inputs["vpcSubnetIds"] == subnets("prod", "isolated")


def test_cache_lies_in_all_isolated_subnets(stack: str) -> None:
    assert named(deployed(stack), "cache-subnets").inputs["subnetIds"] == subnets(stack, "isolated")


def test_interface_endpoints_lie_in_all_private_subnets(stack: str) -> None:
    services = Project(ROOT).settings(stack)["network"]["interface_endpoints"]
    endpoints = {service: named(deployed(stack), f"network-{service}").inputs for service in services}
    placed = {service: (found["subnetIds"], found["securityGroupIds"]) for service, found in endpoints.items()}
    assert placed == dict.fromkeys(services, (subnets(stack, "private"), ["groups-endpoints"]))


def test_connection_strings_are_the_addresses_of_cache_and_series_without_a_token(stack: str) -> None:
    version = named(deployed(stack), "secrets-connection-strings-value")
    given = version.inputs["secretString"]
    assert isinstance(given, Secret)
    assert json.loads(given.value) == {
        "redis": "rediss://redis.example.com:6379",
        "market_data": "https://query.timestream.us-east-1.amazonaws.com",
    }


def test_records_stay_as_long_as_the_stack_file_says(stack: str) -> None:
    settings = Project(ROOT).settings(stack)["market_data"]
    tables = preview(stack).graph.of_type("aws:timestreamwrite/table:Table")
    assert {table.inputs["tableName"]: table.inputs["retentionProperties"] for table in tables} == {
        f"{stack}-{name}": {
            "memoryStoreRetentionPeriodInHours": settings["memory_hours"],
            "magneticStoreRetentionPeriodInDays": settings["magnetic_days"],
        }
        for name in data.series()
    }


@pytest.mark.parametrize("name", data.functions())
def test_function_is_told_its_series_and_where_they_are(stack: str, name: str) -> None:
    row = data.functions()[name]
    ingest, query = (f"https://{kind}.timestream.us-east-1.amazonaws.com" for kind in ("ingest", "query"))
    expected = {f"SERIES_{series.replace('-', '_').upper()}": f"{stack}-{series}" for series in row.series()}
    if row.series():
        expected["SERIES_DATABASE"] = f"{stack}-market-data"
        expected["TIMESTREAM_ENDPOINT"] = query if row.reads_series else ingest
    if row.writes_series:
        expected["TIMESTREAM_WRITE_ENDPOINT"] = ingest
    variables = named(preview(stack).graph, f"functions-{name}").inputs["environment"]["variables"]
    assert {key: value for key, value in variables.items() if "SERIES" in key or "TIMESTREAM" in key} == expected


def groups_of(function: Resource) -> set[str]:
    needed = {name for name in needed_names(function, "vpcConfig") if name.startswith("groups-")}
    return {name.removeprefix("groups-") for name in needed}


@pytest.mark.parametrize("name", data.functions())
def test_function_is_in_the_security_groups_of_what_it_calls(stack: str, name: str) -> None:
    row = data.functions()[name]
    # Timestream's endpoint is outside of the VPC.
    outside = row.internet or row.series()
    expected = {"functions", *(["internet"] if outside else []), *(["redis-clients"] if row.redis else [])}
    assert groups_of(named(preview(stack).graph, f"functions-{name}")) == expected


def test_rotation_reaches_the_cache_and_nothing_outside(graph: StackGraph) -> None:
    assert groups_of(named(graph, "functions-rotate-redis-token")) == {"functions", "redis-clients"}


def test_connections_between_security_groups_are_exactly_these(graph: StackGraph) -> None:
    assert sorted(rule.name.removeprefix("groups-") for rule in graph.of_type(*RULES)) == [
        "functions-dynamodb-443-out",
        "functions-endpoints-443-in",
        "functions-endpoints-443-out",
        "functions-s3-443-out",
        "internet-internet-443-out",
        "redis-clients-redis-6379-in",
        "redis-clients-redis-6379-out",
    ]


def test_token_of_the_cache_is_the_first_value_of_its_secret(graph: StackGraph) -> None:
    token = named(graph, "cache-redis").inputs["authToken"]
    assert isinstance(token, Secret)
    assert token == named(graph, "secrets-redis-token-first").inputs["secretString"]


def test_token_is_rotated_as_often_as_the_stack_file_says(stack: str) -> None:
    rotation = named(preview(stack).graph, "secrets-redis-token-rotation")
    days = Project(ROOT).settings(stack)["secrets"]["redis_token_rotation_days"]
    assert rotation.inputs["rotationRules"] == {"automaticallyAfterDays": days}


def test_data_is_protected_in_production_and_disposable_in_test(stack: str) -> None:
    protected = {"test": False, "prod": True}[stack]
    stateful = preview(stack).graph.of_type(
        "aws:dynamodb/table:Table",
        "aws:s3/bucket:Bucket",
        "aws:kms/key:Key",
        "aws:secretsmanager/secret:Secret",
        "aws:cognito/userPool:UserPool",
    )
    assert {(resource.options.protect, resource.options.retain_on_delete) for resource in stateful} == {
        (protected, protected)
    }
    assert len(stateful) == 32 + 8 + 4 + 6 + 1


def test_every_log_is_kept_as_long_as_the_stack_file_says(stack: str) -> None:
    groups = preview(stack).graph.of_type("aws:cloudwatch/logGroup:LogGroup")
    days = Project(ROOT).settings(stack)["log_retention_days"]
    assert {group.inputs["retentionInDays"] for group in groups} == {days}
    # Functions, the one that rotates, the flow log, two of the API, the workflows and the pipeline.
    assert len(groups) == 34 + 2 + 2 + 3 + 1


def test_rotation_is_told_its_secret_and_its_cache(stack: str) -> None:
    function = named(deployed(stack), "functions-rotate-redis-token")
    assert function.inputs["environment"]["variables"] == {
        "ENVIRONMENT": stack,
        "HANDLER_NAME": "rotate-redis-token",
        "REPLICATION_GROUP_ID": f"{stack}-redis",
        "REDIS_HOST": "redis.example.com",
        "REDIS_PORT": "6379",
        "SECRET_ARN": "arn of secrets-redis-token",
        "SECRETSMANAGER_ENDPOINT": "https://secretsmanager.us-east-1.amazonaws.com",
        "ELASTICACHE_ENDPOINT": "https://elasticache.us-east-1.amazonaws.com",
    }
