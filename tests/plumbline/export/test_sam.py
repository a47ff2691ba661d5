"""The SAM template of a small stack: references instead of ids, nothing secret, and what it leaves out."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pulumi
import pulumi_aws as aws
import pytest
import yaml
from conftest import ROOT, run_program

from plumbline.__main__ import main
from plumbline.export.sam import Template, template
from plumbline.export.symbols import Symbols

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
    dead = aws.sqs.Queue("dead", name="shop-dead")
    queue = aws.sqs.Queue(
        "work",
        name="shop-work",
        visibility_timeout_seconds=180,
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


def made() -> Template:
    symbols = Symbols()
    evaluation = run_program(shop, deployer=symbols)
    assert evaluation.mistakes == ()
    return template(evaluation.graph, symbols)


def test_references_are_references_and_secrets_are_parameters() -> None:
    body = made().body
    resources = body["Resources"]
    assert resources["Work"]["Properties"] == {
        "QueueName": "shop-work",
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 3},
        "VisibilityTimeout": 180,
    }
    function = resources["WorkerFunction"]
    assert function["Type"] == "AWS::Serverless::Function"
    assert function["Properties"]["Role"] == {"Fn::GetAtt": ["Worker", "Arn"]}
    assert function["Properties"]["Environment"] == {
        "Variables": {
            "TABLE": "shop-orders",
            "QUEUE": {"Ref": "Work"},
            "BUCKET": {"Fn::Sub": "s3://${FilesBucketArn}"},
            "KEY": {"Ref": "WorkerFunctionEnvironmentVariablesKEY"},
        }
    }
    assert resources["WorkEvents"]["Properties"] == {
        "BatchSize": 1,
        "EventSourceArn": {"Fn::GetAtt": ["Work", "Arn"]},
        "FunctionName": {"Fn::GetAtt": ["WorkerFunction", "Arn"]},
    }
    assert body["Parameters"]["WorkerFunctionEnvironmentVariablesKEY"]["NoEcho"] is True
    assert sorted(body["Parameters"]) == ["CodeBucket", "FilesBucketArn", "WorkerFunctionEnvironmentVariablesKEY"]


def test_a_table_keeps_its_keys_and_what_is_protected_is_retained() -> None:
    table = made().body["Resources"]["Orders"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["KeySchema"] == [
        {"AttributeName": "PK", "KeyType": "HASH"},
        {"AttributeName": "SK", "KeyType": "RANGE"},
    ]
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_text_is_the_same_every_time_and_tells_what_it_leaves_out() -> None:
    first = made()
    assert first.text() == made().text()
    assert "hush-hush" not in first.text()
    assert "plumbline." not in first.text()
    assert first.left_out == (("deployment", "triggers", "no counterpart is known"),)
    assert first.text().splitlines()[-1] == "# - deployment triggers: no counterpart is known"
    assert yaml.safe_load(first.text()) == first.body


def test_the_api_calls_the_alias_that_sam_publishes() -> None:
    resources = made().body["Resources"]
    assert resources["WorkerFunction"]["Properties"]["AutoPublishAlias"] == "live"
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
    assert resources["Call"]["DependsOn"] == ["WorkerFunction", "WorkerFunctionAliaslive"]
    assert resources["Call"]["Properties"]["FunctionName"] == "shop-worker:live"
    assert resources["Call"]["Properties"]["SourceArn"] == {
        "Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/GET/health"
    }


def test_the_deployment_waits_for_the_methods() -> None:
    assert made().body["Resources"]["Deployment"]["DependsOn"] == ["HealthGet"]


def test_cfn_lint_and_the_sam_translator_accept_it(monkeypatch: pytest.MonkeyPatch) -> None:
    lint = pytest.importorskip("cfnlint.api")
    translator = pytest.importorskip("samtranslator.translator.translator")
    parser = pytest.importorskip("samtranslator.parser.parser")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    text = made().text()
    assert lint.lint_all(text) == []
    translated = translator.Translator({}, parser.Parser()).translate(yaml.safe_load(text), {"CodeBucket": "code"})
    assert translated["Resources"]["WorkerFunctionAliaslive"]["Type"] == "AWS::Lambda::Alias"


PROGRAM = """
import pulumi

pulumi.CustomResource("aws:sqs/queue:Queue", "work", {"name": "work", "policy": "{}"})
"""


def test_the_command_writes_yaml_and_a_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text('{"config": {"small:system": "none"}}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["export", "sam", "dev"]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["Resources"] == {
        "Work": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "work"}}
    }
    assert main(["export", "sam", "dev", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "docs" / "contract.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator({"$ref": "#/$defs/sam_export", "$defs": schema["$defs"]}).validate(document)
    assert document["left_out"] == [{"resource": "work", "property": "policy", "reason": "no counterpart is known"}]
    assert main(["export", "sam", "nowhere"]) == 2
