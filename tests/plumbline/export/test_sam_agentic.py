"""The SAM template of the agentic system (AGENTIC-08.4): the committed file, and that it says what the stack says."""

from __future__ import annotations

import pytest

from plumbline.project import Project
from tests.evaluations import ROOT, preview
from tests.plumbline.export.sam_agentic import (
    FILE,
    STACK,
    cloudformation,
    documents,
    environment,
    evaluated,
    graph_of,
    made,
    of_type,
    place,
)
from tests.plumbline.export.sam_tools import linted


def test_the_committed_template_is_what_the_program_gives() -> None:
    hint = "write it anew: python -m plumbline export sam agentic-prod --output systems/agentic/template.yaml"
    assert FILE.read_text(encoding="utf-8") == made().text(), hint


@pytest.mark.parametrize(
    ("stack", "warnings"), [("agentic-dev", 0), ("agentic-prod", 0), ("bootstrap", 0), ("test", 1)]
)
def test_every_resource_is_in_the_template_or_listed(stack: str, warnings: int) -> None:
    found = made(stack)
    resources = [resource for resource in preview(stack).graph if resource.custom]
    listed = sorted((row.type, row.resource) for row in found.left_out if not row.path)
    absent = sorted((resource.type, resource.name) for resource in resources if resource.urn not in found.places)
    assert absent == listed
    rows = found.body["Resources"]
    published = {f"{name}Aliaslive" for name, row in rows.items() if "AutoPublishAlias" in row["Properties"]}
    assert set(found.places.values()) == set(rows) | published
    # The trading system has more than one stack of CloudFormation's can hold.
    assert [line.partition("; ")[2] for line in found.warnings()] == ["CloudFormation takes 500 in a stack"] * warnings


def test_what_is_left_out_is_known() -> None:
    left_out = made().body["Metadata"]["Plumbline"]
    assert set(left_out["LeftOut"]) == {
        "aws:acm/certificateValidation:CertificateValidation",
        "aws:ssm/parameter:Parameter",
        "pulumi:providers:aws",
    }
    assert set(left_out["LeftOutProperties"]) == {"aws:s3/bucket:Bucket"}


def test_nothing_of_the_account_is_in_the_template() -> None:
    text = made().text()
    settings = Project(ROOT).settings(STACK)
    assert [word for word in (settings["account_id"], settings["region"], str(ROOT), ".mark") if word in text] == []
    assert list(made().body["Parameters"]) == ["HostedZoneAgenticExampleCom"]


def test_cfn_lint_accepts_it() -> None:
    assert linted(made().text()) == []


def test_code_lies_where_the_template_says() -> None:
    paths = set()
    for row in made().body["Resources"].values():
        properties = row["Properties"]
        if row["Type"] == "AWS::Serverless::Function":
            module, _, handler = properties["Handler"].rpartition(".")
            code = (FILE.parent / properties["CodeUri"] / f"{module}.py").read_text(encoding="utf-8")
            assert f"def {handler}(" in code
            paths.add(properties["CodeUri"])
        elif row["Type"] == "AWS::Serverless::LayerVersion":
            assert (FILE.parent / properties["ContentUri"] / "python" / "agenticai_shared").is_dir()
            paths.add(properties["ContentUri"])
    assert paths == {"handlers/", "application/"}


def test_functions_are_what_the_stack_has() -> None:
    functions = graph_of("aws:lambda/function:Function")
    assert len(functions) == len(of_type("AWS::Lambda::Function"))
    for function in functions:
        found = place(function)
        same = {
            "FunctionName": "name",
            "MemorySize": "memorySize",
            "Timeout": "timeout",
            "Runtime": "runtime",
            "Handler": "handler",
            "Architectures": "architectures",
            "ReservedConcurrentExecutions": "reservedConcurrentExecutions",
        }
        assert {name: found.get(name) for name in same} == {name: function.get(own) for name, own in same.items()}
        assert set(found["Environment"]["Variables"]) == set(function.inputs["environment"]["variables"])
        assert found["TracingConfig"] == {"Mode": "Active"}
        assert evaluated(found["LoggingConfig"]["LogGroup"]) == f"/aws/lambda/{function.get('name')}"
        assert ("DeadLetterConfig" in found) == (function.get("deadLetterConfig") is not None)
        assert [cloudformation()[layer["Ref"]]["Type"] for layer in found["Layers"]] == ["AWS::Lambda::LayerVersion"]
        alias = cloudformation()[f"{made().places[function.urn]}Aliaslive"]
        assert (alias["Type"], alias["Properties"]["Name"]) == ("AWS::Lambda::Alias", "live")
    assert sum(row.get("ReservedConcurrentExecutions", 0) for row in of_type("AWS::Lambda::Function").values()) == 10


def test_the_table_keeps_its_keys_and_its_indexes() -> None:
    (table,) = graph_of("aws:dynamodb/table:Table")
    found = place(table)

    def keys(partition: str, sort: str) -> list[dict[str, str]]:
        return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]

    assert found["TableName"] == table.get("name")
    assert found["BillingMode"] == "PAY_PER_REQUEST"
    assert found["KeySchema"] == keys("PK", "SK")
    assert {row["IndexName"]: row["KeySchema"] for row in found["GlobalSecondaryIndexes"]} == {
        name: keys(f"{name}PK", f"{name}SK") for name in ("GSI1", "GSI2")
    }
    assert [row["Projection"] for row in found["GlobalSecondaryIndexes"]] == [{"ProjectionType": "ALL"}] * 2
    given = {row["name"]: row["type"] for row in table.get("attributes")}
    assert {row["AttributeName"]: row["AttributeType"] for row in found["AttributeDefinitions"]} == given
    assert found["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert found["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_queues_keep_their_times_and_dead_letters() -> None:
    for queue in graph_of("aws:sqs/queue:Queue"):
        found = place(queue)
        same = {
            "QueueName": "name",
            "VisibilityTimeout": "visibilityTimeoutSeconds",
            "MessageRetentionPeriod": "messageRetentionSeconds",
            "ReceiveMessageWaitTimeSeconds": "receiveWaitTimeSeconds",
            "SqsManagedSseEnabled": "sqsManagedSseEnabled",
        }
        assert {name: found.get(name) for name in same} == {name: queue.get(own) for name, own in same.items()}
    redriven = {
        row["QueueName"]: evaluated(row["RedrivePolicy"])
        for row in of_type("AWS::SQS::Queue").values()
        if "RedrivePolicy" in row
    }
    owner = f"arn:aws:sqs:{environment()['AWS::Region']}:{environment()['AWS::AccountId']}"
    assert len(redriven) == 4
    assert all(row["maxReceiveCount"] == 5 for row in redriven.values())
    assert all(row["deadLetterTargetArn"].startswith(f"{owner}:") for row in redriven.values())
    assert all(row["deadLetterTargetArn"] != f"{owner}:{name}" for name, row in redriven.items())


def test_consumers_answer_for_each_message_by_itself() -> None:
    mappings = graph_of("aws:lambda/eventSourceMapping:EventSourceMapping")
    for mapping in mappings:
        found = place(mapping)
        assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert found["BatchSize"] == mapping.get("batchSize")
        assert found["ScalingConfig"]["MaximumConcurrency"] == mapping.get("scalingConfig.maximumConcurrency")
        agent = cloudformation()[found["FunctionName"]["Ref"]]["Properties"]["FunctionName"]["Ref"]
        queue = found["EventSourceArn"]["Fn::GetAtt"][0]
        assert agent.removeprefix("Functions").removesuffix("Agent") == queue.removeprefix("Queues").removesuffix(
            "Queue"
        )
    assert len(mappings) == 4


def test_roles_may_do_what_the_stack_lets_them_and_nothing_else() -> None:
    policies = graph_of("aws:iam/rolePolicy:RolePolicy")
    documents("policy", "aws:iam/rolePolicy:RolePolicy", "PolicyDocument")
    documents("assumeRolePolicy", "aws:iam/role:Role", "AssumeRolePolicyDocument")
    assert len(of_type("AWS::IAM::RolePolicy")) == len(policies)
    roles = {role.name: role.get("name") for role in graph_of("aws:iam/role:Role")}
    for policy in policies:
        (owner,) = (urn for urn in policy.sources("role"))
        assert evaluated(place(policy)["RoleName"]) == roles[owner.rpartition("::")[2]]
    for type_ in ("AWS::Lambda::Function", "AWS::IAM::Role"):
        assert [row for row in of_type(type_).values() if "ManagedPolicyArns" in row or "Policies" in row] == []


def test_buckets_are_private_and_expire_their_objects() -> None:
    buckets = graph_of("aws:s3/bucket:Bucket")
    for bucket in buckets:
        found = place(bucket)
        assert evaluated(found["BucketName"]) == bucket.get("bucket")
        assert set(found["PublicAccessBlockConfiguration"].values()) == {True}
        assert found["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        assert found["VersioningConfiguration"] == {"Status": "Enabled"}
        (rule,) = found["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    rules = place(next(bucket for bucket in buckets if bucket.name == "buckets-generated-code"))[
        "LifecycleConfiguration"
    ]
    assert {row["Prefix"]: row.get("ExpirationInDays") for row in rules["Rules"]} == {
        "": None,
        "plans/": 90,
        "deployments/": 90,
        "test_results/": 90,
    }
    documents("policy", "aws:s3/bucketPolicy:BucketPolicy", "PolicyDocument")


def test_alarms_and_schedules_are_the_stacks() -> None:
    for alarm in graph_of("aws:cloudwatch/metricAlarm:MetricAlarm"):
        found = place(alarm)
        same = {
            "AlarmName": "name",
            "Threshold": "threshold",
            "ComparisonOperator": "comparisonOperator",
            "Period": "period",
        }
        assert {name: found.get(name) for name in same} == {name: alarm.get(own) for name, own in same.items()}
        assert found["AlarmActions"] == [{"Ref": "TopicsAlerts"}]
        assert len(found.get("Metrics", [])) == len(alarm.get("metricQueries") or [])
    rules = {row["Name"]: row for row in of_type("AWS::Events::Rule").values()}
    assert {name: row["ScheduleExpression"] for name, row in rules.items()} == {
        rule.get("name"): rule.get("scheduleExpression") for rule in graph_of("aws:cloudwatch/eventRule:EventRule")
    }
    assert all(row["Targets"][0]["Arn"]["Ref"].endswith("Aliaslive") for row in rules.values())


def test_what_is_protected_outlives_the_stack() -> None:
    kept = {name for name, row in made().body["Resources"].items() if row.get("DeletionPolicy") == "Retain"}
    protected = {made().places[one.urn] for one in preview(STACK).graph if one.custom and one.options.protect}
    assert "TablesData" in kept
    assert kept == protected & set(made().body["Resources"])
