"""EventBridge: schedules on the default bus, rules on a bus of the stack's own, dead letters (requirement 12)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.functions import Function
from components.naming import Naming
from components.queues import dead_letter_queue, queue_policy
from components.resource_policies import PolicyStatement, policy_text
from components.roles import Grant, Role
from components.topics import Topic

SERVICE = "events.amazonaws.com"
# An hour old, an event is about a market that has moved on; until then EventBridge tries again with growing pauses.
_RETRY_SECONDS, _RETRIES = 3600, 20


@dataclass(frozen=True, kw_only=True)
class EventBusArgs:
    """The bus of one stack. `archive_days` is how long its events can be replayed."""

    account: Account
    naming: Naming
    bus: str
    archive_days: int


class EventBus(pulumi.ComponentResource):
    """A bus that the account's own principals put events on, and an archive. `bus_name` is known at preview."""

    def __init__(self, name: str, args: EventBusArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:EventBus", name, None, opts)
        self._account = args.account
        child = pulumi.ResourceOptions(parent=self)
        self.bus_name = args.naming.exact("event_bus", args.bus)
        self.resource = aws.cloudwatch.EventBus(
            f"{name}-bus", name=self.bus_name, description="Events of the application", opts=child
        )
        statement = PolicyStatement(
            sid="OwnPrincipalsPutEvents",
            principal={"AWS": args.account.root_arn()},
            actions=("events:PutEvents",),
            resources=(args.account.event_bus_arn(self.bus_name),),
        )
        aws.cloudwatch.EventBusPolicy(
            f"{name}-policy", event_bus_name=self.resource.name, policy=policy_text([statement]), opts=child
        )
        aws.cloudwatch.EventArchive(
            f"{name}-archive",
            name=args.naming.exact("event_archive", args.bus),
            description="Events that can be replayed",
            event_source_arn=self.resource.arn,
            retention_days=args.archive_days,
            opts=child,
        )
        self.register_outputs({"bus": self.resource.arn})

    def grant_put(self, role: Role) -> Grant:
        """Let a role put events on the bus."""
        return role.allow("events", grants.put_events(self._account, self.bus_name))


@dataclass(frozen=True, kw_only=True)
class RuleSpec:
    """One rule with one target: a function, called by its live alias, or a topic.

    Either `schedule`, as `rate(5 minutes)` or `cron(0 3 * * ? *)` in UTC, or `pattern`, matched with the events
    of the stack's bus. `switched` says that something else turns the rule off and on, so that an `up` leaves its state
    as it is.
    """

    description: str
    target: Function | Topic
    schedule: str | None = None
    pattern: Mapping[str, Any] | None = None
    switched: bool = False


@dataclass(frozen=True, kw_only=True)
class RulesArgs:
    """The rules of one stack, by logical name; those with a pattern are rules of the bus.

    Raises ValueError for a pattern without a bus.
    """

    account: Account
    naming: Naming
    rules: Mapping[str, RuleSpec]
    bus: EventBus | None = None

    def __post_init__(self) -> None:
        for name, spec in self.rules.items():
            if not spec.schedule and self.bus is None:
                raise ValueError(f"rules.{name}: a pattern without a bus given; allowed: a schedule")


class Rules(pulumi.ComponentResource):
    """Rules with one target and one dead-letter queue each.

    `rules` and `dead_letter_queues` are by logical name of the rule.
    """

    def __init__(self, name: str, args: RulesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Rules", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.dead_letter_queues = {
            rule: dead_letter_queue(f"{name}-{rule}-dead-letters", self._queue_name(rule), self._child)
            for rule in args.rules
        }
        self.rules = {rule: self._rule(rule, spec) for rule, spec in args.rules.items()}
        self.register_outputs({"arns": {rule: resource.arn for rule, resource in self.rules.items()}})

    def _rule_name(self, rule: str) -> str:
        return self._args.naming.exact("event_rule", rule)

    def rule_arn(self, rule: str) -> str:
        """Compose a rule's ARN; that of a rule on a bus of its own has the bus's name in it."""
        bus = self._bus(self._args.rules[rule])
        own = f"{bus.bus_name}/" if bus else ""
        return self._args.account.arn("events", f"rule/{own}{self._rule_name(rule)}")

    def _queue_name(self, rule: str) -> str:
        return self._args.naming.short("queue", f"{rule}-undelivered")

    def _bus(self, spec: RuleSpec) -> EventBus | None:
        # Schedules exist on the default bus only.
        return None if spec.schedule else self._args.bus

    def _rule(self, rule: str, spec: RuleSpec) -> aws.cloudwatch.EventRule:
        queue, bus = self.dead_letter_queues[rule], self._bus(spec)
        resource = aws.cloudwatch.EventRule(
            f"{self._prefix}-{rule}",
            name=self._rule_name(rule),
            description=spec.description,
            schedule_expression=spec.schedule,
            event_pattern=json.dumps(spec.pattern, separators=(",", ":")) if spec.pattern else None,
            event_bus_name=bus.resource.name if bus else None,
            state="ENABLED",
            opts=pulumi.ResourceOptions.merge(
                self._child, pulumi.ResourceOptions(ignore_changes=["state"] if spec.switched else None)
            ),
        )
        letters = queue_policy(
            f"{self._prefix}-{rule}-dead-letters-policy",
            queue,
            self._queue_arn(rule),
            pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[resource])),
            (self._accept_undelivered(rule),),
        )
        first: list[pulumi.Resource] = [letters]
        if isinstance(spec.target, Function):
            first.append(self._permission(rule, spec.target, resource))
            target = spec.target.alias.arn
        else:
            first.append(spec.target.policy)
            target = spec.target.arn
        aws.cloudwatch.EventTarget(
            f"{self._prefix}-{rule}-target",
            rule=resource.name,
            event_bus_name=bus.resource.name if bus else None,
            target_id=rule,
            arn=target,
            dead_letter_config={"arn": queue.arn},
            retry_policy={"maximum_event_age_in_seconds": _RETRY_SECONDS, "maximum_retry_attempts": _RETRIES},
            # An event may come at once, and both ways that it can take must be open by then.
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=first)),
        )
        return resource

    def _permission(self, rule: str, function: Function, resource: aws.cloudwatch.EventRule) -> aws.lambda_.Permission:
        return aws.lambda_.Permission(
            f"{self._prefix}-{rule}-permission",
            action="lambda:InvokeFunction",
            function=function.alias.function_name,
            qualifier=function.alias.name,
            principal=SERVICE,
            source_arn=resource.arn,
            opts=self._child,
        )

    def _queue_arn(self, rule: str) -> str:
        return self._args.account.queue_arn(self._queue_name(rule))

    def _accept_undelivered(self, rule: str) -> PolicyStatement:
        return PolicyStatement(
            sid="AcceptUndelivered",
            principal={"Service": SERVICE},
            actions=("sqs:SendMessage",),
            resources=(self._queue_arn(rule),),
            conditions={"ArnEquals": {"aws:SourceArn": self.rule_arn(rule)}},
        )
