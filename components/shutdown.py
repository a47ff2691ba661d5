"""EventBridge Scheduler turns scheduled rules off at night and on again in the morning (TRADING-23.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.events import Rules
from components.naming import Naming
from components.night import Night
from components.queues import dead_letter_queue, queue_policy
from components.roles import Role, Roles, RolesArgs, RoleSpec

SERVICE = "scheduler.amazonaws.com"
_STOP, _START = "disableRule", "enableRule"
# A call that comes much later could undo the one after it.
_RETRY_SECONDS, _RETRIES = 3600, 20


@dataclass(frozen=True, kw_only=True)
class ShutdownArgs:
    """What rests and when: `resting` are logical names of `rules`, whose specs say that they are switched."""

    account: Account
    naming: Naming
    night: Night
    rules: Rules
    resting: Sequence[str]


class Shutdown(pulumi.ComponentResource):
    """Two schedules for each resting rule, in a group of their own, under a role that may switch these rules only.

    `schedules` are by logical name of the rule and "stop" or "start".
    """

    def __init__(self, name: str, args: ShutdownArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Shutdown", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        naming = args.naming
        self._group_name = naming.exact("schedule_group", "shutdown")
        self._group = aws.scheduler.ScheduleGroup(f"{name}-group", name=self._group_name, opts=self._child)
        queue_name = naming.exact("queue", "shutdown-undelivered")
        self._queue = dead_letter_queue(f"{name}-dead-letters", queue_name, self._child)
        queue_policy(f"{name}-dead-letters-policy", self._queue, args.account.queue_arn(queue_name), self._child)
        self._role = self._make_role(queue_name)
        self.schedules = {
            (rule, what): self._schedule(rule, what, action, expression)
            for rule in args.resting
            for what, action, expression in (
                ("stop", _STOP, args.night.stop_expression),
                ("start", _START, args.night.start_expression),
            )
        }
        self.register_outputs({"group": self._group.arn})

    def _make_role(self, queue_name: str) -> Role:
        account = self._args.account
        # A schedule hands on the ARN of its group as the source, never its own.
        source = account.arn("scheduler", f"schedule-group/{self._group_name}")
        spec = RoleSpec(physical_name="shutdown", description="Turns scheduled rules off at night and on again")
        conditions = {
            "StringEquals": {"aws:SourceAccount": account.account_id},
            "ArnEquals": {"aws:SourceArn": source},
        }
        args = RolesArgs(naming=self._args.naming, service=SERVICE, roles={"shutdown": spec}, conditions=conditions)
        roles = Roles(f"{self._prefix}-roles", args, self._child)
        role = roles.roles["shutdown"]
        arns = [self._args.rules.rule_arn(rule) for rule in self._args.resting]
        role.allow("rules", grants.switch_rules(arns))
        # The Scheduler sends what it could not do under the same role, so the queue's policy does not name it.
        role.allow("dead-letters", grants.send(account, queue_name))
        roles.attach()
        return role

    def _schedule(self, rule: str, what: str, action: str, expression: str) -> aws.scheduler.Schedule:
        resource = self._args.rules.rules[rule]
        return aws.scheduler.Schedule(
            f"{self._prefix}-{rule}-{what}",
            name=self._args.naming.short("schedule", f"{rule}-{what}"),
            group_name=self._group.name,
            description=f"Rule {rule}: {what}",
            schedule_expression=expression,
            schedule_expression_timezone=self._args.night.time_zone,
            flexible_time_window={"mode": "OFF"},
            state="ENABLED",
            target={
                "arn": f"arn:{self._args.account.partition}:scheduler:::aws-sdk:eventbridge:{action}",
                "role_arn": self._role.arn,
                "input": pulumi.Output.json_dumps({"Name": resource.name}, separators=(",", ":")),
                "dead_letter_config": {"arn": self._queue.arn},
                "retry_policy": {
                    "maximum_event_age_in_seconds": _RETRY_SECONDS,
                    "maximum_retry_attempts": _RETRIES,
                },
            },
            # The Scheduler tries to assume the role when it gets the schedule, and may use it at once.
            opts=pulumi.ResourceOptions.merge(
                self._child, pulumi.ResourceOptions(depends_on=list(self._role.attach()))
            ),
        )
