"""components.workflows: state machines, what they may do, their logs and traces, and who may start them."""

from __future__ import annotations

import functools
import json
from typing import Any

import pulumi_aws as aws
import pytest

from components.functions import Functions, FunctionsArgs, FunctionSpec
from components.naming import NameRefused
from components.roles import Roles, RolesArgs, RoleSpec
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from components.topics import Topics, TopicsArgs, TopicSpec
from components.workflows import MachineSpec, Workflows, WorkflowsArgs, misplaced, named
from plumbline import constraints
from plumbline.graph import UNKNOWN, StackGraph
from tests.components import programs
from tests.components.programs import (
    ACCOUNT,
    CUSTOMER_KEY,
    NAMING,
    a_role,
    child_urn,
    component_urn,
    document,
    graph_of,
    names,
    needs,
    only,
    policy,
    present,
    statement,
)
from tests.components.test_functions import code

MACHINE = "aws:sfn/stateMachine:StateMachine"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ROLE = "aws:iam/role:Role"
MACHINE_ARN = "arn:aws:states:us-east-1:111111111111:stateMachine:test-package"
LOG_ARN = "arn:aws:logs:us-east-1:111111111111:log-group:/aws/vendedlogs/states/test-package"
LIVE_ARN = "arn:aws:lambda:us-east-1:111111111111:function:test-{}:live"
TOPIC_ARN = "arn:aws:sns:us-east-1:111111111111:test-alerts"
INVOKE = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"}
PUBLISH = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish"}


def definition(
    first: str = "${function:audit}", second: str = "${function:risk}", topic: str = "${topic:alerts}"
) -> Any:
    """Return a definition that names two functions, the first of them twice and within a branch, and a topic."""
    inner = {"Work": {**INVOKE, "Parameters": {"FunctionName": first, "Payload.$": "$"}, "End": True}}
    states = {
        "Split": {"Type": "Parallel", "Branches": [{"StartAt": "Work", "States": inner}], "Next": "Again"},
        "Again": {**INVOKE, "Parameters": {"FunctionName": first}, "Next": "Other"},
        "Other": {**INVOKE, "Parameters": {"FunctionName": second}, "Next": "Tell"},
        "Tell": {**PUBLISH, "Parameters": {"TopicArn": topic, "Message": "Done"}, "End": True},
    }
    return {"StartAt": "Split", "States": states}


def some_workflows(name: str = "package", written: Any = None, **changes: Any) -> Workflows:
    """Register a machine with three functions and two topics, of which its definition names two and one."""
    # The checks take account and region from it, to know whose ARNs the definition has.
    aws.Provider("aws", region="us-east-1", allowed_account_ids=["111111111111"])
    groups = SecurityGroups("groups", SecurityGroupsArgs(naming=NAMING, vpc_id="vpc-1", groups={"functions": "All"}))
    specs = {function: RoleSpec(physical_name=function, description="Runs") for function in ("audit", "idle", "risk")}
    roles = Roles("roles", RolesArgs(naming=NAMING, service="lambda.amazonaws.com", roles=specs))
    functions = {
        function: FunctionSpec(
            role=roles.roles[function],
            security_groups=tuple(groups.groups.values()),
            handler="main.handler",
            code=code(),
            memory_mb=128,
            timeout_seconds=30,
        )
        for function in specs
    }
    values = {"account": ACCOUNT, "naming": NAMING, "log_retention_days": 30}
    made = Functions("functions", FunctionsArgs(functions=functions, layer=code(), subnet_ids=["subnet-1"], **values))
    roles.attach()
    told = {topic: TopicSpec(display_name=topic, publishers={}) for topic in ("alerts", "other")}
    topics = Topics("topics", TopicsArgs(account=ACCOUNT, naming=NAMING, customer_key=CUSTOMER_KEY, topics=told))
    spec = MachineSpec(definition=written or definition(), description="Makes packages", timeout_seconds=600)
    args = {**values, "functions": made.functions, "topics": topics.topics, "machines": {name: spec}, **changes}
    return Workflows("workflows", WorkflowsArgs(**args))


@functools.cache
def graph() -> StackGraph:
    return graph_of(some_workflows)


def of_the_machine(type_: str) -> Any:
    """Return the machine's own resource of a type."""
    [resource] = [resource for resource in graph().of_type(type_) if resource.name.startswith("workflows-")]
    return resource


def test_machine_has_exactly_these_inputs() -> None:
    machine = only(graph(), MACHINE)
    inputs = present(dict(machine.inputs))
    assert json.loads(inputs.pop("definition")) == {
        "Comment": "Makes packages",
        "TimeoutSeconds": 600,
        **definition(LIVE_ARN.format("audit"), LIVE_ARN.format("risk"), TOPIC_ARN),
    }
    assert inputs == {
        "name": "test-package",
        "type": "STANDARD",
        "roleArn": UNKNOWN,
        "loggingConfiguration": {"level": "ALL", "includeExecutionData": False, "logDestination": UNKNOWN},
        "tracingConfiguration": {"enabled": True},
    }


def test_machine_needs_what_it_names_and_its_whole_role() -> None:
    machine = only(graph(), MACHINE)
    assert (machine.urn, machine.parent) == (
        child_urn("Workflows", MACHINE, "workflows-package"),
        component_urn("Workflows", "workflows"),
    )
    assert needs(machine) == {
        "roleArn": ("workflows-package-role",),
        "loggingConfiguration": ("workflows-package-log",),
    }
    assert names(machine.dependencies) == (
        "functions-audit-live",
        "functions-risk-live",
        "topics-alerts",
        "topics-alerts-policy",
        "workflows-package-log",
        "workflows-package-role",
        "workflows-package-role-function-audit",
        "workflows-package-role-function-risk",
        "workflows-package-role-log",
        "workflows-package-role-topic-alerts",
        "workflows-package-role-traces",
    )


def test_log_group_lies_where_deliveries_need_no_policy_each_and_forgets() -> None:
    group = of_the_machine(LOG_GROUP)
    assert present(group.inputs) == {"name": "/aws/vendedlogs/states/test-package", "retentionInDays": 30}


def test_only_the_machine_of_this_account_assumes_its_role() -> None:
    role = of_the_machine(ROLE)
    inputs = present(dict(role.inputs))
    assert json.loads(inputs.pop("assumeRolePolicy")) == policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": "states.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "111111111111"},
                "ArnLike": {"aws:SourceArn": MACHINE_ARN},
            },
        }
    )
    assert inputs == {"name": "test-workflow-package", "description": "Runs workflow package"}


def test_role_may_do_what_the_definition_names_and_log_and_trace() -> None:
    prefix = "workflows-package-role-"
    policies = {
        resource.name.removeprefix(prefix): document(resource)
        for resource in graph().of_type(programs.ROLE_POLICY)
        if resource.name.startswith(prefix)
    }
    key_use = {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/test-data"},
        "StringEquals": {"kms:ViaService": "sns.us-east-1.amazonaws.com"},
    }
    keys = ["arn:aws:kms:us-east-1:111111111111:key/*"]
    produce = ["kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    delivery = [
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ]
    traces = [
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ]
    assert policies == {
        "function-audit": policy(statement("InvokeFunction", ["lambda:InvokeFunction"], [LIVE_ARN.format("audit")])),
        "function-risk": policy(statement("InvokeFunction", ["lambda:InvokeFunction"], [LIVE_ARN.format("risk")])),
        "topic-alerts": policy(
            statement("Publish", ["sns:Publish"], [TOPIC_ARN]),
            statement("UseKey", ["kms:Decrypt", "kms:DescribeKey"], keys, Condition=key_use),
            statement("UseKeyToWrite", produce, keys, Condition=key_use),
        ),
        "log": policy(
            statement("DeliverLogs", delivery, ["*"]),
            statement("FindLogGroup", ["logs:DescribeLogGroups"], ["arn:aws:logs:us-east-1:111111111111:log-group:*"]),
            statement("WriteLog", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{LOG_ARN}:*"]),
        ),
        "traces": policy(statement("TraceExecutions", traces, ["*"])),
    }


def test_aws_takes_the_stack() -> None:
    assert constraints.check(graph()) == []


def test_role_that_is_granted_it_starts_executions_of_this_machine() -> None:
    def program() -> None:
        roles, role = a_role("starter")
        some_workflows().machines["package"].grant_start(role)
        roles.attach()

    [found] = [item for item in graph_of(program).of_type(programs.ROLE_POLICY) if "starter" in item.name]
    assert (found.inputs["name"], document(found)) == (
        "workflow-package",
        policy(statement("StartExecution", ["states:StartExecution"], [MACHINE_ARN])),
    )


def test_handles_tell_what_others_refer_to() -> None:
    seen: list[Any] = []

    def program() -> None:
        workflow = some_workflows().machines["package"]
        seen.append((workflow.name, workflow.physical_name, workflow.log_group._name, workflow.role.name))

    graph_of(program)
    assert seen == [("package", "test-package", "workflows-package-log", "role")]


def test_definition_that_names_what_does_not_exist_is_refused() -> None:
    wrong = definition("${function:gone}", topic="${topic:lost}")

    def program() -> None:
        with pytest.raises(ValueError) as caught:
            some_workflows(written=wrong)
        assert str(caught.value).splitlines() == [
            "package: States.Split.Branches.0.States.Work.Parameters.FunctionName: no function 'gone'; "
            "known: audit, idle, risk",
            "package: States.Again.Parameters.FunctionName: no function 'gone'; known: audit, idle, risk",
            "package: States.Tell.Parameters.TopicArn: no topic 'lost'; known: alerts, other",
        ]

    graph_of(program)


def test_name_that_is_too_long_is_refused() -> None:
    def program() -> None:
        with pytest.raises(NameRefused, match="a state_machine name at most 80"):
            some_workflows("x" * 76)

    graph_of(program)


def test_named_things_are_sorted_and_each_once() -> None:
    assert (named(definition(), "function"), named(definition(), "topic")) == (("audit", "risk"), ("alerts",))


@pytest.mark.parametrize("text", ["${function:audit}:live", "to ${topic:alerts}", "${queue:x}", "${function:}"])
def test_placeholder_of_another_form_is_a_mistake(text: str) -> None:
    assert misplaced({"Cause": text}, ["audit"], ["alerts"]) == [
        f"Cause: {text!r} given; allowed: ${{function:NAME}} or ${{topic:NAME}} alone"
    ]
