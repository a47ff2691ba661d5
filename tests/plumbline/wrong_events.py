"""Wrong programs about EventBridge rules, targets and schedules, and right ones beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import (
    ACCOUNT,
    REGION,
    Wrong,
    alias,
    function,
    policy_text,
    provider,
    queue,
    role,
    role_policy,
    statement,
    trust_statement,
)

PLACE = f"{REGION}:{ACCOUNT}"
SERVICE = "events.amazonaws.com"
RULE_ARN = f"arn:aws:events:{PLACE}:rule/placed"
PLACED = json.dumps({"source": ["orders"], "detail-type": ["Placed"]})


def own_bus(**changes: Any) -> aws.cloudwatch.EventBus:
    return aws.cloudwatch.EventBus("orders", **{"name": "orders", **changes})


def rule(
    name: str = "placed", *, opts: pulumi.ResourceOptions | None = None, **changes: Any
) -> aws.cloudwatch.EventRule:
    """A rule for orders that are placed, on the default bus. An argument given as None is left out."""
    return aws.cloudwatch.EventRule(name, opts=opts, **{"name": name, "event_pattern": PLACED, **changes})


def scheduled(expression: str, **changes: Any) -> None:
    rule(schedule_expression=expression, event_pattern=None, **changes)


def patterned(**pattern: Any) -> None:
    rule(event_pattern=json.dumps(pattern))


def target(
    arn: Any = f"arn:aws:logs:{PLACE}:log-group:/aws/events/all",
    *,
    of: aws.cloudwatch.EventRule | None = None,
    name: str = "out",
    opts: pulumi.ResourceOptions | None = None,
    **changes: Any,
) -> None:
    """A target of a rule, a log group unless another is given."""
    whole = {"rule": (of or rule()).name, "arn": arn, "target_id": name, **changes}
    aws.cloudwatch.EventTarget(name, opts=opts, **whole)


def targets(*ids: str) -> None:
    of = rule()
    for index, id_ in enumerate(ids):
        target(of=of, name=f"out-{index}", target_id=id_)


def on_bus(bus: str | None = None, **changes: Any) -> None:
    """A rule on a bus of the stack with a target on it, on the default one, or on one called otherwise."""
    own = own_bus()
    of = rule(event_bus_name=own.name)
    target(of=of, event_bus_name=own.name if bus is None else bus, **changes)


def transformed(template: str, **paths: str) -> None:
    target(input_transformer={"input_paths": paths, "input_template": template})


def sending(action: str, arn: str, **changes: Any) -> str:
    """Return a resource policy that lets EventBridge send for the rule."""
    source = {"ArnEquals": {"aws:SourceArn": RULE_ARN}}
    whole = {"Action": action, "Resource": arn, "Principal": {"Service": SERVICE}, "Condition": source, **changes}
    return policy_text(statement(**whole))


def letters(
    *,
    policy: bool = True,
    dead: bool = False,
    fifo: bool = False,
    extra: Mapping[str, Any] | None = None,
    **changes: Any,
) -> None:
    """A rule whose target is a queue, or that has one for dead letters."""
    name = "letters.fifo" if fifo else "letters"
    opts = pulumi.ResourceOptions(provider=provider())
    box = queue(name, fifo_queue=True if fifo else None, opts=opts)
    of = rule(opts=opts)
    if policy:
        text = sending("sqs:SendMessage", f"arn:aws:sqs:{PLACE}:{name}", **changes)
        after = pulumi.ResourceOptions(provider=opts.provider, depends_on=[of, box])
        aws.sqs.QueuePolicy("letters", queue_url=box.url, policy=text, opts=after)
    given = {"dead_letter_config": {"arn": box.arn}} if dead else {"arn": box.arn}
    target(of=of, **given, **(extra or {}), opts=opts)


def news(*, policy: bool = True, **changes: Any) -> None:
    """A rule whose target is a topic."""
    topic, of = aws.sns.Topic("news", name="news"), rule()
    if policy:
        text = sending("sns:Publish", f"arn:aws:sns:{PLACE}:news", **changes)
        aws.sns.TopicPolicy("news", arn=topic.arn, policy=text)
    target(topic.arn, of=of)


def calls(*, by_alias: bool = False, permitted: bool = True, other: bool = False, **changes: Any) -> None:
    """A rule whose target is a function, which allows it."""
    called, of = function(publish=True), rule()
    at: Any = alias(called) if by_alias else called
    if permitted:
        source = rule("other") if other else of
        qualifier = {"qualifier": at.name} if by_alias else {}
        whole = {
            "action": "lambda:InvokeFunction",
            "function": called.name,
            "principal": SERVICE,
            **qualifier,
            **changes,
        }
        aws.lambda_.Permission("call", **{"source_arn": source.arn, **whole})
    target(at.arn, of=of)


def starts(
    *, trust: str = SERVICE, with_role: bool = True, action: str = "states:StartExecution", bus: bool = False
) -> None:
    """A rule whose target is a state machine or a bus, under a role."""
    sender = role("sender", assume_role_policy=policy_text(trust_statement(Principal={"Service": trust})))
    role_policy(sender, policy=policy_text(statement(Action=action)))
    if bus:
        arn = own_bus().arn
    else:
        owner = role(
            "machine", assume_role_policy=policy_text(trust_statement(Principal={"Service": "states.amazonaws.com"}))
        )
        definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
        arn = aws.sfn.StateMachine("orders", name="orders", definition=definition, role_arn=owner.arn).arn
    target(arn, role_arn=sender.arn if with_role else None)


def archive(**changes: Any) -> None:
    whole = {"name": "orders", "event_source_arn": own_bus().arn, "retention_days": 30, **changes}
    aws.cloudwatch.EventArchive("orders", **whole)


def schedule(expression: str = "rate(1 hour)", *, trust: str = "scheduler.amazonaws.com", **changes: Any) -> None:
    """A schedule that starts a state machine elsewhere."""
    sender = role("sender", assume_role_policy=policy_text(trust_statement(Principal={"Service": trust})))
    whole = {
        "name": "hourly",
        "schedule_expression": expression,
        "flexible_time_window": {"mode": "OFF"},
        "target": {"arn": f"arn:aws:states:{PLACE}:stateMachine:elsewhere", "role_arn": sender.arn},
        **changes,
    }
    aws.scheduler.Schedule("hourly", **whole)


def _plain_group() -> None:
    aws.scheduler.ScheduleGroup("jobs", name="jobs")
    schedule(group_name="jobs")


def _plain_rule() -> None:
    rule()
    aws.cloudwatch.EventTarget("out", rule="placed", arn=f"arn:aws:logs:{PLACE}:log-group:/aws/events/all")


def _two_rules() -> None:
    rule()
    aws.cloudwatch.EventRule("second", name="placed", event_pattern=PLACED)


def _no_bus() -> None:
    own_bus()
    rule(event_bus_name="carts")


CLOSED = "does not allow sqs:SendMessage to events.amazonaws.com for rule rule/placed"
WRONG_EVENTS = [
    Wrong(
        "rule for nothing",
        lambda: rule(event_pattern=None),
        "eventPattern",
        "scheduleExpression or eventPattern is needed",
    ),
    Wrong("rate of one minutes", lambda: scheduled("rate(1 minutes)"), "scheduleExpression", "allowed: rate(1 minute)"),
    Wrong("cron of five fields", lambda: scheduled("cron(0 3 * * *)"), "scheduleExpression", "5 fields; allowed: 6"),
    Wrong(
        "schedule on a bus",
        lambda: scheduled("rate(1 hour)", event_bus_name=own_bus().name),
        "eventBusName",
        "schedules exist on the default bus only",
    ),
    Wrong("pattern of a text", lambda: patterned(source="orders"), "eventPattern.source", "a list of values is needed"),
    Wrong(
        "filter of a pattern",
        lambda: patterned(detail={"price": [{"numeric": ["<", "5"]}]}),
        "eventPattern.detail.price[0].numeric",
        "a number is needed",
    ),
    Wrong("long name of a rule", lambda: rule("r" * 65), "name", "65 characters given; allowed: at most 64"),
    Wrong("name of two rules", _two_rules, "name", "'placed' is the name of aws:cloudwatch/eventRule:EventRule"),
    Wrong("bus that is not there", _no_bus, "eventBusName", "no bus 'carts' in the stack"),
    Wrong("six targets", lambda: targets(*"abcdef"), "", "6 targets; allowed: at most 5"),
    Wrong("two targets of one id", lambda: targets("a", "a"), "", "two targets with the id 'a'"),
    Wrong(
        "target on another bus",
        lambda: on_bus("default"),
        "eventBusName",
        "bus default meant; rule placed is on bus orders",
    ),
    Wrong("target by the plain name of its rule", _plain_rule, "rule", "without depending on it"),
    Wrong(
        "two inputs",
        lambda: target(input="{}", input_path="$.detail"),
        "inputPath",
        "input and inputPath given; allowed: at most one",
    ),
    Wrong("input that is no json", lambda: target(input="order"), "input", "not JSON"),
    Wrong("path of an input", lambda: target(input_path="detail"), "inputPath", "a path begins with $"),
    Wrong(
        "placeholder of a template",
        lambda: transformed('{"id": <order>}', id="$.detail.id"),
        "inputTransformer.inputTemplate",
        "<order> is no key of inputPaths",
    ),
    Wrong(
        "name in a template",
        lambda: transformed("<aws-id>", **{"aws-id": "$.detail.id"}),
        "inputTransformer.inputPaths.aws-id",
        "does not begin with AWS",
    ),
    Wrong(
        "path in a template",
        lambda: transformed("<id>", id="detail.id"),
        "inputTransformer.inputPaths.id",
        "a path begins with $",
    ),
    Wrong(
        "101 paths in a template",
        lambda: transformed("1", **{f"p{index}": "$.a" for index in range(101)}),
        "inputTransformer.inputPaths",
        "101 given; allowed: at most 100",
    ),
    Wrong(
        "186 attempts",
        lambda: target(retry_policy={"maximum_retry_attempts": 186}),
        "retryPolicy.maximumRetryAttempts",
        "186 given; allowed: at most 185",
    ),
    Wrong(
        "event of 59 seconds",
        lambda: target(retry_policy={"maximum_event_age_in_seconds": 59}),
        "retryPolicy.maximumEventAgeInSeconds",
        "59 given; allowed: at least 60",
    ),
    Wrong("queue without policy", lambda: letters(policy=False), "arn", "has no policy that allows sqs:SendMessage"),
    Wrong(
        "queue for another rule",
        lambda: letters(Condition={"ArnEquals": {"aws:SourceArn": f"{RULE_ARN}-other"}}),
        "arn",
        CLOSED,
    ),
    Wrong(
        "queue for another account",
        lambda: letters(Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}}),
        "arn",
        CLOSED,
    ),
    Wrong("queue for another service", lambda: letters(Principal={"Service": "sns.amazonaws.com"}), "arn", CLOSED),
    Wrong(
        "dead letters without policy",
        lambda: letters(policy=False, dead=True),
        "deadLetterConfig.arn",
        "has no policy that allows sqs:SendMessage",
    ),
    Wrong(
        "dead letters in order",
        lambda: letters(dead=True, fifo=True),
        "deadLetterConfig.arn",
        "is a FIFO queue; dead letters go to a standard one",
    ),
    Wrong(
        "fifo queue without group",
        lambda: letters(fifo=True),
        "sqsTarget.messageGroupId",
        "letters.fifo is a FIFO queue",
    ),
    Wrong("topic without policy", lambda: news(policy=False), "arn", "has no policy that allows sns:Publish"),
    Wrong(
        "topic for another service",
        lambda: news(Principal={"Service": "cloudwatch.amazonaws.com"}),
        "arn",
        "does not allow sns:Publish to events.amazonaws.com",
    ),
    Wrong(
        "function without permission for a rule",
        lambda: calls(permitted=False),
        "arn",
        "has no permission that lets events.amazonaws.com call it for rule placed",
    ),
    Wrong(
        "permission for another rule",
        lambda: calls(other=True),
        "arn",
        "has no permission that lets events.amazonaws.com call it for rule placed",
    ),
    Wrong(
        "permission for another name",
        lambda: calls(source_arn=f"{RULE_ARN}-other"),
        "arn",
        "has no permission that lets",
    ),
    Wrong(
        "permission of another function",
        lambda: calls(function=f"arn:aws:lambda:{PLACE}:function:worker"),
        "arn",
        "has no permission that lets",
    ),
    Wrong(
        "permission for another alias",
        lambda: calls(by_alias=True, qualifier="next"),
        "arn",
        "aws:lambda/alias:Alias live has no permission",
    ),
    Wrong(
        "permission for another action",
        lambda: calls(action="lambda:GetFunction"),
        "arn",
        "has no permission that lets",
    ),
    Wrong(
        "state machine without role",
        lambda: starts(with_role=False),
        "roleArn",
        "missing; aws:sfn/stateMachine:StateMachine orders needs it",
    ),
    Wrong(
        "bus without role",
        lambda: starts(with_role=False, bus=True),
        "roleArn",
        "missing; aws:cloudwatch/eventBus:EventBus orders needs it",
    ),
    Wrong(
        "state machine elsewhere without role",
        lambda: target(f"arn:aws:states:{PLACE}:stateMachine:other"),
        "roleArn",
        "stateMachine:other needs it",
    ),
    Wrong(
        "role for another service",
        lambda: starts(trust="lambda.amazonaws.com"),
        "roleArn",
        "does not trust events.amazonaws.com",
    ),
    Wrong(
        "role that may do something else",
        lambda: starts(action="states:StopExecution"),
        "roleArn",
        "is not allowed states:StartExecution on aws:sfn/stateMachine:StateMachine orders",
    ),
    Wrong("default bus", lambda: own_bus(name="default"), "name", "the account has that bus already"),
    Wrong("bus with a slash", lambda: own_bus(name="shop/orders"), "name", "only the bus of a partner has a /"),
    Wrong(
        "bus of a partner",
        lambda: own_bus(event_source_name="aws.partner/example.com/1"),
        "name",
        "allowed: 'aws.partner/example.com/1'",
    ),
    Wrong("pattern of an archive", lambda: archive(event_pattern="{}"), "eventPattern", "at least one key is needed"),
    Wrong("archive of no days", lambda: archive(retention_days=-1), "retentionDays", "-1 given; allowed: at least 0"),
    Wrong("schedule", lambda: schedule("rate(5 weeks)"), "scheduleExpression", "at(2030-01-31T12:00:00)"),
    Wrong(
        "time zone",
        lambda: schedule(schedule_expression_timezone="Berlin"),
        "scheduleExpressionTimezone",
        "a name of the time zone database",
    ),
    Wrong(
        "window without length",
        lambda: schedule(flexible_time_window={"mode": "FLEXIBLE"}),
        "flexibleTimeWindow.maximumWindowInMinutes",
        "missing; mode FLEXIBLE needs it",
    ),
    Wrong(
        "window that is off",
        lambda: schedule(flexible_time_window={"mode": "OFF", "maximum_window_in_minutes": 5}),
        "flexibleTimeWindow.maximumWindowInMinutes",
        "mode OFF takes none",
    ),
    Wrong(
        "schedule under the role of a rule",
        lambda: schedule(trust=SERVICE),
        "target.roleArn",
        "does not trust scheduler.amazonaws.com",
    ),
    Wrong("schedule by the plain name of its group", _plain_group, "groupName", "without depending on it"),
]
SOUND_EVENTS: dict[str, Callable[[], Any]] = {
    "rule": rule,
    "scheduled rule": lambda: scheduled("cron(0 3 ? * MON-FRI *)"),
    "scheduled rule on the default bus": lambda: scheduled("rate(2 hours)", event_bus_name="default"),
    "pattern": lambda: patterned(source=[{"prefix": "shop."}], detail={"price": [{"numeric": [">", 5]}]}),
    "five targets": lambda: targets(*"abcde"),
    "bus": on_bus,
    "template": lambda: transformed('{"id": <id>, "at": <aws.events.event.ingestion-time>}', id="$.detail.id"),
    "queue as target": letters,
    "queue for any rule": lambda: letters(Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:events:{PLACE}:rule/*"}}),
    "queue for an account": lambda: letters(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
    "dead letters": lambda: letters(dead=True),
    "fifo queue as target": lambda: letters(fifo=True, extra={"sqs_target": {"message_group_id": "orders"}}),
    "topic": news,
    "function as target": calls,
    "alias as target": lambda: calls(by_alias=True),
    "function by its arn": lambda: calls(function=f"arn:aws:lambda:{PLACE}:function:work"),
    "function for any rule": lambda: calls(source_arn=None),
    "state machine as target": starts,
    "bus as target": lambda: starts(bus=True, action="events:PutEvents"),
    "archive": archive,
    "archive for ever": lambda: archive(retention_days=0, event_pattern=PLACED),
    "partner's bus": lambda: own_bus(name="aws.partner/example.com/1", event_source_name="aws.partner/example.com/1"),
    "one time": lambda: schedule("at(2030-01-31T12:00:00)", schedule_expression_timezone="Europe/Berlin"),
    "window": lambda: schedule(flexible_time_window={"mode": "FLEXIBLE", "maximum_window_in_minutes": 5}),
}
