"""Step Functions state machines with a role each, logs and traces (requirement 11).

A definition is the Amazon States Language with placeholders for what it uses: "${function:NAME}" stands for the live
alias of a function and "${topic:NAME}" for a topic. What a machine may do follows from what its definition names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.functions import LIVE, Function
from components.naming import Naming
from components.roles import Grant, Role, Roles, RolesArgs, RoleSpec
from components.topics import Topic

SERVICE = "states.amazonaws.com"
FUNCTION, TOPIC = "function", "topic"
_ROLE = "role"
_PLACEHOLDER = re.compile(r"\$\{(function|topic):([^{}]+)\}")


@dataclass(frozen=True, kw_only=True)
class MachineSpec:
    """One state machine.

    `definition` has StartAt and States, with placeholders. `description` becomes its comment; `timeout_seconds` ends
    an execution whatever it does, without running its catchers.
    """

    definition: Mapping[str, Any]
    description: str
    timeout_seconds: int


@dataclass(frozen=True, kw_only=True)
class WorkflowsArgs:
    """The state machines of one stack, by logical name, and what their definitions may name."""

    account: Account
    naming: Naming
    functions: Mapping[str, Function]
    topics: Mapping[str, Topic]
    machines: Mapping[str, MachineSpec]
    log_retention_days: int


@dataclass(frozen=True)
class Workflow:
    """One state machine, its log group and the role it runs with."""

    name: str
    physical_name: str
    resource: aws.sfn.StateMachine
    log_group: aws.cloudwatch.LogGroup
    role: Role
    account: Account

    @property
    def arn(self) -> pulumi.Output[str]:
        return self.resource.arn

    def grant_start(self, role: Role) -> Grant:
        """Let a role start executions: that of a function, or of a rule whose target the machine is."""
        return role.allow(f"workflow-{self.name}", grants.start_execution(self.account, self.physical_name))


class Workflows(pulumi.ComponentResource):
    """Standard workflows that log every event, without its data, and trace with X-Ray.

    `machines` holds them by logical name. Raises ValueError where a definition names what does not exist.
    """

    def __init__(self, name: str, args: WorkflowsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Workflows", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.machines: Mapping[str, Workflow] = {
            machine: self._machine(machine, spec) for machine, spec in args.machines.items()
        }
        self.register_outputs({"arns": {machine: handle.arn for machine, handle in self.machines.items()}})

    def _machine(self, machine: str, spec: MachineSpec) -> Workflow:
        mistakes = misplaced(spec.definition, self._args.functions, self._args.topics)
        if mistakes:
            raise ValueError("\n".join(f"{machine}: {mistake}" for mistake in mistakes))
        physical_name = self._args.naming.exact("state_machine", machine)
        log_group = self._log_group(machine, physical_name)
        functions = [self._args.functions[name] for name in named(spec.definition, FUNCTION)]
        topics = [self._args.topics[name] for name in named(spec.definition, TOPIC)]
        roles = self._roles(machine, physical_name)
        role = roles.roles[_ROLE]
        for function in functions:
            function.grant_invoke(role)
        for topic in topics:
            topic.grant_publish(role)
        roles.attach()
        used = [*(function.alias for function in functions), *(part for t in topics for part in (t.resource, t.policy))]
        resource = aws.sfn.StateMachine(
            f"{self._prefix}-{machine}",
            name=physical_name,
            type="STANDARD",
            role_arn=role.arn,
            definition=self._definition(spec),
            logging_configuration={
                "level": "ALL",
                # Inputs and results hold the tenants' data, which whoever reads logs need not see. The history that
                # Step Functions keeps has them, for those who may read executions.
                "include_execution_data": False,
                "log_destination": pulumi.Output.concat(log_group.arn, ":*"),
            },
            tracing_configuration={"enabled": True},
            # Its definition carries no dependency, and Step Functions tries the role's log delivery at once.
            opts=pulumi.ResourceOptions.merge(
                self._child, pulumi.ResourceOptions(depends_on=[*used, *role.attach(), log_group])
            ),
        )
        return Workflow(machine, physical_name, resource, log_group, role, self._args.account)

    def _log_group(self, machine: str, physical_name: str) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._prefix}-{machine}-log",
            name=log_group_name(physical_name),
            retention_in_days=self._args.log_retention_days,
            opts=self._child,
        )

    def _roles(self, machine: str, physical_name: str) -> Roles:
        """Register the machine's role, with what Step Functions itself needs of it.

        A component per machine: its condition names the machine.
        """
        account = self._args.account
        roles = Roles(
            f"{self._prefix}-{machine}",
            RolesArgs(
                naming=self._args.naming,
                service=SERVICE,
                roles={_ROLE: RoleSpec(physical_name=f"workflow-{machine}", description=f"Runs workflow {machine}")},
                conditions={
                    "StringEquals": {"aws:SourceAccount": account.account_id},
                    "ArnLike": {"aws:SourceArn": account.state_machine_arn(physical_name)},
                },
            ),
            self._child,
        )
        role = roles.roles[_ROLE]
        role.allow("log", grants.deliver_logs(account, log_group_name(physical_name)))
        role.allow("traces", grants.trace_executions())
        return roles

    def _definition(self, spec: MachineSpec) -> str:
        """Return the definition's text, whole: composed of names, so that a preview knows it."""
        account = self._args.account
        arns = {
            **{
                f"${{function:{name}}}": account.function_arn(function.physical_name, LIVE)
                for name, function in self._args.functions.items()
            },
            **{
                f"${{topic:{name}}}": account.topic_arn(topic.physical_name)
                for name, topic in self._args.topics.items()
            },
        }
        whole = {"Comment": spec.description, "TimeoutSeconds": spec.timeout_seconds, **spec.definition}
        return json.dumps(_replaced(whole, arns), separators=(",", ":"))


def log_group_name(physical_name: str) -> str:
    """Return the name of a machine's log group.

    Below this path, delivery is allowed by one policy of the account; any other group is written into a policy of
    5,120 characters (AWS: "Logging in CloudWatch Logs" of Step Functions).
    """
    return f"/aws/vendedlogs/states/{physical_name}"


def named(definition: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    """Return the functions or topics (`kind`) that a definition names, each once, sorted."""
    found = (_PLACEHOLDER.fullmatch(text) for _, text in _texts(definition, ()))
    return tuple(sorted({match[2] for match in found if match and match[1] == kind}))


def misplaced(definition: Mapping[str, Any], functions: Collection[str], topics: Collection[str]) -> list[str]:
    """Return one line for each placeholder that stands for nothing."""
    known = {FUNCTION: functions, TOPIC: topics}
    mistakes = []
    for path, text in _texts(definition, ()):
        match = _PLACEHOLDER.fullmatch(text)
        where = ".".join(path)
        if match is None and "${" in text:
            mistakes.append(f"{where}: {text!r} given; allowed: ${{function:NAME}} or ${{topic:NAME}} alone")
        elif match is not None and match[2] not in known[match[1]]:
            mistakes.append(f"{where}: no {match[1]} {match[2]!r}; known: {', '.join(known[match[1]]) or 'none'}")
    return mistakes


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text in a definition with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, Sequence):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, str(index)))


def _replaced(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return texts.get(value, value)
    if isinstance(value, Mapping):
        return {key: _replaced(inner, texts) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_replaced(inner, texts) for inner in value]
    return value
