"""A resource that moto holds is read, changed in place and deleted as AWS and the provider do it.

The stack `test` lives through all of it in one sandbox. What it lacks, the programs of the adapters' tests have.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from plumbline.evaluate import evaluate, evaluate_stack
from plumbline.graph import Resource, Secret, StackGraph
from plumbline.monitor import DeployError
from plumbline.project import Project
from plumbline.sandbox import Sandbox
from plumbline.sandbox.adapters import ADAPTERS
from plumbline.sandbox.lifecycle import carried_out
from tests.evaluations import ROOT
from tests.plumbline.lifecycle_changes import CHANGES
from tests.plumbline.lifecycles import changes_of, deleted, differences, differing, label, made, one_of_each, updated
from tests.plumbline.rehearsals import TRUST, inside

REGION = "us-east-1"


def client(service: str) -> Any:
    return boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION).client(service)


def first(type_: str) -> Callable[[StackGraph], Resource]:
    return lambda graph: graph.of_type(type_)[0]


@dataclass(frozen=True)
class Alteration:
    """What somebody does behind Pulumi's back, and the one property that a refresh then shows, with its value."""

    find: Callable[[StackGraph], Resource]
    do: Callable[[Resource], Any]
    shows: dict[str, Any]


ALTERATIONS = {
    "a table's recovery": Alteration(
        first("aws:dynamodb/table:Table"),
        lambda r: client("dynamodb").update_continuous_backups(
            TableName=r.id, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
        ),
        {"pointInTimeRecovery": {"enabled": False}},
    ),
    "a function's memory": Alteration(
        first("aws:lambda/function:Function"),
        lambda r: client("lambda").update_function_configuration(FunctionName=r.id, MemorySize=3008),
        {"memorySize": 3008},
    ),
    "a bucket's public access": Alteration(
        first("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"),
        lambda r: client("s3").delete_public_access_block(Bucket=r.id),
        {"": "gone"},
    ),
    "a bucket's versions": Alteration(
        first("aws:s3/bucketVersioning:BucketVersioning"),
        lambda r: client("s3").put_bucket_versioning(Bucket=r.id, VersioningConfiguration={"Status": "Suspended"}),
        {"versioningConfiguration": {"status": "Suspended"}},
    ),
    "a queue's retention": Alteration(
        first("aws:sqs/queue:Queue"),
        lambda r: client("sqs").set_queue_attributes(QueueUrl=r.id, Attributes={"MessageRetentionPeriod": "60"}),
        {"messageRetentionSeconds": 60},
    ),
    "a role that is tagged": Alteration(
        first("aws:iam/role:Role"),
        lambda r: client("iam").tag_role(RoleName=r.id, Tags=[{"Key": "Owner", "Value": "nobody"}]),
        {"tags": "Owner"},
    ),
    "an alarm's threshold": Alteration(
        lambda graph: next(r for r in graph.of_type("aws:cloudwatch/metricAlarm:MetricAlarm") if r.get("metricName")),
        lambda r: client("cloudwatch").disable_alarm_actions(AlarmNames=[r.id]),
        {"actionsEnabled": False},
    ),
    "a key that is switched off": Alteration(
        first("aws:kms/key:Key"), lambda r: client("kms").disable_key(KeyId=r.id), {"isEnabled": False}
    ),
    "a log group that forgets": Alteration(
        first("aws:cloudwatch/logGroup:LogGroup"),
        lambda r: client("logs").put_retention_policy(logGroupName=r.id, retentionInDays=1),
        {"retentionInDays": 1},
    ),
    "a role's policy that is gone": Alteration(
        first("aws:iam/rolePolicy:RolePolicy"),
        lambda r: client("iam").delete_role_policy(RoleName=r.inputs["role"], PolicyName=r.inputs["name"]),
        {"": "gone"},
    ),
    "a rule that is switched off": Alteration(
        first("aws:cloudwatch/eventRule:EventRule"),
        lambda r: client("events").disable_rule(Name=r.inputs["name"], EventBusName=r.get("eventBusName", "default")),
        {"state": "DISABLED"},
    ),
}


# Of these either nothing but tags is changed in place, or what is names another resource that the stack has one of.
WITHOUT_CHANGE = [
    "aws:acm/certificate:Certificate",
    "aws:acm/certificateValidation:CertificateValidation",
    "aws:apigateway/basePathMapping:BasePathMapping",
    "aws:apigateway/usagePlanKey:UsagePlanKey",
    "aws:backup/vault:Vault",
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
    "aws:cloudwatch/logDeliverySource:LogDeliverySource",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws:ec2/eip:Eip",
    "aws:ec2/flowLog:FlowLog",
    "aws:ec2/internetGateway:InternetGateway",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/route:Route",
    "aws:ec2/routeTable:RouteTable",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:lambda/layerVersion:LayerVersion",
    "aws:lambda/permission:Permission",
    "aws:s3/bucket:Bucket",
    "aws:scheduler/scheduleGroup:ScheduleGroup",
    "aws:secretsmanager/secretVersion:SecretVersion",
    "aws:wafv2/webAclAssociation:WebAclAssociation",
]


@dataclass(frozen=True)
class Lived:
    """What came of the stack's whole life."""

    graph: StackGraph
    at_first: dict[str, Any]
    altered: dict[str, dict[str, Any]]
    repaired: dict[str, Any]
    wrong: dict[str, list[str]]
    refused: dict[str, str]
    still: list[str]
    held: dict[str, list[Any]]


@functools.cache
def lived() -> Lived:
    with Sandbox() as sandbox:
        evaluation = evaluate_stack(Project(ROOT), "test", sandbox)
        assert evaluation.mistakes == ()
        graph = evaluation.graph
        at_first = differences(sandbox, graph)
        wrong = {r.type: updated(sandbox, graph, r) for r in one_of_each(graph, lambda r: _can_change(graph, r))}
        altered, repaired = {}, {}
        for name, alteration in ALTERATIONS.items():
            resource = alteration.find(graph)
            alteration.do(resource)
            altered[name] = differing(sandbox, resource)
            if "" in altered[name]:
                sandbox.create(resource)
            else:
                before = _with(resource, altered[name])
                sandbox.update(before, resource, resource.id)
            repaired[name] = differing(sandbox, resource)
        return Lived(graph, at_first, altered, repaired, wrong, *deleted(sandbox, graph), held())


def _with(resource: Resource, changes: dict[str, Any]) -> Resource:
    inputs = {key: value for key, value in {**resource.inputs, **changes}.items() if value is not None}
    return dataclasses.replace(resource, inputs=inputs)


def _can_change(graph: StackGraph, resource: Resource) -> bool:
    try:
        changes_of(graph, resource)
    except LookupError:
        return False
    return True


def held() -> dict[str, list[Any]]:
    """Return what moto holds for itself, by kind."""
    keys = client("kms")
    states = [keys.describe_key(KeyId=row["KeyId"])["KeyMetadata"] for row in keys.list_keys()["Keys"]]
    return {
        "apis": client("apigateway").get_rest_apis()["items"],
        "alarms": client("cloudwatch").describe_alarms()["MetricAlarms"],
        "buckets": client("s3").list_buckets()["Buckets"],
        "buses": [row for row in client("events").list_event_buses()["EventBuses"] if row["Name"] != "default"],
        "certificates": client("acm").list_certificates()["CertificateSummaryList"],
        "distributions": client("cloudfront").list_distributions()["DistributionList"].get("Items", []),
        "functions": client("lambda").list_functions()["Functions"],
        "groups": [
            row for row in client("ec2").describe_security_groups()["SecurityGroups"] if row["GroupName"] != "default"
        ],
        # moto calls AWS's own keys the customer's.
        "keys": [
            row
            for row in states
            if row["KeyState"] != "PendingDeletion" and not row["Description"].startswith("Default master key")
        ],
        "log groups": client("logs").describe_log_groups()["logGroups"],
        "machines": client("stepfunctions").list_state_machines()["stateMachines"],
        "networks": [row for row in client("ec2").describe_vpcs()["Vpcs"] if not row["IsDefault"]],
        "addresses": client("ec2").describe_addresses()["Addresses"],
        "policies": client("iam").list_policies(Scope="Local")["Policies"],
        "pools": client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
        "roles": client("iam").list_roles()["Roles"],
        "rules": client("events").list_rules()["Rules"],
        "schedules": client("scheduler").list_schedules()["Schedules"],
        "secrets": [row for row in client("secretsmanager").list_secrets()["SecretList"] if not row.get("DeletedDate")],
        "series": client("timestream-write").list_databases()["Databases"],
        "tables": client("dynamodb").list_tables()["TableNames"],
        "topics": client("sns").list_topics()["Topics"],
        "vaults": client("backup").list_backup_vaults()["BackupVaultList"],
    }


def test_a_stack_that_nobody_touched_shows_no_difference() -> None:
    assert lived().at_first == {}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_a_refresh_shows_what_was_altered_and_nothing_else(what: str) -> None:
    shown, wanted = lived().altered[what], ALTERATIONS[what].shows
    assert sorted(shown) == sorted(wanted)
    for name, value in wanted.items():
        assert shown[name] == value or (name == "tags" and shown[name]["Owner"] == "nobody")


def test_an_update_repairs_what_was_altered() -> None:
    assert {name: what for name, what in lived().repaired.items() if what} == {}


def test_every_type_of_the_stack_is_changed_in_place_and_back() -> None:
    assert {type_: wrong for type_, wrong in lived().wrong.items() if wrong} == {}


def test_the_types_without_a_change_in_place_are_known() -> None:
    types = {resource.type for resource in made(lived().graph)}
    assert sorted(types - CHANGES.keys()) == WITHOUT_CHANGE


def test_a_stack_is_deleted_whole_and_twice() -> None:
    assert (lived().refused, lived().still) == ({}, [])


def test_nothing_of_a_deleted_stack_is_left() -> None:
    assert {kind: rows for kind, rows in lived().held.items() if rows} == {}


@pytest.mark.parametrize("type_", sorted(ADAPTERS))
def test_every_type_that_is_made_is_read_changed_and_deleted(type_: str) -> None:
    assert carried_out(type_) == ("create", "read", "update", "delete")


# What AWS refuses to delete, and what it keeps of an account when the resource that sets it is gone.
REFUSED = {
    "everything": {"aws:dynamodb/table:Table table": "ValidationException"},
    "storage": {"aws:s3/bucket:Bucket logs": "BucketNotEmpty"},
}
KEPT = {
    "everything": ["aws:dynamodb/table:Table table"],
    "network": ["aws:ebs/encryptionByDefault:EncryptionByDefault encryption"],
    "storage": ["aws:s3/bucket:Bucket logs", "aws:s3/bucketVersioning:BucketVersioning never"],
}
PROGRAMS = {
    "everything": "test_sandbox",
    "account": "test_sandbox_account",
    "api": "test_sandbox_api",
    "backups": "test_sandbox_backup",
    "containers": "test_sandbox_containers",
    "pages": "test_sandbox_cdn",
    "resting": "test_sandbox_costs",
    "names": "test_sandbox_dns",
    "firewalls": "test_sandbox_firewall",
    "monitoring": "test_sandbox_monitoring",
    "network": "test_sandbox_network",
    "repositories": "test_sandbox_pipeline",
    "services": "test_sandbox_services",
    "sockets": "test_sandbox_sockets",
    "storage": "test_sandbox_storage",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_lives_through_all_of_it(name: str) -> None:
    program = getattr(importlib.import_module(f"tests.plumbline.{PROGRAMS[name]}"), name)
    with Sandbox() as sandbox:
        graph = evaluate(program, root=ROOT, deployer=sandbox).graph
        assert differences(sandbox, graph) == {}
        resources = [resource for resource in made(graph) if _can_change(graph, resource)]
        wrong = {label(resource): updated(sandbox, graph, resource) for resource in resources}
        assert {key: lines for key, lines in wrong.items() if lines} == {}
        assert deleted(sandbox, graph) == (REFUSED.get(name, {}), KEPT.get(name, []))


def test_no_value_of_a_variable_is_shown_that_may_be_a_secret() -> None:
    def program() -> None:
        opts = inside()
        role = aws.iam.Role("role", name="role", assume_role_policy=TRUST, opts=opts)
        aws.lambda_.Function(
            "function",
            name="function",
            role=role.arn,
            runtime="python3.13",
            handler="main.run",
            code=pulumi.AssetArchive({"main.py": pulumi.StringAsset("X = 1")}),
            environment={"variables": {"TOKEN": pulumi.Output.secret("declared"), "PLAIN": "plain"}},
            opts=opts,
        )

    with Sandbox() as sandbox:
        graph = evaluate(program, root=ROOT, deployer=sandbox).graph
        (function,) = graph.of_type("aws:lambda/function:Function")
        assert differing(sandbox, function) == {}
        variables = {"TOKEN": "altered", "PLAIN": "other", "ADDED": "added"}
        sandbox.context.client("lambda").update_function_configuration(
            FunctionName="function", Environment={"Variables": variables}
        )
        shown = differing(sandbox, function)
    environment = shown["environment"].value if isinstance(shown["environment"], Secret) else shown["environment"]
    held = environment["variables"]
    held = held.value if isinstance(held, Secret) else held
    assert sorted(held) == ["ADDED", "PLAIN", "TOKEN"]
    assert "added" not in repr(shown)
    assert "altered" not in repr(shown)


def test_a_simulated_resource_is_what_it_is_declared_to_be() -> None:
    type_ = "aws:elasticache/parameterGroup:ParameterGroup"
    before = Resource(urn="urn:a", type=type_, name="a", inputs={"name": "a", "family": "redis7"}, outputs={"arn": "x"})
    now = dataclasses.replace(before, inputs={**before.inputs, "description": "Changed"})
    with Sandbox() as sandbox:
        assert sandbox.read(now, "a") == now.inputs
        assert sandbox.update(before, now, "a")["arn"].endswith(":parameterGroup/a")
        sandbox.delete(now, "a")
        assert sandbox.read(now, "a") == now.inputs


def test_what_the_sandbox_cannot_change_is_refused_and_not_only_declared() -> None:
    with Sandbox() as sandbox:
        graph = evaluate(lambda: aws.sns.Topic("topic", name="topic", opts=inside()), root=ROOT, deployer=sandbox).graph
        (topic,) = graph.of_type("aws:sns/topic:Topic")
        table = Resource(urn="urn:b", type="aws:ec2/flowLog:FlowLog", name="b", inputs={"vpcId": "vpc-1"})
        changed = dataclasses.replace(table, inputs={"vpcId": "vpc-1", "trafficType": "ALL"})
        with pytest.raises(DeployError, match=r"^trafficType cannot be updated in the sandbox$"):
            sandbox.update(table, changed, "fl-1")
        assert sandbox.read(topic, topic.id) is not None


def test_a_table_gets_and_loses_an_index() -> None:
    attributes: list[Any] = [{"name": "id", "type": "S"}, {"name": "day", "type": "S"}]
    index = {"name": "by-day", "keySchemas": [{"attributeName": "day", "keyType": "HASH"}], "projectionType": "ALL"}

    def program() -> None:
        aws.dynamodb.Table(
            "table",
            name="table",
            hash_key="id",
            billing_mode="PAY_PER_REQUEST",
            attributes=attributes[:1],
            opts=inside(),
        )

    with Sandbox() as sandbox:
        graph = evaluate(program, root=ROOT, deployer=sandbox).graph
        (table,) = graph.of_type("aws:dynamodb/table:Table")
        more = {**table.inputs, "attributes": attributes, "globalSecondaryIndexes": [index]}
        now = dataclasses.replace(table, inputs=more)
        sandbox.update(table, now, table.id)
        assert differing(sandbox, now) == {}
        assert sorted(differing(sandbox, table)) == ["attributes", "globalSecondaryIndexes"]
        sandbox.update(now, table, table.id)
        assert differing(sandbox, table) == {}
