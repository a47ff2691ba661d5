"""The in-process AWS holds what a program declares, the same in each run, and leaves nothing behind."""

from __future__ import annotations

import functools
import json
import os
from collections import Counter
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from plumbline.changes import compare
from plumbline.commands import subject
from plumbline.contract import encode
from plumbline.evaluate import Evaluation
from plumbline.graph import UNKNOWN, Resource, walk
from plumbline.project import Project
from plumbline.sandbox import Sandbox
from plumbline.sandbox.adapters import ADAPTERS
from plumbline.verdicts import judge, ledger
from tests.evaluations import ROOT, deployed, preview
from tests.plumbline import (
    test_sandbox_account,
    test_sandbox_api,
    test_sandbox_backup,
    test_sandbox_cdn,
    test_sandbox_containers,
    test_sandbox_costs,
    test_sandbox_dns,
    test_sandbox_firewall,
    test_sandbox_monitoring,
    test_sandbox_network,
    test_sandbox_pipeline,
    test_sandbox_services,
    test_sandbox_sockets,
    test_sandbox_storage,
    test_sandbox_users,
)
from tests.plumbline.rehearsals import (
    ACCOUNT,
    REGION,
    TRUST,
    Rehearsal,
    part,
    rehearse,
)

TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/dev-table"
KIND_KEY = [("kind", "HASH"), ("at", "RANGE")]


def reading(arn: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": arn}
    return {"Version": "2012-10-17", "Statement": [statement]}


def everything() -> None:
    """Register one resource of every type that the sandbox makes, and two that it simulates."""
    provider = aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT])
    inside = pulumi.ResourceOptions(provider=provider)
    tags = {"Owner": "team"}
    queue = aws.sqs.Queue(
        "queue",
        name="dev-queue",
        visibility_timeout_seconds=45,
        message_retention_seconds=86400,
        sqs_managed_sse_enabled=True,
        tags=tags,
        opts=inside,
    )
    table = aws.dynamodb.Table(
        "table",
        name="dev-table",
        billing_mode="PROVISIONED",
        read_capacity=5,
        write_capacity=6,
        hash_key="id",
        range_key="at",
        attributes=[{"name": "id", "type": "S"}, {"name": "at", "type": "N"}, {"name": "kind", "type": "S"}],
        global_secondary_indexes=[
            {
                "name": "kind-index",
                "key_schemas": [{"attribute_name": name, "key_type": kind} for name, kind in KIND_KEY],
                "projection_type": "INCLUDE",
                "non_key_attributes": ["more"],
                "read_capacity": 7,
                "write_capacity": 8,
            }
        ],
        ttl={"enabled": True, "attribute_name": "expiresAt"},
        point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True},
        deletion_protection_enabled=True,
        tags=tags,
        opts=inside,
    )
    role = aws.iam.Role(
        "role", name="dev-role", path="/team/", assume_role_policy=TRUST, description="Runs it", tags=tags, opts=inside
    )
    policy = table.arn.apply(lambda arn: json.dumps(reading(arn)))
    aws.iam.RolePolicy("policy", name="read", role=role.name, policy=policy, opts=inside)
    log = aws.cloudwatch.LogGroup("log", name="/aws/lambda/dev", retention_in_days=30, tags=tags, opts=inside)
    layer = aws.lambda_.LayerVersion(
        "layer",
        layer_name="dev-layer",
        code=pulumi.AssetArchive({"python/shared.py": pulumi.StringAsset("X = 1")}),
        compatible_runtimes=["python3.12"],
        opts=inside,
    )
    function = aws.lambda_.Function(
        "function",
        name="dev-function",
        role=role.arn,
        runtime="python3.12",
        handler="main.handler",
        code=pulumi.AssetArchive({"main.py": pulumi.StringAsset("def handler(event, context): ...")}),
        memory_size=512,
        timeout=30,
        publish=True,
        layers=[layer.arn],
        environment={"variables": {"TABLE": table.name}},
        tracing_config={"mode": "Active"},
        dead_letter_config={"target_arn": queue.arn},
        logging_config={"log_format": "JSON", "log_group": log.name},
        reserved_concurrent_executions=20,
        tags=tags,
        opts=inside,
    )
    alias = aws.lambda_.Alias(
        "alias", name="live", function_name=function.name, function_version=function.version, opts=inside
    )
    aws.lambda_.Permission(
        "permission",
        action="lambda:InvokeFunction",
        function=alias.function_name,
        qualifier=alias.name,
        principal="secretsmanager.amazonaws.com",
        source_account=ACCOUNT,
        opts=inside,
    )
    aws.lambda_.ProvisionedConcurrencyConfig(
        "provisioned",
        function_name=function.name,
        qualifier=alias.name,
        provisioned_concurrent_executions=2,
        opts=inside,
    )
    aws.elasticache.ParameterGroup("parameters", name="dev-parameters", family="redis7", opts=inside)
    dimension = {
        "service_namespace": "dynamodb",
        "resource_id": table.name.apply(lambda name: f"table/{name}"),
        "scalable_dimension": "dynamodb:table:ReadCapacityUnits",
    }
    aws.appautoscaling.Target("target", min_capacity=5, max_capacity=50, **dimension, opts=inside)
    tracking = {
        "target_value": 70,
        "predefined_metric_specification": {"predefined_metric_type": "DynamoDBReadCapacityUtilization"},
    }
    aws.appautoscaling.Policy(
        "scaling",
        name="dev-scaling",
        policy_type="TargetTrackingScaling",
        target_tracking_scaling_policy_configuration=tracking,
        **dimension,
        opts=inside,
    )
    pulumi.export("queue", queue.url)
    pulumi.export("function", function.arn)


def look() -> dict[str, Any]:
    """Ask the sandbox for everything, with clients of our own."""
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION)
    dynamodb, functions, sqs = session.client("dynamodb"), session.client("lambda"), session.client("sqs")
    iam, logs, scaling = session.client("iam"), session.client("logs"), session.client("application-autoscaling")
    name = {"FunctionName": "dev-function"}
    url = sqs.get_queue_url(QueueName="dev-queue")["QueueUrl"]
    return {
        "table": dynamodb.describe_table(TableName="dev-table")["Table"],
        "table tags": dynamodb.list_tags_of_resource(ResourceArn=TABLE_ARN)["Tags"],
        "ttl": dynamodb.describe_time_to_live(TableName="dev-table")["TimeToLiveDescription"],
        "backups": dynamodb.describe_continuous_backups(TableName="dev-table")["ContinuousBackupsDescription"],
        "function": functions.get_function(**name)["Configuration"],
        "function tags": functions.get_function(**name)["Tags"],
        "concurrency": functions.get_function_concurrency(**name)["ReservedConcurrentExecutions"],
        "alias": functions.get_alias(**name, Name="live"),
        "layers": functions.list_layers()["Layers"],
        "permission": json.loads(functions.get_policy(**name, Qualifier="live")["Policy"])["Statement"],
        "role": iam.get_role(RoleName="dev-role")["Role"],
        "policy": iam.get_role_policy(RoleName="dev-role", PolicyName="read"),
        "log": logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/dev")["logGroups"],
        "queue": sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"],
        "queue tags": sqs.list_queue_tags(QueueUrl=url)["Tags"],
        "targets": scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"],
        "policies": scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"],
        "account": session.client("sts").get_caller_identity()["Account"],
    }


@functools.cache
def whole() -> Rehearsal:
    return rehearse(everything, look)


EXPECTED: dict[str, Any] = {
    "table": {
        "TableName": "dev-table",
        "TableArn": TABLE_ARN,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
        "DeletionProtectionEnabled": True,
        "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS"},
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "kind-index",
                "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in KIND_KEY],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["more"]},
                "ProvisionedThroughput": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 8},
            }
        ],
    },
    "table tags": [{"Key": "Owner", "Value": "team"}],
    "ttl": {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"},
    "backups": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}},
    "function": {
        "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:dev-function",
        "Runtime": "python3.12",
        "Handler": "main.handler",
        "Role": f"arn:aws:iam::{ACCOUNT}:role/team/dev-role",
        "MemorySize": 512,
        "Timeout": 30,
        "Environment": {"Variables": {"TABLE": "dev-table"}},
        "TracingConfig": {"Mode": "Active"},
        "Layers": [{"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:dev-layer:1"}],
    },
    "function tags": {"Owner": "team"},
    "concurrency": 20,
    "alias": {"Name": "live", "FunctionVersion": "1"},
    "layers": [{"LayerName": "dev-layer", "LatestMatchingVersion": {"CompatibleRuntimes": ["python3.12"]}}],
    "permission": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "secretsmanager.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}},
        }
    ],
    "role": {"Path": "/team/", "Description": "Runs it", "AssumeRolePolicyDocument": json.loads(TRUST)},
    "policy": {"PolicyDocument": reading(TABLE_ARN)},
    "log": [{"logGroupName": "/aws/lambda/dev", "retentionInDays": 30}],
    "queue": {"VisibilityTimeout": "45", "MessageRetentionPeriod": "86400", "SqsManagedSseEnabled": "true"},
    "queue tags": {"Owner": "team"},
    "targets": [{"ResourceId": "table/dev-table", "MinCapacity": 5, "MaxCapacity": 50}],
    "policies": [
        {
            "PolicyName": "dev-scaling",
            "ResourceId": "table/dev-table",
            "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0},
        }
    ],
    "account": ACCOUNT,
}


@pytest.mark.parametrize("what", list(EXPECTED))
def test_boto3_sees_what_was_declared(what: str) -> None:
    assert whole().evaluation.mistakes == ()
    assert part(whole().seen[what], EXPECTED[what]) == EXPECTED[what]


def test_every_adapter_is_rehearsed_and_the_rest_is_counted_as_simulated() -> None:
    others = (
        test_sandbox_account,
        test_sandbox_api,
        test_sandbox_backup,
        test_sandbox_cdn,
        test_sandbox_containers,
        test_sandbox_costs,
        test_sandbox_dns,
        test_sandbox_firewall,
        test_sandbox_monitoring,
        test_sandbox_network,
        test_sandbox_pipeline,
        test_sandbox_services,
        test_sandbox_sockets,
        test_sandbox_storage,
        test_sandbox_users,
    )
    rehearsed = set(whole().materialised).union(*(module.whole().materialised for module in others))
    assert rehearsed == set(ADAPTERS)
    assert set(whole().materialised.values()) == {1}
    assert whole().simulated == {
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": 1,
        "aws:elasticache/parameterGroup:ParameterGroup": 1,
    }
    parameters = whole().resources["parameters"]
    arn = f"arn:aws:elasticache:{REGION}:{ACCOUNT}:parameterGroup/dev-parameters"
    assert (parameters.id, parameters.outputs) == ("dev-parameters", {"arn": arn})


def test_outputs_are_known_and_reach_other_resources() -> None:
    resources = whole().resources
    assert [path for r in resources.values() for path, leaf in walk(r.inputs) if leaf is UNKNOWN] == []
    assert resources["function"].inputs["layers"] == [resources["layer"].outputs["arn"]]
    assert resources["alias"].inputs["functionVersion"] == resources["function"].outputs["version"] == "1"
    assert whole().evaluation.graph.outputs == {
        "queue": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/dev-queue",
        "function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:dev-function",
    }


def test_each_resource_is_reported_as_it_is_made() -> None:
    assert sorted(whole().named) == sorted(resource.name for resource in whole().evaluation.graph if resource.custom)


def test_the_same_program_twice_gives_the_same_stack() -> None:
    again = rehearse(everything)
    assert again.evaluation.mistakes == ()
    for first, second in zip(whole().evaluation.graph, again.evaluation.graph, strict=True):
        assert (first.urn, first.id, encode(first.outputs)) == (second.urn, second.id, encode(second.outputs))
    assert again.evaluation.graph.outputs == whole().evaluation.graph.outputs


def test_what_aws_refuses_is_one_line_and_hides_no_cause() -> None:
    def program() -> None:
        aws.cloudwatch.LogGroup("first", name="same")
        second = aws.cloudwatch.LogGroup("second", name="same")
        aws.sqs.Queue("needs", name="needs", tags={"arn": second.arn})
        aws.sqs.Queue("queue", name="queue")

    rehearsal = rehearse(program)
    (line,) = rehearsal.evaluation.mistakes
    assert line.startswith("tests/plumbline/test_sandbox.py:")
    assert "aws:cloudwatch/logGroup:LogGroup second: ResourceAlreadyExistsException: " in line
    assert "\n" not in line
    assert rehearsal.resources["queue"].id.endswith("/queue")


def test_a_package_in_a_bucket_makes_the_function_exist() -> None:
    def program() -> None:
        role = aws.iam.Role("role", name="role", assume_role_policy=TRUST)
        package = {"s3_bucket": "packages", "s3_key": "work.zip"}
        aws.lambda_.Function("work", name="work", role=role.arn, runtime="python3.13", handler="main.run", **package)

    rehearsal = rehearse(program)
    assert rehearsal.evaluation.mistakes == ()
    assert rehearsal.materialised["aws:lambda/function:Function"] == 1


def test_a_sandbox_is_empty_at_its_start() -> None:
    for _ in range(2):
        assert rehearse(lambda: aws.cloudwatch.LogGroup("a", name="same") and None).evaluation.mistakes == ()


@pytest.mark.parametrize("account", [None, "999988887777"])
def test_the_environment_is_as_it_was(account: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOTO_ACCOUNT_ID", raising=False)
    if account is not None:
        monkeypatch.setenv("MOTO_ACCOUNT_ID", account)
    before = dict(os.environ)

    def program() -> None:
        provider = aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT])
        aws.sqs.Queue("a", name="a", opts=pulumi.ResourceOptions(provider=provider))

    queue = rehearse(program).resources["a"]
    assert queue.outputs["arn"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:a"
    assert dict(os.environ) == before
    with pytest.raises(KeyError), Sandbox():
        raise KeyError
    assert dict(os.environ) == before


UNNAMED = Resource(urn="urn:pulumi:test::p::aws:sqs/queue:Queue::q", type="aws:sqs/queue:Queue", name="q")


def test_a_resource_without_a_name_gets_one_of_its_own() -> None:
    with Sandbox() as sandbox:
        identity, outputs = sandbox.create(UNNAMED)
        assert identity.endswith(f"/{outputs['name']}")
        assert outputs["name"].startswith("q-")


def test_a_secret_reaches_the_sandbox() -> None:
    def program() -> None:
        aws.sqs.Queue("a", name="a", tags={"token": pulumi.Output.secret("hunter2")})

    assert rehearse(program).evaluation.mistakes == ()


def trading() -> tuple[Evaluation, Counter[str], Counter[str]]:
    """Return an up of the trading stack "test"."""
    up = deployed("test")
    return up.evaluation, up.materialised, up.simulated


def test_the_trading_stack_stands() -> None:
    evaluation, materialised, simulated = trading()
    assert (evaluation.mistakes, evaluation.warnings) == ((), ())
    # moto has no parameter groups of ElastiCache, no policies of CloudFront, no selections and notices of AWS Backup,
    # and no rules of composite alarms.
    assert simulated == Counter(
        {
            "aws:backup/selection:Selection": 1,
            "aws:backup/vaultNotifications:VaultNotifications": 1,
            "aws:elasticache/parameterGroup:ParameterGroup": 1,
            "aws:cloudfront/cachePolicy:CachePolicy": 1,
            "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": 2,
            "aws:cloudwatch/compositeAlarm:CompositeAlarm": 1,
        }
    )
    planned = preview("test").graph
    made = [resource for resource in planned if resource.custom and not resource.type.startswith("pulumi:")]
    assert materialised + simulated == Counter(resource.type for resource in made)
    assert list(evaluation.graph.resources) == list(planned.resources)
    assert all(resource.id for resource in evaluation.graph if resource.custom)


def test_an_up_of_the_trading_stack_has_the_previews_verdicts_and_decides_the_unknown_ones() -> None:
    project, entries = Project(ROOT), ledger(ROOT, "trading")
    made = judge(entries, subject(project, "test", trading()[0].graph))
    planned = judge(entries, subject(project, "test", preview("test").graph))
    later = {id_ for id_, verdict in planned.items() if verdict.word == "unknown"}
    assert {id_: verdict for id_, verdict in made.items() if id_ not in later} == {
        id_: verdict for id_, verdict in planned.items() if id_ not in later
    }
    # Which of a VPC's subnets are meant, only their ids say; and which resource an output tells of, only its value.
    unknown = ("00.6", "02.0", "02.4", "06.0", "06.4", "08.0", "08.2", "21.0", "21.4")
    assert later == {f"TRADING-{number}" for number in unknown}
    assert {made[id_].word for id_ in later} == {"pass", "deviation"}


def test_a_preview_after_an_up_of_the_trading_stack_changes_nothing() -> None:
    changes = compare(trading()[0].graph, preview("test").graph)
    assert [change for change in changes if change.action != "same"] == []
