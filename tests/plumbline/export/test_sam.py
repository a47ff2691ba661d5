"""The SAM template of a small stack: references instead of ids, nothing secret, and what it leaves out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import yaml

from plumbline.export.sam import Template
from tests.plumbline.export.sam_tools import linted, of_program, translated

TRUST = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}


def shop() -> None:
    table = aws.dynamodb.Table(
        "orders",
        name="shop-orders",
        billing_mode="PAY_PER_REQUEST",
        hash_key="PK",
        range_key="SK",
        attributes=[{"name": "PK", "type": "S"}, {"name": "SK", "type": "S"}],
        point_in_time_recovery={"enabled": True},
        opts=pulumi.ResourceOptions(protect=True),
    )
    dead = aws.sqs.Queue("dead", name="shop-dead", message_retention_seconds=1_209_600)
    queue = aws.sqs.Queue(
        "work",
        name="shop-work",
        visibility_timeout_seconds=180,
        message_retention_seconds=86_400,
        redrive_policy=dead.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})),
    )
    role = aws.iam.Role("worker", name="shop-worker", assume_role_policy=json.dumps(TRUST))
    bucket = aws.s3.Bucket("files")
    function = aws.lambda_.Function(
        "worker-function",
        name="shop-worker",
        runtime="python3.11",
        handler="app.handler",
        timeout=30,
        role=role.arn,
        code=pulumi.AssetArchive({"app.py": pulumi.StringAsset("def handler(event, context): return {}\n")}),
        environment={
            "variables": {
                "TABLE": table.name,
                "QUEUE": queue.url,
                "BUCKET": pulumi.Output.concat("s3://", bucket.arn),
                "KEY": pulumi.Output.secret("hush-hush"),
            }
        },
        publish=True,
    )
    live = aws.lambda_.Alias("live", name="live", function_name=function.name, function_version=function.version)
    api = aws.apigateway.RestApi("api", name="shop-api")
    health = aws.apigateway.Resource("health", rest_api=api.id, parent_id=api.root_resource_id, path_part="health")
    method = aws.apigateway.Method(
        "health-get", rest_api=api.id, resource_id=health.id, http_method="GET", authorization="NONE"
    )
    integration = aws.apigateway.Integration(
        "health-get",
        rest_api=api.id,
        resource_id=health.id,
        http_method=method.http_method,
        type="AWS_PROXY",
        integration_http_method="POST",
        uri=live.invoke_arn,
    )
    deployment = aws.apigateway.Deployment(
        "deployment", rest_api=api.id, triggers={"content": "1"}, opts=pulumi.ResourceOptions(depends_on=[integration])
    )
    aws.apigateway.Stage("stage", rest_api=api.id, deployment=deployment.id, stage_name="prod")
    aws.lambda_.Permission(
        "call",
        action="lambda:InvokeFunction",
        function=function.name,
        qualifier=live.name,
        principal="apigateway.amazonaws.com",
        source_arn=pulumi.Output.concat(api.execution_arn, "/*/GET/health"),
    )
    aws.lambda_.EventSourceMapping("work-events", event_source_arn=queue.arn, function_name=function.arn, batch_size=1)


def made(program: Callable[[], None] = shop) -> Template:
    return of_program(program)


def test_references_are_references_and_secrets_are_parameters() -> None:
    body = made().body
    resources = body["Resources"]
    assert resources["Work"]["Properties"] == {
        "MessageRetentionPeriod": 86_400,
        "QueueName": "shop-work",
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 3},
        "VisibilityTimeout": 180,
    }
    function = resources["WorkerFunction"]
    assert function["Type"] == "AWS::Serverless::Function"
    assert function["Properties"]["Role"] == {"Fn::GetAtt": ["Worker", "Arn"]}
    assert function["Properties"]["Environment"] == {
        "Variables": {
            "TABLE": {"Ref": "Orders"},
            "QUEUE": {"Ref": "Work"},
            "BUCKET": {"Fn::Sub": "s3://${Files.Arn}"},
            "KEY": {"Ref": "WorkerFunctionEnvironmentVariablesKEY"},
        }
    }
    assert resources["WorkEvents"]["Properties"] == {
        "BatchSize": 1,
        "EventSourceArn": {"Fn::GetAtt": ["Work", "Arn"]},
        "FunctionName": {"Fn::GetAtt": ["WorkerFunction", "Arn"]},
    }
    assert body["Parameters"]["WorkerFunctionEnvironmentVariablesKEY"]["NoEcho"] is True
    assert sorted(body["Parameters"]) == ["CodeBucket", "WorkerFunctionEnvironmentVariablesKEY"]


def test_a_table_keeps_its_keys_and_what_is_protected_is_retained() -> None:
    table = made().body["Resources"]["Orders"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["KeySchema"] == [
        {"AttributeName": "PK", "KeyType": "HASH"},
        {"AttributeName": "SK", "KeyType": "RANGE"},
    ]
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_text_is_the_same_every_time_and_holds_neither_secrets_nor_marks() -> None:
    first = made()
    assert first.text() == made().text()
    assert "hush-hush" not in first.text()
    assert "plumbline." not in first.text()
    assert yaml.safe_load(first.text()) == first.body


def test_the_api_calls_the_alias_that_sam_publishes() -> None:
    resources = made().body["Resources"]
    assert resources["WorkerFunction"]["Properties"]["AutoPublishAlias"] == "live"
    assert resources["WorkerFunction"]["Properties"]["AutoPublishAliasAllProperties"] is True
    alias = "${WorkerFunctionAliaslive}"
    assert resources["HealthGet"]["Properties"]["Integration"] == {
        "IntegrationHttpMethod": "POST",
        "Type": "AWS_PROXY",
        "Uri": {
            "Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
            + alias
            + "/invocations"
        },
    }
    assert resources["Call"]["Properties"]["FunctionName"] == {"Ref": "WorkerFunctionAliaslive"}
    assert resources["Call"]["Properties"]["SourceArn"] == {
        "Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/GET/health"
    }


def deployment(body: Any) -> tuple[str, Any]:
    (found,) = ((name, row) for name, row in body["Resources"].items() if row["Type"] == "AWS::ApiGateway::Deployment")
    return found


def test_the_deployment_waits_for_the_methods_and_gets_another_name_when_one_changes() -> None:
    name, row = deployment(made().body)
    assert row["DependsOn"] == ["HealthGet"]
    assert made().body["Resources"]["Stage"]["Properties"]["DeploymentId"] == {"Ref": name}

    def with_another_method() -> None:
        def other(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
            if args.type_ != "aws:apigateway/method:Method":
                return None
            return pulumi.ResourceTransformResult({**args.props, "apiKeyRequired": True}, args.opts)

        pulumi.runtime.register_resource_transform(other)
        shop()

    assert deployment(made(with_another_method).body)[0] != name


def test_cfn_lint_and_the_sam_translator_accept_it() -> None:
    text = made().text()
    assert linted(text) == []
    resources = translated(text, {"CodeBucket": "code"})["Resources"]
    assert resources["WorkerFunctionAliaslive"]["Type"] == "AWS::Lambda::Alias"
