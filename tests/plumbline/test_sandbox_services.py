"""The in-process AWS holds the queues, topics, buses, schedules and machines that a program declares."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from tests.plumbline.rehearsals import ACCOUNT, REGION, client, part, readers, rehearse

TEAM = {"Owner": "team"}
TAGS = [{"Key": "Owner", "Value": "team"}]
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
CALLS = f"arn:aws:sns:{REGION}:{ACCOUNT}:calls"
EVENTS = f"arn:aws:events:{REGION}:{ACCOUNT}"
SCHEDULER = f"arn:aws:scheduler:{REGION}:{ACCOUNT}"
MACHINES = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/caller"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/main"
TASK = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/report:1"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/vendedlogs/states/work:*"
PATTERN = json.dumps({"source": ["orders"]})
DEFINITION = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
FILTER = json.dumps({"kind": ["order"]})
REDRIVE = {"deadLetterTargetArn": f"{QUEUE}:lost", "maxReceiveCount": 3}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


TRUST = document({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
# Conditions that what arrives does not meet in the sandbox, and one that would deny everything without TLS.
QUEUE_POLICY = document(
    {
        "Sid": "Rule",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": f"{QUEUE}:work",
        "Condition": {"ArnEquals": {"aws:SourceArn": f"{EVENTS}:rule/orders/orders"}},
    },
    {
        "Sid": "Tls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": f"{QUEUE}:work",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    },
)
TOPIC_POLICY = document(
    {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": TOPIC,
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
)
PUT_EVENTS = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "events:PutEvents",
    "Resource": f"{EVENTS}:event-bus/orders",
}


def services() -> None:
    """Register one resource of each type at least, all of them wired."""
    provider = aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT])
    opts = pulumi.ResourceOptions(provider=provider)
    lost = aws.sqs.Queue("lost", name="lost", opts=opts)
    work = aws.sqs.Queue("work", name="work", opts=opts)
    ordered = aws.sqs.Queue(
        "ordered",
        name="ordered.fifo",
        fifo_queue=True,
        content_based_deduplication=True,
        deduplication_scope="messageGroup",
        fifo_throughput_limit="perMessageGroupId",
        opts=opts,
    )
    allowed = aws.sqs.QueuePolicy("allowed", queue_url=work.id, policy=QUEUE_POLICY, opts=opts)
    aws.sqs.RedrivePolicy(
        "redrive",
        queue_url=work.id,
        redrive_policy=lost.arn.apply(lambda arn: json.dumps({**REDRIVE, "deadLetterTargetArn": arn})),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[allowed])),
    )
    back = json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [f"{QUEUE}:work"]})
    aws.sqs.RedriveAllowPolicy("back", queue_url=lost.id, redrive_allow_policy=back, opts=opts)

    function = called(opts, work, lost)
    machine = aws.sfn.StateMachine(
        "machine",
        name="work",
        role_arn=ROLE,
        definition=DEFINITION,
        type="EXPRESS",
        logging_configuration={"level": "ALL", "include_execution_data": True, "log_destination": LOGS},
        tracing_configuration={"enabled": True},
        encryption_configuration={
            "type": "CUSTOMER_MANAGED_KMS_KEY",
            "kms_key_id": KEY,
            "kms_data_key_reuse_period_seconds": 300,
        },
        publish=True,
        tags=TEAM,
        opts=opts,
    )
    aws.sfn.StateMachine("plain", name="plain", role_arn=ROLE, definition=DEFINITION, opts=opts)

    topic = aws.sns.Topic("topic", name="alerts", display_name="Alerts", kms_master_key_id=KEY, tags=TEAM, opts=opts)
    aws.sns.TopicPolicy("publishers", arn=topic.arn, policy=TOPIC_POLICY, opts=opts)
    # A topic of its own: moto would start a container for each message to a function.
    calls = aws.sns.Topic("calls", name="calls", policy=TOPIC_POLICY, opts=opts)
    failed = lost.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn}))
    for name, source, protocol, endpoint, more in (
        ("mail", topic, "email", "a@example.com", {}),
        ("text", topic, "sms", "+4915112345678", {}),
        ("queued", topic, "sqs", work.arn, {"filter_policy": FILTER, "raw_message_delivery": True}),
        ("function", calls, "lambda", function.arn, {"redrive_policy": failed}),
    ):
        aws.sns.TopicSubscription(
            f"by-{name}", topic=source.arn, protocol=protocol, endpoint=endpoint, opts=opts, **more
        )
    bridge(opts, work, ordered, lost, machine)


def called(opts: pulumi.ResourceOptions, work: aws.sqs.Queue, lost: aws.sqs.Queue) -> aws.lambda_.Function:
    """Register a function that a queue calls."""
    role = aws.iam.Role("role", name="role", assume_role_policy=TRUST, opts=opts)
    code = pulumi.AssetArchive({"main.py": pulumi.StringAsset("X = 1")})
    function = aws.lambda_.Function(
        "function", name="function", role=role.arn, runtime="python3.13", handler="main.run", code=code, opts=opts
    )
    source = aws.sqs.Queue("source", name="source", opts=opts)
    aws.lambda_.EventSourceMapping(
        "mapping",
        event_source_arn=source.arn,
        function_name=function.arn,
        batch_size=100,
        maximum_batching_window_in_seconds=5,
        function_response_types=["ReportBatchItemFailures"],
        filter_criteria={"filters": [{"pattern": '{"body": {"kind": ["order"]}}'}]},
        scaling_config={"maximum_concurrency": 4},
        opts=opts,
    )
    aws.lambda_.FunctionEventInvokeConfig(
        "invoke",
        function_name=function.name,
        maximum_event_age_in_seconds=600,
        maximum_retry_attempts=1,
        destination_config={"on_failure": {"destination": lost.arn}, "on_success": {"destination": work.arn}},
        opts=opts,
    )
    return function


def bridge(
    opts: pulumi.ResourceOptions,
    work: aws.sqs.Queue,
    ordered: aws.sqs.Queue,
    lost: aws.sqs.Queue,
    machine: aws.sfn.StateMachine,
) -> None:
    """Register a bus whose events reach the queues, and schedules that start the machine."""
    bus = aws.cloudwatch.EventBus(
        "bus",
        name="orders",
        description="Orders",
        kms_key_identifier=KEY,
        dead_letter_config={"arn": lost.arn},
        tags=TEAM,
        opts=opts,
    )
    aws.cloudwatch.EventBusPolicy("senders", event_bus_name=bus.name, policy=document(PUT_EVENTS), opts=opts)
    aws.cloudwatch.EventArchive(
        "archive", name="orders", event_source_arn=bus.arn, event_pattern=PATTERN, retention_days=30, opts=opts
    )
    rule = aws.cloudwatch.EventRule(
        "rule",
        name="orders",
        description="Orders",
        event_bus_name=bus.name,
        event_pattern=PATTERN,
        tags=TEAM,
        opts=opts,
    )
    of_rule = {"rule": rule.name, "event_bus_name": rule.event_bus_name}
    aws.cloudwatch.EventTarget(
        "to-work",
        **of_rule,
        arn=work.arn,
        target_id="work",
        input_transformer={"input_paths": {"id": "$.detail.id"}, "input_template": '{"order": <id>}'},
        dead_letter_config={"arn": lost.arn},
        retry_policy={"maximum_event_age_in_seconds": 3600, "maximum_retry_attempts": 5},
        opts=opts,
    )
    aws.cloudwatch.EventTarget(
        "to-ordered", **of_rule, arn=ordered.arn, sqs_target={"message_group_id": "orders"}, opts=opts
    )
    nightly = aws.cloudwatch.EventRule(
        "nightly", name="nightly", schedule_expression="cron(0 3 * * ? *)", state="DISABLED", opts=opts
    )
    aws.cloudwatch.EventTarget(
        "to-machine",
        rule=nightly.name,
        arn=machine.arn,
        role_arn=ROLE,
        input='{"night": true}',
        target_id="machine",
        opts=opts,
    )
    network = {"subnets": ["subnet-1"], "security_groups": ["sg-1"], "assign_public_ip": False}
    aws.cloudwatch.EventTarget(
        "to-task",
        rule=nightly.name,
        arn=CLUSTER,
        role_arn=ROLE,
        target_id="task",
        ecs_target={
            "task_definition_arn": TASK,
            "task_count": 2,
            "launch_type": "FARGATE",
            "network_configuration": network,
        },
        opts=opts,
    )
    group = aws.scheduler.ScheduleGroup("group", name="reports", tags=TEAM, opts=opts)
    aws.scheduler.Schedule(
        "schedule",
        name="daily",
        group_name=group.name,
        description="Daily report",
        schedule_expression="cron(0 6 * * ? *)",
        schedule_expression_timezone="Europe/Berlin",
        flexible_time_window={"mode": "FLEXIBLE", "maximum_window_in_minutes": 15},
        state="DISABLED",
        kms_key_arn=KEY,
        target={
            "arn": machine.arn,
            "role_arn": ROLE,
            "input": "{}",
            "dead_letter_config": {"arn": lost.arn},
            "retry_policy": {"maximum_event_age_in_seconds": 600, "maximum_retry_attempts": 2},
        },
        opts=opts,
    )
    aws.scheduler.Schedule(
        "hourly",
        name="hourly",
        schedule_expression="rate(1 hour)",
        flexible_time_window={"mode": "OFF"},
        target={"arn": ordered.arn, "role_arn": ROLE, "sqs_parameters": {"message_group_id": "hours"}},
        opts=opts,
    )


def look() -> dict[str, Any]:
    sqs, sns, events, scheduler = client("sqs"), client("sns"), client("events"), client("scheduler")
    states, functions = client("stepfunctions"), client("lambda")
    (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]
    urls = {name: sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in ("work", "ordered.fifo")}
    on_bus = {"EventBusName": "orders"}
    seen = {
        "work": sqs.get_queue_attributes(QueueUrl=urls["work"], AttributeNames=["All"])["Attributes"],
        "ordered": sqs.get_queue_attributes(QueueUrl=urls["ordered.fifo"], AttributeNames=["All"])["Attributes"],
        "topic": sns.get_topic_attributes(TopicArn=TOPIC)["Attributes"],
        "topic tags": sns.list_tags_for_resource(ResourceArn=TOPIC)["Tags"],
        "calls": sns.get_topic_attributes(TopicArn=CALLS)["Attributes"],
        "subscriptions": {
            row["Protocol"]: sns.get_subscription_attributes(SubscriptionArn=row["SubscriptionArn"])["Attributes"]
            for row in sns.list_subscriptions()["Subscriptions"]
        },
        "bus": events.describe_event_bus(Name="orders"),
        "bus tags": events.list_tags_for_resource(ResourceARN=f"{EVENTS}:event-bus/orders")["Tags"],
        "archive": events.describe_archive(ArchiveName="orders"),
        "rule": events.describe_rule(Name="orders", **on_bus),
        "rule tags": events.list_tags_for_resource(ResourceARN=f"{EVENTS}:rule/orders/orders")["Tags"],
        "targets": events.list_targets_by_rule(Rule="orders", **on_bus)["Targets"],
        "nightly": events.describe_rule(Name="nightly"),
        "nightly targets": {row["Id"]: row for row in events.list_targets_by_rule(Rule="nightly")["Targets"]},
        "group": scheduler.get_schedule_group(Name="reports"),
        "group tags": scheduler.list_tags_for_resource(ResourceArn=f"{SCHEDULER}:schedule-group/reports")["Tags"],
        "schedule": scheduler.get_schedule(Name="daily", GroupName="reports"),
        "hourly": scheduler.get_schedule(Name="hourly"),
        "machine": states.describe_state_machine(stateMachineArn=f"{MACHINES}:work"),
        "machine tags": states.list_tags_for_resource(resourceArn=f"{MACHINES}:work")["tags"],
        "plain": states.describe_state_machine(stateMachineArn=f"{MACHINES}:plain"),
        "mapping": mapping,
        "invoke": functions.get_function_event_invoke_config(FunctionName="function"),
    }
    # What is sent now must arrive, whatever the policies' conditions say.
    events.put_events(Entries=[{**on_bus, "Source": "orders", "DetailType": "order", "Detail": '{"id": 7}'}])
    kinds = {kind: {"kind": {"DataType": "String", "StringValue": kind}} for kind in ("order", "other")}
    for kind, attributes in kinds.items():
        sns.publish(TopicArn=TOPIC, Message=kind, MessageAttributes=attributes)
    for name, url in urls.items():
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        seen[f"arrived in {name}"] = [row["Body"] for row in messages]
    return seen


whole, seen, identity, outputs = readers(services, look)


def test_of_the_services_only_who_may_redrive_is_simulated() -> None:
    assert whole().simulated == {"aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": 1}


def test_a_queue_keeps_its_policy_when_it_gets_a_queue_of_dead_letters() -> None:
    found = seen("work")
    assert json.loads(found["Policy"]) == json.loads(QUEUE_POLICY)
    assert json.loads(found["RedrivePolicy"]) == REDRIVE
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/work"
    assert {identity(name) for name in ("work", "allowed", "redrive")} == {url}


def test_a_fifo_queue_has_its_limits() -> None:
    expected = {
        "FifoQueue": "true",
        "ContentBasedDeduplication": "true",
        "DeduplicationScope": "messageGroup",
        "FifoThroughputLimit": "perMessageGroupId",
    }
    assert part(seen("ordered"), expected) == expected


def test_a_topic_has_its_key_and_publishers() -> None:
    expected = {"DisplayName": "Alerts", "KmsMasterKeyId": KEY, "Owner": ACCOUNT}
    assert part(seen("topic"), expected) == expected
    assert json.loads(seen("topic")["Policy"]) == json.loads(seen("calls")["Policy"]) == json.loads(TOPIC_POLICY)
    assert seen("topic tags") == TAGS
    assert (identity("topic"), outputs("topic")) == (TOPIC, {"arn": TOPIC, "owner": ACCOUNT})
    assert (identity("publishers"), outputs("publishers")) == (TOPIC, {"owner": ACCOUNT})


@pytest.mark.parametrize(
    ("name", "protocol", "expected"),
    [
        ("by-mail", "email", {"Endpoint": "a@example.com", "TopicArn": TOPIC}),
        ("by-text", "sms", {"Endpoint": "+4915112345678", "TopicArn": TOPIC}),
        (
            "by-queued",
            "sqs",
            {"Endpoint": f"{QUEUE}:work", "TopicArn": TOPIC, "FilterPolicy": FILTER, "RawMessageDelivery": "true"},
        ),
        (
            "by-function",
            "lambda",
            {
                "Endpoint": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:function",
                "TopicArn": CALLS,
                "RedrivePolicy": json.dumps({"deadLetterTargetArn": f"{QUEUE}:lost"}),
            },
        ),
    ],
)
def test_a_topic_has_subscriptions(name: str, protocol: str, expected: dict[str, Any]) -> None:
    found = seen("subscriptions")[protocol]
    assert part(found, expected) == expected
    arn = identity(name)
    assert (found["SubscriptionArn"], arn.startswith(f"{expected['TopicArn']}:")) == (arn, True)
    pending = protocol == "email"
    assert outputs(name) == {
        "arn": arn,
        "ownerId": ACCOUNT,
        "pendingConfirmation": pending,
        "confirmationWasAuthenticated": not pending,
    }


def test_what_is_sent_arrives_whatever_the_policies_say() -> None:
    assert seen("arrived in work") == ['{"order": 7}', "order"]
    (event,) = [json.loads(body) for body in seen("arrived in ordered.fifo")]
    assert (event["source"], event["detail-type"], event["detail"]) == ("orders", "order", {"id": 7})


def test_a_bus_has_its_key_senders_and_archive() -> None:
    arn = f"{EVENTS}:event-bus/orders"
    expected = {
        "Arn": arn,
        "Description": "Orders",
        "KmsKeyIdentifier": KEY,
        "DeadLetterConfig": {"Arn": f"{QUEUE}:lost"},
    }
    assert part(seen("bus"), expected) == expected
    assert json.loads(seen("bus")["Policy"])["Statement"] == [{"Sid": "Statement0", **PUT_EVENTS}]
    assert seen("bus tags") == TAGS
    assert (identity("bus"), outputs("bus"), identity("senders")) == ("orders", {"arn": arn}, "orders")
    archive = {"EventSourceArn": arn, "EventPattern": PATTERN, "RetentionDays": 30}
    assert part(seen("archive"), archive) == archive
    assert (identity("archive"), outputs("archive")) == ("orders", {"arn": f"{EVENTS}:archive/orders"})


def test_a_rule_sends_the_events_of_its_bus() -> None:
    arn = f"{EVENTS}:rule/orders/orders"
    expected = {"Arn": arn, "Description": "Orders", "EventPattern": PATTERN, "State": "ENABLED"}
    assert part(seen("rule"), expected) == expected
    assert seen("rule tags") == TAGS
    assert (identity("rule"), outputs("rule")) == ("orders/orders", {"arn": arn, "eventBusName": "orders"})
    made_up = outputs("to-ordered")["targetId"]
    assert made_up.startswith("terraform-")
    assert seen("targets") == [
        {
            "Id": "work",
            "Arn": f"{QUEUE}:work",
            "InputTransformer": {"InputPathsMap": {"id": "$.detail.id"}, "InputTemplate": '{"order": <id>}'},
            "DeadLetterConfig": {"Arn": f"{QUEUE}:lost"},
            "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 5},
        },
        {"Id": made_up, "Arn": f"{QUEUE}:ordered.fifo", "SqsParameters": {"MessageGroupId": "orders"}},
    ]
    assert identity("to-work") == "orders-orders-work"
    assert identity("to-ordered") == f"orders-orders-{made_up}"


def test_a_rule_of_the_default_bus_starts_a_machine_and_a_task() -> None:
    arn = f"{EVENTS}:rule/nightly"
    expected = {"Arn": arn, "ScheduleExpression": "cron(0 3 * * ? *)", "State": "DISABLED"}
    assert part(seen("nightly"), expected) == expected
    assert (identity("nightly"), outputs("nightly")) == ("nightly", {"arn": arn, "eventBusName": "default"})
    network = {"Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "DISABLED"}
    assert seen("nightly targets") == {
        "machine": {"Id": "machine", "Arn": f"{MACHINES}:work", "RoleArn": ROLE, "Input": '{"night": true}'},
        "task": {
            "Id": "task",
            "Arn": CLUSTER,
            "RoleArn": ROLE,
            "EcsParameters": {
                "TaskDefinitionArn": TASK,
                "TaskCount": 2,
                "LaunchType": "FARGATE",
                "NetworkConfiguration": {"awsvpcConfiguration": network},
            },
        },
    }
    assert (identity("to-machine"), identity("to-task")) == ("nightly-machine", "nightly-task")


def test_schedules_stand_in_their_groups() -> None:
    group = f"{SCHEDULER}:schedule-group/reports"
    assert (seen("group")["Arn"], seen("group tags")) == (group, TAGS)
    assert (identity("group"), outputs("group")) == ("reports", {"arn": group, "state": "ACTIVE"})
    expected = {
        "Arn": f"{SCHEDULER}:schedule/reports/daily",
        "Description": "Daily report",
        "ScheduleExpression": "cron(0 6 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        "State": "DISABLED",
        "KmsKeyArn": KEY,
        "Target": {
            "Arn": f"{MACHINES}:work",
            "RoleArn": ROLE,
            "Input": "{}",
            "DeadLetterConfig": {"Arn": f"{QUEUE}:lost"},
            "RetryPolicy": {"MaximumEventAgeInSeconds": 600, "MaximumRetryAttempts": 2},
        },
    }
    assert part(seen("schedule"), expected) == expected
    assert identity("schedule") == "reports/daily"
    assert outputs("schedule") == {"arn": expected["Arn"], "groupName": "reports"}
    target = {"Arn": f"{QUEUE}:ordered.fifo", "SqsParameters": {"MessageGroupId": "hours"}}
    assert part(seen("hourly")["Target"], target) == target
    assert (identity("hourly"), outputs("hourly")["groupName"]) == ("default/hourly", "default")


def test_a_machine_logs_and_traces() -> None:
    arn = f"{MACHINES}:work"
    expected = {
        "stateMachineArn": arn,
        "type": "EXPRESS",
        "roleArn": ROLE,
        "definition": DEFINITION,
        "loggingConfiguration": {
            "level": "ALL",
            "includeExecutionData": True,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": LOGS}}],
        },
        "tracingConfiguration": {"enabled": True},
        "encryptionConfiguration": {
            "type": "CUSTOMER_MANAGED_KMS_KEY",
            "kmsKeyId": KEY,
            "kmsDataKeyReusePeriodSeconds": 300,
        },
    }
    assert part(seen("machine"), expected) == expected
    assert seen("machine tags") == [{"key": "Owner", "value": "team"}]
    assert identity("machine") == arn
    assert outputs("machine") == {"arn": arn, "status": "ACTIVE", "stateMachineVersionArn": f"{arn}:1"}
    plain = {"type": "STANDARD", "loggingConfiguration": {"level": "OFF"}, "tracingConfiguration": {"enabled": False}}
    assert part(seen("plain"), plain) == plain
    assert outputs("plain") == {"arn": f"{MACHINES}:plain", "status": "ACTIVE"}


def test_a_queue_calls_a_function() -> None:
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:function"
    uuid = identity("mapping")
    expected = {
        "UUID": uuid,
        "EventSourceArn": f"{QUEUE}:source",
        "FunctionArn": function,
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 5,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"kind": ["order"]}}'}]},
        "ScalingConfig": {"MaximumConcurrency": 4},
        "State": "Enabled",
    }
    assert part(seen("mapping"), expected) == expected
    assert outputs("mapping") == {
        "uuid": uuid,
        "arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}",
        "functionArn": function,
        "state": "Enabled",
    }
    invoke = {
        "MaximumEventAgeInSeconds": 600,
        "MaximumRetryAttempts": 1,
        "DestinationConfig": {
            "OnFailure": {"Destination": f"{QUEUE}:lost"},
            "OnSuccess": {"Destination": f"{QUEUE}:work"},
        },
    }
    assert part(seen("invoke"), invoke) == invoke
    assert identity("invoke") == "function"


def test_the_same_services_twice_have_the_same_ids() -> None:
    again = rehearse(services)
    assert again.evaluation.mistakes == ()
    for first, second in zip(whole().evaluation.graph, again.evaluation.graph, strict=True):
        assert (first.urn, first.id, dict(first.outputs)) == (second.urn, second.id, dict(second.outputs))


def policy_of_no_queue() -> None:
    aws.sqs.QueuePolicy("it", queue_url=f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/no", policy=QUEUE_POLICY)


def no_dead_letters() -> None:
    queue = aws.sqs.Queue("queue", name="work")
    aws.sqs.RedrivePolicy("it", queue_url=queue.id, redrive_policy=json.dumps(REDRIVE))


def no_topic() -> None:
    aws.sns.TopicSubscription("it", topic=TOPIC, protocol="email", endpoint="a@example.com")


def broken_number() -> None:
    topic = aws.sns.Topic("topic", name="alerts")
    aws.sns.TopicSubscription("it", topic=topic.arn, protocol="sms", endpoint="call me")


def broken_filter() -> None:
    topic = aws.sns.Topic("topic", name="alerts")
    queue = aws.sqs.Queue("queue", name="work")
    policy = json.dumps({"kind": "order"})
    aws.sns.TopicSubscription("it", topic=topic.arn, protocol="sqs", endpoint=queue.arn, filter_policy=policy)


def bus_twice() -> None:
    first = aws.cloudwatch.EventBus("first", name="orders")
    aws.cloudwatch.EventBus("it", name="orders", opts=pulumi.ResourceOptions(depends_on=[first]))


def no_bus() -> None:
    aws.cloudwatch.EventRule("it", name="orders", event_bus_name="orders", event_pattern=PATTERN)


def schedule_on_a_bus() -> None:
    bus = aws.cloudwatch.EventBus("bus", name="orders")
    aws.cloudwatch.EventRule("it", name="nightly", event_bus_name=bus.name, schedule_expression="rate(1 day)")


def broken_pattern() -> None:
    aws.cloudwatch.EventRule("it", name="orders", event_pattern=json.dumps({"source": "orders"}))


def no_rule() -> None:
    aws.cloudwatch.EventTarget("it", rule="orders", arn=f"{QUEUE}:work")


def no_group_of_messages() -> None:
    rule = aws.cloudwatch.EventRule("rule", name="orders", event_pattern=PATTERN)
    aws.cloudwatch.EventTarget("it", rule=rule.name, arn=f"{QUEUE}:ordered.fifo")


def no_schedule_group() -> None:
    target = {"arn": f"{QUEUE}:work", "role_arn": ROLE}
    window = {"mode": "OFF"}
    expression = "rate(1 hour)"
    aws.scheduler.Schedule(
        "it", group_name="none", schedule_expression=expression, flexible_time_window=window, target=target
    )


def broken_definition() -> None:
    aws.sfn.StateMachine("it", name="work", role_arn=ROLE, definition='{"StartAt": "Done"')


def broken_role() -> None:
    aws.sfn.StateMachine("it", name="work", role_arn="caller", definition=DEFINITION)


def no_function() -> None:
    queue = aws.sqs.Queue("queue", name="work")
    aws.lambda_.EventSourceMapping("it", event_source_arn=queue.arn, function_name="none")


def too_many_attempts() -> None:
    role = aws.iam.Role("role", name="role", assume_role_policy=TRUST)
    code = pulumi.AssetArchive({"main.py": pulumi.StringAsset("X = 1")})
    function = aws.lambda_.Function("f", name="f", role=role.arn, runtime="python3.13", handler="main.run", code=code)
    aws.lambda_.FunctionEventInvokeConfig("it", function_name=function.name, maximum_retry_attempts=3)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (policy_of_no_queue, "AWS.SimpleQueueService.NonExistentQueue: "),
        (no_dead_letters, "AWS.SimpleQueueService.NonExistentQueue: Could not find DLQ"),
        (no_topic, "NotFound: "),
        (broken_number, "InvalidParameter: Invalid SMS endpoint"),
        (broken_filter, "InvalidParameter: "),
        (bus_twice, "ResourceAlreadyExistsException: "),
        (no_bus, "ResourceNotFoundException: "),
        (schedule_on_a_bus, "ValidationException: ScheduleExpression is supported only on the default event bus"),
        (broken_pattern, "InvalidEventPatternException: "),
        (no_rule, "ResourceNotFoundException: "),
        (no_group_of_messages, "ValidationException: Parameter(s) SqsParameters must be specified"),
        (no_schedule_group, "ResourceNotFoundException: "),
        (broken_definition, "InvalidDefinition: definition: no states; allowed: a JSON object"),
        (broken_role, "InvalidArn: "),
        (no_function, "ResourceNotFoundException: "),
        (too_many_attempts, "ValidationException: "),
    ],
)
def test_a_mistake_is_one_line(program: Callable[[], None], words: str) -> None:
    (line,) = rehearse(program).evaluation.mistakes
    assert f" it: {words}" in line
    assert "\n" not in line
