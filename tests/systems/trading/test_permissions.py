"""What each role of the trading stacks may do, computed a second time from the data files."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.evaluations import ROOT, preview

ACCOUNTS = {"test": "111111111111", "prod": "222222222222"}
READ = ["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:Query"]
WRITE = ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
XRAY = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]
KEY_USE = ["kms:Decrypt", "kms:DescribeKey"]
KEY_PRODUCE = ["kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
ROTATE = [
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
]
ROTATOR = "rotate-redis-token"
DELIVERY = [
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
]
MACHINES = sorted(file.stem for file in (ROOT / "systems/trading/data/state_machines").glob("*.json"))
ROLE, STATE_MACHINE = "aws:iam/role:Role", "aws:sfn/stateMachine:StateMachine"

Pair = tuple[str, str]


@functools.cache
def rows(file: str) -> dict[str, dict[str, Any]]:
    return yaml.safe_load((ROOT / "systems" / "trading" / "data" / file).read_text(encoding="utf-8"))


def table_pairs(stack: str, table: str, on_table: list[str], on_indexes: list[str]) -> Iterator[Pair]:
    arn = f"arn:aws:dynamodb:us-east-1:{ACCOUNTS[stack]}:table/{stack}-{table}"
    yield from ((action, arn) for action in on_table)
    for index in rows("tables.yaml")[table].get("indexes", {}):
        yield from ((action, f"{arn}/index/{index}") for action in on_indexes)


def lambda_pairs(stack: str, function: str) -> Iterator[Pair]:
    """Yield what Lambda itself needs to run a function."""
    yield from ((action, "*") for action in [*XRAY, *INTERFACES])
    log = f"arn:aws:logs:us-east-1:{ACCOUNTS[stack]}:log-group:/aws/lambda/{stack}-{function}:*"
    yield from (("logs:CreateLogStream", log), ("logs:PutLogEvents", log))


def secret_arn(stack: str, secret: str) -> str:
    return f"arn:aws:secretsmanager:us-east-1:{ACCOUNTS[stack]}:secret:{stack}-{secret}-??????"


def key_pairs(stack: str, actions: list[str]) -> Iterator[Pair]:
    yield from ((action, f"arn:aws:kms:us-east-1:{ACCOUNTS[stack]}:key/*") for action in actions)


def series_pairs(stack: str, row: dict[str, Any]) -> Iterator[Pair]:
    """Yield what a function needs of each of its series; each asks for the endpoint of Timestream."""
    start = f"arn:aws:timestream:us-east-1:{ACCOUNTS[stack]}:database/{stack}-market-data/table/{stack}-"
    for name in row.get("reads_series", []):
        yield from ((action, start + name) for action in ("timestream:DescribeTable", "timestream:Select"))
    yield from (("timestream:WriteRecords", start + name) for name in row.get("writes_series", []))
    for _ in {*row.get("reads_series", []), *row.get("writes_series", [])}:
        yield "timestream:DescribeEndpoints", "*"


def named_by(machine: str, kind: str) -> set[str]:
    """Return the functions or topics that a definition names, read as text."""
    text = (ROOT / f"systems/trading/data/state_machines/{machine}.json").read_text(encoding="utf-8")
    return set(re.findall(rf"\$\{{{kind}:([a-z-]+)\}}", text))


def expected(stack: str, function: str) -> list[Pair]:
    """Return what the role of a function needs, no more, no less.

    Each secret names the use of its key again, and each series the search for its endpoint.
    """
    row = rows("functions.yaml")[function]
    owned = [row["owns"]] if "owns" in row else []
    pairs = set(lambda_pairs(stack, function))
    if row["kind"] == "background":
        queue = f"arn:aws:sqs:us-east-1:{ACCOUNTS[stack]}:{stack}-{function}-dead-letters"
        pairs.add(("sqs:SendMessage", queue))
    for table in owned + row.get("reads", []):
        pairs |= set(table_pairs(stack, table, READ, ["dynamodb:Query"]))
    for table in owned + row.get("writes", []):
        pairs |= set(table_pairs(stack, table, WRITE, []))
    for table in row.get("scans", []):
        pairs |= set(table_pairs(stack, table, ["dynamodb:Scan"], ["dynamodb:Scan"]))
    for bucket in row.get("reads_buckets", []):
        arn = f"arn:aws:s3:::{stack}-{bucket}-{ACCOUNTS[stack]}"
        pairs |= {("s3:GetObject", f"{arn}/*"), ("s3:ListBucket", arn)}
    for bucket in row.get("writes_buckets", []):
        arn = f"arn:aws:s3:::{stack}-{bucket}-{ACCOUNTS[stack]}"
        pairs |= {("s3:AbortMultipartUpload", f"{arn}/*"), ("s3:PutObject", f"{arn}/*")}
    secrets = {*row.get("secrets", []), *(["connection-strings", "redis-token"] if row.get("redis") else [])}
    pairs |= {("secretsmanager:GetSecretValue", secret_arn(stack, secret)) for secret in secrets}
    if row.get("events"):
        pairs.add(("events:PutEvents", f"arn:aws:events:us-east-1:{ACCOUNTS[stack]}:event-bus/{stack}-trading"))
    keys = (pair for _ in secrets for pair in key_pairs(stack, KEY_USE))
    return [*pairs, *keys, *series_pairs(stack, row)]


def role_name(stack: str, function: str) -> str:
    return f"{stack}-{rows('functions.yaml')[function]['group']}-{function}"


@functools.cache
def statements(stack: str) -> dict[str, list[dict[str, Any]]]:
    """Return the statements of all inline policies by the physical name of their role."""
    found: dict[str, list[dict[str, Any]]] = {}
    for policy in preview(stack).graph.of_type("aws:iam/rolePolicy:RolePolicy"):
        document = json.loads(policy.inputs["policy"])
        assert set(document) == {"Version", "Statement"}
        assert document["Version"] == "2012-10-17"
        found.setdefault(policy.inputs["role"], []).extend(document["Statement"])
    return found


def granted(stack: str, role: str) -> list[Pair]:
    return [
        (action, resource)
        for statement in statements(stack)[role]
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]


def every_statement(stack: str) -> list[dict[str, Any]]:
    return [statement for of_role in statements(stack).values() for statement in of_role]


def machine_roles(stack: str) -> set[str]:
    return {f"{stack}-workflow-{machine}" for machine in MACHINES}


def service_roles(stack: str) -> set[str]:
    """Return the roles of the flow log and, where the stack rests at night, of its schedules."""
    return {f"{stack}-flow-log"} | ({f"{stack}-shutdown"} if stack == "test" else set())


def function_roles(stack: str) -> dict[str, str]:
    """Return the functions by the physical name of their role, the one that rotates included."""
    found = {role_name(stack, function): function for function in rows("functions.yaml")}
    return {**found, f"{stack}-secrets-{ROTATOR}": ROTATOR}


@pytest.mark.parametrize("function", rows("functions.yaml"))
def test_role_may_do_exactly_what_the_data_files_say(stack: str, function: str) -> None:
    # As a list: a pair that is granted twice is one too many.
    assert sorted(granted(stack, role_name(stack, function))) == sorted(expected(stack, function))


def test_role_of_the_rotation_may_change_the_token_and_nothing_else(stack: str) -> None:
    place = f"us-east-1:{ACCOUNTS[stack]}"
    cache = f"arn:aws:elasticache:{place}:replicationgroup:{stack}-redis"
    assert sorted(granted(stack, f"{stack}-secrets-{ROTATOR}")) == sorted(
        [
            *lambda_pairs(stack, ROTATOR),
            *((action, secret_arn(stack, "redis-token")) for action in ROTATE),
            ("secretsmanager:GetRandomPassword", "*"),
            *key_pairs(stack, [*KEY_USE, *KEY_PRODUCE]),
            ("elasticache:DescribeReplicationGroups", cache),
            ("elasticache:ModifyReplicationGroup", cache),
        ]
    )


@pytest.mark.parametrize("machine", MACHINES)
def test_role_of_a_state_machine_may_do_exactly_what_its_definition_names(stack: str, machine: str) -> None:
    place = f"us-east-1:{ACCOUNTS[stack]}"
    functions, topics = named_by(machine, "function"), named_by(machine, "topic")
    assert functions
    log = f"arn:aws:logs:{place}:log-group:/aws/vendedlogs/states/{stack}-{machine}:*"
    assert sorted(granted(stack, f"{stack}-workflow-{machine}")) == sorted(
        [
            *(("lambda:InvokeFunction", f"arn:aws:lambda:{place}:function:{stack}-{name}:live") for name in functions),
            *(("sns:Publish", f"arn:aws:sns:{place}:{stack}-{name}") for name in topics),
            *(pair for _ in topics for pair in key_pairs(stack, [*KEY_USE, *KEY_PRODUCE])),
            *((action, "*") for action in DELIVERY),
            ("logs:DescribeLogGroups", f"arn:aws:logs:{place}:log-group:*"),
            *((action, log) for action in ("logs:CreateLogStream", "logs:PutLogEvents")),
            *((f"xray:{action}", "*") for action in ("GetSamplingRules", "GetSamplingTargets")),
            *((action, "*") for action in XRAY),
        ]
    )


@pytest.mark.parametrize("machine", MACHINES)
def test_state_machine_runs_with_its_own_role_which_step_functions_alone_assumes_for_it(
    stack: str, machine: str
) -> None:
    graph = preview(stack).graph
    [role] = [r for r in graph.of_type(ROLE) if r.inputs["name"] == f"{stack}-workflow-{machine}"]
    [found] = [r for r in graph.of_type(STATE_MACHINE) if r.inputs["name"] == f"{stack}-{machine}"]
    assert found.property_dependencies["roleArn"] == (role.urn,)
    arn = f"arn:aws:states:us-east-1:{ACCOUNTS[stack]}:stateMachine:{stack}-{machine}"
    [statement] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert {key: statement[key] for key in ("Effect", "Principal", "Action", "Condition")} == {
        "Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ACCOUNTS[stack]},
            "ArnLike": {"aws:SourceArn": arn},
        },
    }


def test_role_of_the_flow_log_may_write_it_and_nothing_else(stack: str) -> None:
    start = f"arn:aws:logs:us-east-1:{ACCOUNTS[stack]}:log-group:"
    group = f"{start}/aws/vpc/{stack}-flow-log"
    assert sorted(granted(stack, f"{stack}-flow-log")) == sorted(
        [
            ("logs:DescribeLogGroups", f"{start}*"),
            *(
                (f"logs:{action}", arn)
                for action in ("CreateLogStream", "DescribeLogStreams", "PutLogEvents")
                for arn in (group, f"{group}:*")
            ),
        ]
    )


def test_roles_with_permissions_of_the_stack_are_those_of_functions_state_machines_and_services(stack: str) -> None:
    assert set(statements(stack)) == {*function_roles(stack), *machine_roles(stack), *service_roles(stack)}


def test_every_role_belongs_to_one_function_that_assumes_it_to_a_state_machine_or_to_a_service(stack: str) -> None:
    graph = preview(stack).graph
    roles = {role.inputs["name"]: role.urn for role in graph.of_type("aws:iam/role:Role")}
    backups = {f"{stack}-backup", f"{stack}-restore"}
    assert set(roles) == {*function_roles(stack), *machine_roles(stack), *service_roles(stack), *backups}
    used = {
        function.inputs["name"].removeprefix(f"{stack}-"): function.property_dependencies["role"]
        for function in graph.of_type("aws:lambda/function:Function")
    }
    assert used == {function: (roles[role],) for role, function in function_roles(stack).items()}


def test_permissions_come_by_inline_policies_and_for_backups_by_aws_own_alone(stack: str) -> None:
    graph = preview(stack).graph
    attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    iam = {resource.type for resource in graph if resource.type.startswith("aws:iam/")}
    assert iam == {"aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", attachment}
    start = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyFor"
    assert {attached.inputs["policyArn"] for attached in graph.of_type(attachment)} == {
        f"{start}Backup",
        f"{start}Restores",
    }
    kept = {"name", "description", "assumeRolePolicy", "tags"}
    assert all(set(role.inputs) == kept for role in graph.of_type("aws:iam/role:Role"))


def test_statements_have_no_exceptions_and_only_keys_and_denials_have_conditions(stack: str) -> None:
    every = every_statement(stack)
    plain = {"Sid", "Effect", "Action", "Resource"}
    assert {frozenset(set(statement) - {"Condition"}) for statement in every} == {frozenset(plain)}
    with_condition = {statement["Sid"] for statement in every if "Condition" in statement}
    assert with_condition == {"UseKey", "UseKeyToWrite", "NotByOwnCode"}


def test_use_of_a_key_is_through_its_service_alone_for_secrets_by_functions_and_topics_by_machines(stack: str) -> None:
    def through(key: str, service: str) -> dict[str, Any]:
        return {
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{stack}-{key}"},
            "StringEquals": {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"},
        }

    used: dict[str, list[Any]] = {"function": [], "machine": []}
    for role, of_role in statements(stack).items():
        kind = "machine" if role in machine_roles(stack) else "function"
        used[kind] += [s["Condition"] for s in of_role if s["Sid"] in ("UseKey", "UseKeyToWrite")]
    assert used["function"]
    assert used["machine"]
    assert used == {
        "function": [through("secrets", "secretsmanager")] * len(used["function"]),
        "machine": [through("topics", "sns")] * len(used["machine"]),
    }


def test_network_interfaces_are_denied_to_the_own_code_of_each_function_and_nothing_else_is(stack: str) -> None:
    denials = {
        role: [statement for statement in of_role if statement["Effect"] != "Allow"]
        for role, of_role in statements(stack).items()
    }
    start = f"arn:aws:lambda:us-east-1:{ACCOUNTS[stack]}:function:{stack}-"
    expected = {
        role: [
            {
                "Sid": "NotByOwnCode",
                "Effect": "Deny",
                "Action": INTERFACES,
                "Resource": ["*"],
                "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": start + function}},
            }
        ]
        for role, function in function_roles(stack).items()
    }
    assert denials == {**expected, **{role: [] for role in (*machine_roles(stack), *service_roles(stack))}}


def test_only_actions_on_keys_have_a_wildcard(stack: str) -> None:
    found = {action for s in every_statement(stack) for action in s["Action"] if set("*?") & set(action)}
    assert found == {"kms:GenerateDataKey*", "kms:ReEncrypt*"}


def test_any_resource_is_for_traces_interfaces_endpoints_log_delivery_and_random_passwords_alone(stack: str) -> None:
    found: dict[str, int] = {}
    for statement in every_statement(stack):
        if "*" in statement["Resource"]:
            found[statement["Sid"]] = found.get(statement["Sid"], 0) + 1
    count = len(function_roles(stack))
    each = [s for row in rows("functions.yaml").values() for s in series_pairs(stack, row) if s[1] == "*"]
    assert found == {
        "Trace": count,
        "AttachToNetwork": count,
        "NotByOwnCode": count,
        "MakePassword": 1,
        "FindEndpoint": len(each),
        "DeliverLogs": len(MACHINES),
        "TraceExecutions": len(MACHINES),
    }


def test_wildcard_within_a_resource_is_for_streams_objects_keys_and_suffixes_of_secrets_alone(stack: str) -> None:
    every = {resource for statement in every_statement(stack) for resource in statement["Resource"]}
    place = f"us-east-1:{ACCOUNTS[stack]}"
    read = ("audit-logs", "prompt-templates", "model-outputs")
    functions = function_roles(stack).values()
    assert {arn for arn in every if arn != "*" and set("*?") & set(arn)} == {
        *(f"arn:aws:logs:{place}:log-group:/aws/lambda/{stack}-{function}:*" for function in functions),
        *(f"arn:aws:logs:{place}:log-group:/aws/vendedlogs/states/{stack}-{machine}:*" for machine in MACHINES),
        f"arn:aws:logs:{place}:log-group:/aws/vpc/{stack}-flow-log:*",
        f"arn:aws:logs:{place}:log-group:*",
        f"arn:aws:kms:{place}:key/*",
        *(f"arn:aws:s3:::{stack}-{bucket}-{ACCOUNTS[stack]}/*" for bucket in read),
        *(secret_arn(stack, secret) for secret in rows("secrets.yaml")),
    }


def test_inline_policies_of_each_role_fit_into_the_quota_of_iam(stack: str) -> None:
    sizes: dict[str, int] = {}
    for policy in preview(stack).graph.of_type("aws:iam/rolePolicy:RolePolicy"):
        # White space does not count (IAM and STS quotas); the documents have none.
        sizes[policy.inputs["role"]] = sizes.get(policy.inputs["role"], 0) + len(policy.inputs["policy"])
    assert {role: size for role, size in sizes.items() if size > 10_240} == {}
