"""The sandbox makes what the program declares, the same in each run, and leaves nothing behind."""

from __future__ import annotations

import functools
import json
import os
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest
from conftest import ROOT, preview, run_program

from plumbline.commands import subject
from plumbline.evaluate import Evaluation, evaluate_stack
from plumbline.project import Project
from plumbline.sandbox import Sandbox
from plumbline.sandbox.adapters import ADAPTERS
from plumbline.verdicts import judge, ledger

ACCOUNT = "210987654321"
REGION = "eu-west-1"
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
READ = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def program() -> None:
    """One resource of every type that has an adapter, and one that has none."""
    provider = aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT])
    opts = pulumi.ResourceOptions(provider=provider)
    table = aws.dynamodb.Table(
        "orders",
        name="orders",
        billing_mode="PROVISIONED",
        read_capacity=5,
        write_capacity=5,
        hash_key="id",
        range_key="at",
        attributes=[{"name": "id", "type": "S"}, {"name": "at", "type": "N"}, {"name": "day", "type": "S"}],
        global_secondary_indexes=[
            {
                "name": "by-day",
                "projection_type": "ALL",
                "key_schemas": [{"attribute_name": "day", "key_type": "HASH"}],
                "read_capacity": 5,
                "write_capacity": 5,
            }
        ],
        ttl={"enabled": True, "attribute_name": "until"},
        point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True},
        deletion_protection_enabled=True,
        tags={"Owner": "team"},
        opts=opts,
    )
    role = aws.iam.Role("worker", name="worker", assume_role_policy=_document(TRUST), tags={"Owner": "team"}, opts=opts)
    aws.iam.RolePolicy("reads", name="reads", role=role.name, policy=_document(READ), opts=opts)
    group = aws.cloudwatch.LogGroup("log", name="/aws/lambda/work", retention_in_days=30, opts=opts)
    queue = aws.sqs.Queue("letters", name="letters", message_retention_seconds=1_209_600, opts=opts)
    code = pulumi.AssetArchive({"work.py": pulumi.StringAsset("def handler(event, context): ...\n")})
    layer = aws.lambda_.LayerVersion(
        "layer", layer_name="shared", code=code, compatible_runtimes=["python3.13"], opts=opts
    )
    function = aws.lambda_.Function(
        "work",
        name="work",
        role=role.arn,
        runtime="python3.13",
        handler="work.handler",
        code=code,
        memory_size=512,
        timeout=30,
        layers=[layer.arn],
        environment={"variables": {"TABLE": table.name}},
        logging_config={"log_format": "JSON", "log_group": group.name},
        tracing_config={"mode": "Active"},
        dead_letter_config={"target_arn": queue.arn},
        reserved_concurrent_executions=7,
        publish=True,
        opts=opts,
    )
    alias = aws.lambda_.Alias(
        "live", name="live", function_name=function.name, function_version=function.version, opts=opts
    )
    aws.lambda_.ProvisionedConcurrencyConfig(
        "warm", function_name=function.name, qualifier=alias.name, provisioned_concurrent_executions=1, opts=opts
    )
    target = aws.appautoscaling.Target(
        "target",
        service_namespace="dynamodb",
        resource_id=pulumi.Output.concat("table/", table.name),
        scalable_dimension="dynamodb:table:ReadCapacityUnits",
        min_capacity=5,
        max_capacity=50,
        opts=opts,
    )
    aws.appautoscaling.Policy(
        "policy",
        name="utilization",
        policy_type="TargetTrackingScaling",
        service_namespace=target.service_namespace,
        resource_id=target.resource_id,
        scalable_dimension=target.scalable_dimension,
        target_tracking_scaling_policy_configuration={
            "target_value": 70,
            "predefined_metric_specification": {"predefined_metric_type": "DynamoDBReadCapacityUtilization"},
        },
        opts=opts,
    )
    aws.cloudwatch.CompositeAlarm("all", alarm_name="all", alarm_rule="ALARM(a)", opts=opts)
    pulumi.export("function", function.arn)


def _client(service: str) -> Any:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION)
    return session.client(service)


@pytest.fixture
def deployed() -> Any:
    """Deploy the program and look around in its sandbox."""
    with Sandbox() as sandbox:
        evaluation = run_program(program, deployer=sandbox)
        assert evaluation.mistakes == ()
        yield evaluation, sandbox


def test_every_adapter_was_used_and_the_rest_is_counted_as_simulated(deployed: tuple[Evaluation, Sandbox]) -> None:
    _, sandbox = deployed
    assert set(sandbox.materialised) == set(ADAPTERS)
    assert sandbox.simulated == {
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": 1,
        "aws:cloudwatch/compositeAlarm:CompositeAlarm": 1,
    }


def test_a_table_exists_as_declared(deployed: tuple[Evaluation, Sandbox]) -> None:
    client = _client("dynamodb")
    table = client.describe_table(TableName="orders")["Table"]
    assert table["TableArn"] == f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
    assert table["KeySchema"] == [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "at", "KeyType": "RANGE"},
    ]
    (index,) = table["GlobalSecondaryIndexes"]
    assert (index["IndexName"], index["KeySchema"]) == ("by-day", [{"AttributeName": "day", "KeyType": "HASH"}])
    assert table["DeletionProtectionEnabled"] is True
    assert table["SSEDescription"]["Status"] == "ENABLED"
    ttl = client.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    backups = client.describe_continuous_backups(TableName="orders")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    tags = client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert tags == [{"Key": "Owner", "Value": "team"}]


def test_a_function_exists_as_declared(deployed: tuple[Evaluation, Sandbox]) -> None:
    client = _client("lambda")
    function = client.get_function(FunctionName="work")
    configuration = function["Configuration"]
    assert (configuration["MemorySize"], configuration["Timeout"]) == (512, 30)
    assert configuration["Environment"] == {"Variables": {"TABLE": "orders"}}
    assert configuration["TracingConfig"] == {"Mode": "Active"}
    assert configuration["Role"] == f"arn:aws:iam::{ACCOUNT}:role/worker"
    assert [layer["Arn"] for layer in configuration["Layers"]] == [f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:shared:1"]
    assert function["Concurrency"] == {"ReservedConcurrentExecutions": 7}
    assert client.get_alias(FunctionName="work", Name="live")["FunctionVersion"] == "1"


def test_a_role_has_its_policy(deployed: tuple[Evaluation, Sandbox]) -> None:
    client = _client("iam")
    assert client.get_role(RoleName="worker")["Role"]["AssumeRolePolicyDocument"] == json.loads(_document(TRUST))
    policy = client.get_role_policy(RoleName="worker", PolicyName="reads")["PolicyDocument"]
    assert policy == json.loads(_document(READ))


def test_logs_queues_and_scaling_exist_as_declared(deployed: tuple[Evaluation, Sandbox]) -> None:
    (group,) = _client("logs").describe_log_groups()["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == ("/aws/lambda/work", 30)
    sqs = _client("sqs")
    url = sqs.get_queue_url(QueueName="letters")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["MessageRetentionPeriod"])["Attributes"]
    assert attributes == {"MessageRetentionPeriod": "1209600"}
    scaling = _client("application-autoscaling")
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert (target["ResourceId"], target["MinCapacity"], target["MaxCapacity"]) == ("table/orders", 5, 50)
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70


def test_outputs_are_known_and_the_same_in_each_run() -> None:
    graphs = []
    for _ in range(2):
        with Sandbox() as sandbox:
            graphs.append(run_program(program, deployer=sandbox).graph)
    assert graphs[0].outputs == {"function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work"}
    assert graphs[0] == graphs[1]


def test_a_simulated_resource_has_an_arn_of_its_account(deployed: tuple[Evaluation, Sandbox]) -> None:
    evaluation, _ = deployed
    (alarm,) = evaluation.graph.of_type("aws:cloudwatch/compositeAlarm:CompositeAlarm")
    assert alarm.outputs == {"arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:compositeAlarm/all"}


def test_what_aws_refuses_is_one_line_and_hides_no_cause() -> None:
    def twice() -> None:
        for name in ("a", "b"):
            aws.sqs.Queue(name, name="same", visibility_timeout_seconds=30 if name == "a" else 60)

    with Sandbox() as sandbox:
        (mistake,) = run_program(twice, deployer=sandbox).mistakes
    assert mistake.startswith("tests/plumbline/test_sandbox.py:")
    assert "aws:sqs/queue:Queue b: QueueAlreadyExists: " in mistake


def test_the_environment_is_as_it_was() -> None:
    before = dict(os.environ)
    with Sandbox() as sandbox:
        run_program(program, deployer=sandbox)
    assert dict(os.environ) == before


def test_a_package_in_a_bucket_makes_the_function_exist() -> None:
    def packaged() -> None:
        role = aws.iam.Role("worker", name="worker", assume_role_policy=_document(TRUST))
        aws.lambda_.Function(
            "work",
            name="work",
            role=role.arn,
            runtime="python3.13",
            handler="main.handler",
            s3_bucket="packages",
            s3_key="work.zip",
        )

    with Sandbox() as sandbox:
        evaluation = run_program(packaged, deployer=sandbox)
    assert evaluation.mistakes == ()
    assert sandbox.materialised["aws:lambda/function:Function"] == 1


@functools.cache
def _trading() -> tuple[Evaluation, Sandbox]:
    with Sandbox() as sandbox:
        return evaluate_stack(Project(ROOT), "test", sandbox), sandbox


def test_the_whole_test_stack_stands() -> None:
    evaluation, sandbox = _trading()
    assert (evaluation.mistakes, evaluation.warnings) == ((), ())
    assert sandbox.simulated.total() == 0
    custom = [r for r in evaluation.graph if r.custom and not r.type.startswith("pulumi:")]
    assert sandbox.materialised.total() == len(custom)


def test_verdicts_are_the_same_before_and_after_the_deployment() -> None:
    entries = ledger(ROOT, "trading")
    project = Project(ROOT)
    after = judge(entries, subject(project, "test", _trading()[0].graph))
    before = judge(entries, subject(project, "test", preview("test").graph))
    assert after == before
