"""components.functions: functions with layer, versions, aliases, concurrency, logs and dead-letter queues."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.account import Account
from components.functions import Functions, FunctionsArgs, FunctionSpec, Package, archive
from components.naming import NameRefused, Naming
from components.roles import Role, Roles, RolesArgs, RoleSpec
from components.security_groups import SecurityGroup, SecurityGroups, SecurityGroupsArgs
from components.tables import Key, Tables, TablesArgs, TableSpec
from plumbline.graph import UNKNOWN, Blob, Options, Resource, StackGraph
from tests.evaluations import run_program

ACCOUNT = Account(account_id="111111111111", region="us-east-1")
PREFIX = "urn:pulumi:test::plumbline::"
FUNCTIONS_URN = f"{PREFIX}plumbline:components:Functions::functions"
FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
PROVISIONED = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
LAYER = "aws:lambda/layerVersion:LayerVersion"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
QUEUE = "aws:sqs/queue:Queue"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
SUBNETS = ["subnet-1", "subnet-2"]
BLOB = "a package"  # stands for an archive in compared inputs: digests change with the code


_TEMPORARY = tempfile.TemporaryDirectory()  # removed at the end of the run


@functools.cache
def code() -> Path:
    """Return a directory with two Python files and one that is none."""
    directory = Path(_TEMPORARY.name)
    (directory / "python" / "shared").mkdir(parents=True)
    (directory / "main.py").write_text("def handler(event, context): ...\n")
    (directory / "python" / "shared" / "log.py").write_text("")
    (directory / "notes.txt").write_text("not code")
    return directory


def in_functions(type_: str, name: str) -> str:
    return f"{FUNCTIONS_URN.removesuffix('::functions')}${type_}::{name}"


def in_roles(type_: str, name: str) -> str:
    return f"{PREFIX}plumbline:components:Roles${type_}::{name}"


def graph_of(program: Callable[[], Any]) -> StackGraph:
    evaluation = run_program(program)
    assert evaluation.mistakes == ()
    return evaluation.graph


def a_role(name: str = "audit") -> tuple[Roles, Role]:
    spec = RoleSpec(physical_name=name, description="Runs")
    roles = Roles("roles", RolesArgs(naming=Naming("test"), service="lambda.amazonaws.com", roles={name: spec}))
    return roles, roles.roles[name]


def spec_of(role: Role, **changes: Any) -> dict[str, Any]:
    """Return the values of a specification, all but the security groups."""
    values = {"handler": "main.handler", "code": code(), "memory_mb": 512, "timeout_seconds": 30}
    return {"role": role, **values, **changes}


def groups(*names: str) -> tuple[SecurityGroup, ...]:
    described = {name: f"Functions: {name}" for name in names}
    args = SecurityGroupsArgs(naming=Naming("test"), vpc_id="vpc-1", groups=described)
    return tuple(SecurityGroups("groups", args).groups.values())


def some_functions(specs: dict[str, dict[str, Any]], **changes: Any) -> Functions:
    """Register functions; those without security groups get one that is registered for them."""
    usual = None if all("security_groups" in spec for spec in specs.values()) else groups("functions")
    functions = {name: FunctionSpec(**{"security_groups": usual, **spec}) for name, spec in specs.items()}
    values = {"account": ACCOUNT, "naming": Naming("test"), "layer": code(), "log_retention_days": 30}
    return Functions("functions", FunctionsArgs(**{"functions": functions, "subnet_ids": SUBNETS, **values, **changes}))


def one_function(**changes: Any) -> StackGraph:
    """Evaluate a program with one function, `audit`, whose specification has the given changes."""

    def program() -> None:
        roles, role = a_role()
        some_functions({"audit": spec_of(role, **changes)})
        roles.attach()

    return graph_of(program)


def only(graph: StackGraph, type_: str) -> Resource:
    [resource] = graph.of_type(type_)
    return resource


def inputs(resource: Resource) -> dict[str, Any]:
    """Return a resource's inputs with BLOB in place of its code."""
    return {key: BLOB if isinstance(value, Blob) else value for key, value in resource.inputs.items()}


FUNCTION_INPUTS: dict[str, Any] = {
    "name": "test-audit",
    "description": "",
    "role": UNKNOWN,
    "runtime": "python3.13",
    "architectures": ["arm64"],
    "handler": "main.handler",
    "code": BLOB,
    "layers": [UNKNOWN],
    "memorySize": 512,
    "timeout": 30,
    "tracingConfig": {"mode": "Active"},
    "loggingConfig": {"logFormat": "JSON", "logGroup": "/aws/lambda/test-audit"},
    "vpcConfig": {"subnetIds": SUBNETS, "securityGroupIds": [UNKNOWN]},
    "publish": True,
}
LAYER_URN = in_functions(LAYER, "functions-layer")
LOG_URN = in_functions(LOG_GROUP, "functions-audit-log")
FUNCTION_URN = in_functions(FUNCTION, "functions-audit")
ALIAS_URN = in_functions(ALIAS, "functions-audit-live")
QUEUE_URN = in_functions(QUEUE, "functions-audit-dead-letters")
ROLE_URN = in_roles("aws:iam/role:Role", "roles-audit")
GROUP_URN = f"{PREFIX}plumbline:components:SecurityGroups$aws:ec2/securityGroup:SecurityGroup::groups-functions"
POLICY_URNS = [in_roles(ROLE_POLICY, f"roles-audit-{key}") for key in ("log-audit", "network-audit", "traces")]


def test_function_has_exactly_these_inputs() -> None:
    assert inputs(only(one_function(), FUNCTION)) == FUNCTION_INPUTS


def test_function_takes_everything_that_is_asked_for() -> None:
    graph = one_function(
        memory_mb=1024,
        timeout_seconds=300,
        environment={"ENVIRONMENT": "test"},
        reserved_concurrency=10,
        dead_letter=True,
        description="Keeps the audit trail",
    )
    assert inputs(only(graph, FUNCTION)) == {
        **FUNCTION_INPUTS,
        "description": "Keeps the audit trail",
        "memorySize": 1024,
        "timeout": 300,
        "environment": {"variables": {"ENVIRONMENT": "test"}},
        "reservedConcurrentExecutions": 10,
        "deadLetterConfig": {"targetArn": UNKNOWN},
    }


def test_function_depends_on_its_log_group_layer_role_security_group_and_all_policies() -> None:
    function = only(one_function(), FUNCTION)
    assert (function.urn, function.parent, function.options) == (FUNCTION_URN, FUNCTIONS_URN, Options())
    assert function.dependencies == tuple(sorted([LAYER_URN, LOG_URN, ROLE_URN, GROUP_URN, *POLICY_URNS]))


def test_function_lies_in_the_given_subnets_and_all_its_security_groups() -> None:
    def program() -> None:
        roles, role = a_role()
        some_functions(
            {"audit": spec_of(role, security_groups=groups("functions", "internet"))}, subnet_ids=["subnet-9"]
        )
        roles.attach()

    function = only(graph_of(program), FUNCTION)
    assert function.inputs["vpcConfig"] == {"subnetIds": ["subnet-9"], "securityGroupIds": [UNKNOWN, UNKNOWN]}
    assert function.property_dependencies["vpcConfig"] == (
        GROUP_URN,
        GROUP_URN.replace("groups-functions", "groups-internet"),
    )


@pytest.mark.parametrize(
    ("security_groups", "subnet_ids", "given"),
    [(True, None, "security groups without subnets"), (False, SUBNETS, "subnets without security groups")],
)
def test_half_a_place_in_a_vpc_is_refused(security_groups: bool, subnet_ids: Any, given: str) -> None:
    def program() -> None:
        roles, role = a_role()
        spec = spec_of(role, security_groups=groups("functions") if security_groups else ())
        with pytest.raises(ValueError, match=f"^functions.audit: {given} given; allowed: both or neither$"):
            some_functions({"audit": spec}, subnet_ids=subnet_ids)
        roles.attach()

    graph_of(program)


def test_function_without_vpc_has_no_network_and_may_use_none() -> None:
    def program() -> None:
        roles, role = a_role()
        some_functions({"audit": spec_of(role, security_groups=())}, subnet_ids=None, layer_description="Shared")
        roles.attach()

    graph = graph_of(program)
    assert only(graph, FUNCTION).inputs.get("vpcConfig") is None
    assert only(graph, LAYER).inputs["description"] == "Shared"
    policies = [json.loads(policy.inputs["policy"]) for policy in graph.of_type(ROLE_POLICY)]
    actions = {action for policy in policies for row in policy["Statement"] for action in row["Action"]}
    assert {action.partition(":")[0] for action in actions} == {"logs", "xray"}


def test_function_names_which_input_needs_which_resource() -> None:
    needed = only(one_function(dead_letter=True), FUNCTION).property_dependencies
    assert {key: urns for key, urns in needed.items() if urns} == {
        "role": (ROLE_URN,),
        "layers": (LAYER_URN,),
        "loggingConfig": (LOG_URN,),
        "deadLetterConfig": (QUEUE_URN,),
        "vpcConfig": (GROUP_URN,),
    }


def test_function_depends_on_every_edge_that_was_given_before() -> None:
    def program() -> None:
        roles, role = a_role()
        table = TableSpec(partition_key=Key(name="id", type="S"))
        tables = Tables("tables", TablesArgs(account=ACCOUNT, naming=Naming("test"), tables={"orders": table}))
        tables.tables["orders"].grant_read(role)
        some_functions({"audit": spec_of(role)})
        roles.attach()

    function = only(graph_of(program), FUNCTION)
    assert in_roles(ROLE_POLICY, "roles-audit-table-orders") in function.dependencies


def test_functions_of_one_role_all_depend_on_all_its_policies() -> None:
    def program() -> None:
        roles, role = a_role("shared")
        some_functions({"one": spec_of(role), "two": spec_of(role, dead_letter=True)})
        roles.attach()

    graph = graph_of(program)
    policies = {policy.urn for policy in graph.of_type(ROLE_POLICY)}
    assert {urn.rpartition("::")[2] for urn in policies} == {
        *("roles-shared-log-one", "roles-shared-log-two"),
        *("roles-shared-network-one", "roles-shared-network-two"),
        *("roles-shared-dead-letters-two", "roles-shared-traces"),
    }
    assert all(policies <= set(function.dependencies) for function in graph.of_type(FUNCTION))


def test_package_in_a_bucket_takes_the_place_of_the_directory() -> None:
    package = Package(bucket="packages", key="audit/1.zip", version="v1")
    expected = {key: value for key, value in FUNCTION_INPUTS.items() if key != "code"}
    assert inputs(only(one_function(code=package), FUNCTION)) == {
        **expected,
        "s3Bucket": "packages",
        "s3Key": "audit/1.zip",
        "s3ObjectVersion": "v1",
    }


def test_package_without_version_names_none() -> None:
    function = only(one_function(code=Package(bucket="packages", key="audit/1.zip")), FUNCTION)
    assert {key for key in function.inputs if key.startswith("s3") or key == "code"} == {"s3Bucket", "s3Key"}


def test_code_and_layer_hold_the_python_files_of_their_directories() -> None:
    graph = one_function()
    for resource in (only(graph, FUNCTION), only(graph, LAYER)):
        assert sorted(resource.inputs["code"].content["assets"]) == ["main.py", "python/shared/log.py"]


def test_layer_has_exactly_these_inputs() -> None:
    layer = only(one_function(), LAYER)
    assert inputs(layer) == {
        "layerName": "test-shared",
        "code": BLOB,
        "compatibleRuntimes": ["python3.13"],
        "compatibleArchitectures": ["arm64"],
        "description": "Code that all functions share",
    }
    assert (layer.name, layer.parent, layer.dependencies, layer.options) == (
        "functions-layer",
        FUNCTIONS_URN,
        (),
        Options(),
    )


def test_layer_and_functions_follow_runtime_and_architecture() -> None:
    def program() -> None:
        roles, role = a_role()
        some_functions({"audit": spec_of(role)}, runtime="python3.12", architecture="x86_64")
        roles.attach()

    graph = graph_of(program)
    assert inputs(only(graph, FUNCTION)) == {**FUNCTION_INPUTS, "runtime": "python3.12", "architectures": ["x86_64"]}
    layer = only(graph, LAYER)
    assert (layer.get("compatibleRuntimes"), layer.get("compatibleArchitectures")) == (["python3.12"], ["x86_64"])


def test_log_group_has_exactly_these_inputs() -> None:
    log = only(one_function(), LOG_GROUP)
    assert (log.urn, dict(log.inputs)) == (LOG_URN, {"name": "/aws/lambda/test-audit", "retentionInDays": 30})
    assert (log.parent, log.dependencies, log.options) == (FUNCTIONS_URN, (), Options())


def test_log_group_is_registered_before_its_function() -> None:
    order = list(one_function().resources)
    assert order.index(LOG_URN) < order.index(FUNCTION_URN)


def test_alias_points_at_the_published_version() -> None:
    alias = only(one_function(), ALIAS)
    assert (alias.urn, dict(alias.inputs)) == (
        ALIAS_URN,
        {"name": "live", "functionName": "test-audit", "functionVersion": UNKNOWN},
    )
    assert (alias.parent, alias.dependencies, alias.options) == (FUNCTIONS_URN, (FUNCTION_URN,), Options())


def test_provisioned_concurrency_is_on_the_alias() -> None:
    provisioned = only(one_function(provisioned_concurrency=5), PROVISIONED)
    assert (provisioned.name, dict(provisioned.inputs)) == (
        "functions-audit-provisioned",
        {"functionName": "test-audit", "qualifier": "live", "provisionedConcurrentExecutions": 5},
    )
    assert (provisioned.parent, provisioned.dependencies, provisioned.options) == (
        FUNCTIONS_URN,
        (ALIAS_URN,),
        Options(),
    )
    assert provisioned.property_dependencies == {
        "functionName": (ALIAS_URN,),
        "qualifier": (ALIAS_URN,),
        "provisionedConcurrentExecutions": (),
    }


def test_no_provisioned_concurrency_unless_asked_for() -> None:
    assert one_function(provisioned_concurrency=0).of_type(PROVISIONED) == []


def test_no_reserved_concurrency_unless_asked_for() -> None:
    assert "reservedConcurrentExecutions" not in only(one_function(), FUNCTION).inputs


def test_dead_letter_queue_has_exactly_these_inputs() -> None:
    queue = only(one_function(dead_letter=True), QUEUE)
    assert (queue.urn, dict(queue.inputs)) == (
        QUEUE_URN,
        {"name": "test-audit-dead-letters", "messageRetentionSeconds": 1209600, "sqsManagedSseEnabled": True},
    )
    assert (queue.parent, queue.dependencies, queue.options) == (FUNCTIONS_URN, (), Options())


def test_no_dead_letter_queue_unless_asked_for() -> None:
    graph = one_function()
    assert graph.of_type(QUEUE) == []
    assert "deadLetterConfig" not in only(graph, FUNCTION).inputs


def test_role_gets_exactly_logs_traces_network_and_dead_letters_of_its_function() -> None:
    policies = one_function(dead_letter=True).of_type(ROLE_POLICY)
    documents = {policy.inputs["name"]: json.loads(policy.inputs["policy"]) for policy in policies}

    def document(sid: str, actions: list[str], resource: str) -> dict[str, Any]:
        statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": [resource]}
        return {"Version": "2012-10-17", "Statement": [statement]}

    interfaces = [
        *("ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
        *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses"),
    ]
    network = document("AttachToNetwork", interfaces, "*")
    network["Statement"].append(
        {
            "Sid": "NotByOwnCode",
            "Effect": "Deny",
            "Action": interfaces,
            "Resource": ["*"],
            "Condition": {
                "ArnEquals": {"lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:111111111111:function:test-audit"}
            },
        }
    )
    assert documents == {
        "network-audit": network,
        "log-audit": document(
            "WriteLog",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            "arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/test-audit:*",
        ),
        "traces": document("Trace", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"),
        "dead-letters-audit": document(
            "SendMessages", ["sqs:SendMessage"], "arn:aws:sqs:us-east-1:111111111111:test-audit-dead-letters"
        ),
    }


def test_grant_invoke_lets_a_role_call_the_live_alias() -> None:
    def program() -> None:
        _, role = a_role()
        functions = some_functions({"audit": spec_of(role)})
        spec = RoleSpec(physical_name="caller", description="Calls")
        callers = Roles("callers", RolesArgs(naming=Naming("test"), service="states.amazonaws.com", roles={"c": spec}))
        functions.functions["audit"].grant_invoke(callers.roles["c"])
        callers.attach()

    [policy] = [p for p in graph_of(program).of_type(ROLE_POLICY) if p.inputs["role"] == "test-caller"]
    assert (policy.name, policy.inputs["name"]) == ("callers-c-function-audit", "function-audit")
    assert json.loads(policy.inputs["policy"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "InvokeFunction",
                "Effect": "Allow",
                "Action": ["lambda:InvokeFunction"],
                "Resource": ["arn:aws:lambda:us-east-1:111111111111:function:test-audit:live"],
            }
        ],
    }


def test_component_gives_aliases_and_layer_as_outputs() -> None:
    component = one_function().resources[FUNCTIONS_URN]
    assert (component.inputs, component.outputs) == ({}, {"aliases": {"audit": UNKNOWN}, "layer": UNKNOWN})


def test_function_name_that_is_too_long_is_refused_instead_of_cut() -> None:
    def program() -> None:
        _, role = a_role()
        with pytest.raises(NameRefused, match="a function name at most 64"):
            some_functions({"f" * 60: spec_of(role)})

    graph_of(program)


def test_long_dead_letter_queue_name_is_cut_alike_in_queue_and_permission() -> None:
    name = "f" * 59  # the longest function name: the queue's own would have 91 of 80 characters

    def program() -> None:
        roles, role = a_role()
        some_functions({name: spec_of(role, dead_letter=True)})
        roles.attach()

    graph = graph_of(program)
    queue = only(graph, QUEUE).inputs["name"]
    [policy] = [p for p in graph.of_type(ROLE_POLICY) if p.inputs["name"].startswith("dead-letters-")]
    [statement] = json.loads(policy.inputs["policy"])["Statement"]
    assert len(queue) <= 80
    assert statement["Resource"] == [f"arn:aws:sqs:us-east-1:111111111111:{queue}"]


def test_archive_names_python_files_by_their_path_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "package" / "__pycache__").mkdir(parents=True)
    for file in ("b.py", "a.py", "package/c.py", "package/__pycache__/c.cpython-313.pyc", "a.py~", "README.md"):
        (tmp_path / file).write_text("")
    assert list(archive(tmp_path).assets) == ["a.py", "b.py", "package/c.py"]


def test_archive_of_a_directory_without_python_raises(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("")
    with pytest.raises(ValueError) as raised:
        archive(tmp_path)
    assert str(raised.value) == f"{tmp_path}: no Python file to package"


@pytest.mark.parametrize(("moves", "ignored"), [(True, ()), (False, ("functionVersion", "description"))])
def test_alias_is_left_to_a_command_where_the_component_does_not_move_it(moves: bool, ignored: tuple[str, ...]) -> None:
    def program() -> None:
        roles, role = a_role()
        some_functions({"audit": spec_of(role)}, moves_aliases=moves)
        roles.attach()

    alias = only(graph_of(program), ALIAS)
    assert alias.options.ignore_changes == ignored
    assert alias.inputs["functionVersion"] is UNKNOWN  # the version it is made with, in either case
