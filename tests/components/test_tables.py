"""components.tables: tables with indexes, encryption, expiry, capacity and the edges to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from components.account import Account
from components.keys import CustomerKey
from components.naming import NameRefused, Naming
from components.roles import Grant, Role, Roles, RolesArgs, RoleSpec
from components.tables import (
    CapacityRange,
    Index,
    Key,
    ProvisionedCapacity,
    Table,
    Tables,
    TablesArgs,
    TableSpec,
)
from plumbline.graph import UNKNOWN, Options, Resource, StackGraph
from tests.evaluations import run_program
from tests.plumbline.rehearsals import rehearse

ACCOUNT = Account(account_id="111111111111", region="us-east-1")
PREFIX = "urn:pulumi:test::plumbline::"
TABLES_URN = f"{PREFIX}plumbline:components:Tables::tables"
TABLE = "aws:dynamodb/table:Table"
TARGET = "aws:appautoscaling/target:Target"
SCALING_POLICY = "aws:appautoscaling/policy:Policy"
KEY_ARN = "arn:aws:kms:us-east-1:111111111111:key/00000000-0000-0000-0000-000000000000"
CUSTOMER_KEY = CustomerKey(arn=KEY_ARN, alias="alias/test-data")
CAPACITY = ProvisionedCapacity(
    read=CapacityRange(minimum=5, maximum=100), write=CapacityRange(minimum=2, maximum=40), target_percent=70
)

TENANT = Key(name="tenantId", type="S")
NUMBER = Key(name="number", type="N")
ORDERS = TableSpec(
    partition_key=TENANT,
    sort_key=NUMBER,
    indexes=(
        Index(name="by-status", partition_key=Key(name="status", type="S")),
        Index(name="by-day", partition_key=Key(name="day", type="S"), sort_key=NUMBER),
    ),
    ttl_attribute="expiresAt",
)
BLOBS = TableSpec(partition_key=Key(name="hash", type="B"))
TABLES = {"orders": ORDERS, "blobs": BLOBS}

INDEXES: list[dict[str, Any]] = [
    {
        "name": "by-status",
        "projectionType": "ALL",
        "keySchemas": [{"attributeName": "status", "keyType": "HASH"}],
    },
    {
        "name": "by-day",
        "projectionType": "ALL",
        "keySchemas": [
            {"attributeName": "day", "keyType": "HASH"},
            {"attributeName": "number", "keyType": "RANGE"},
        ],
    },
]
ORDERS_INPUTS: dict[str, Any] = {
    "name": "test-orders",
    "billingMode": "PAY_PER_REQUEST",
    "hashKey": "tenantId",
    "rangeKey": "number",
    "attributes": [
        {"name": "day", "type": "S"},
        {"name": "number", "type": "N"},
        {"name": "status", "type": "S"},
        {"name": "tenantId", "type": "S"},
    ],
    "globalSecondaryIndexes": INDEXES,
    "ttl": {"attributeName": "expiresAt", "enabled": True},
    "pointInTimeRecovery": {"enabled": True},
    "serverSideEncryption": {"enabled": True},
}
BLOBS_INPUTS: dict[str, Any] = {
    "name": "test-blobs",
    "billingMode": "PAY_PER_REQUEST",
    "hashKey": "hash",
    "attributes": [{"name": "hash", "type": "B"}],
    "pointInTimeRecovery": {"enabled": True},
    "serverSideEncryption": {"enabled": True},
}
THROUGHPUT = {"billingMode": "PROVISIONED", "readCapacity": 5, "writeCapacity": 2}


def args(**changes: Any) -> TablesArgs:
    return TablesArgs(**{"account": ACCOUNT, "naming": Naming("test"), "tables": TABLES, **changes})


def graph_of(program: Callable[[], Any]) -> StackGraph:
    evaluation = run_program(program)
    assert evaluation.mistakes == ()
    return evaluation.graph


def tables(**changes: Any) -> StackGraph:
    return graph_of(lambda: Tables("tables", args(**changes)))


def inputs(graph: StackGraph, name: str) -> dict[str, Any]:
    """Return a table's inputs without nulls, which are the same as nothing to the engine."""
    return present(table(graph, name).inputs)


def present(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: present(item) for key, item in value.items() if item is not None}
    return [present(item) for item in value] if isinstance(value, list) else value


def table(graph: StackGraph, name: str) -> Resource:
    return graph.resources[f"{PREFIX}plumbline:components:Tables${TABLE}::tables-{name}"]


def test_table_with_indexes_and_expiry_has_exactly_these_inputs() -> None:
    assert inputs(tables(), "orders") == ORDERS_INPUTS


def test_table_with_a_partition_key_alone_has_exactly_these_inputs() -> None:
    assert inputs(tables(), "blobs") == BLOBS_INPUTS


def test_table_is_a_child_of_its_component_without_dependencies_or_protection_of_its_own() -> None:
    orders = table(tables(), "orders")
    assert (orders.name, orders.parent, orders.dependencies, orders.options) == (
        "tables-orders",
        TABLES_URN,
        (),
        Options(),
    )


def test_on_demand_tables_are_not_scaled() -> None:
    assert tables().of_type(TARGET, SCALING_POLICY) == []


def test_customer_key_encrypts_every_table() -> None:
    graph = tables(customer_key=CUSTOMER_KEY)
    encryption = {"enabled": True, "kmsKeyArn": KEY_ARN}
    assert inputs(graph, "orders") == {**ORDERS_INPUTS, "serverSideEncryption": encryption}
    assert inputs(graph, "blobs") == {**BLOBS_INPUTS, "serverSideEncryption": encryption}


def test_table_waits_for_everything_that_its_customer_key_needs() -> None:
    def program() -> None:
        key = aws.kms.Key("key")
        alias = aws.kms.Alias("alias", name="alias/test-data", target_key_id=key.key_id)
        handle = CustomerKey(arn=key.arn, alias="alias/test-data", needs=(key, alias))
        Tables("tables", args(customer_key=handle))

    assert table(graph_of(program), "orders").dependencies == (
        f"{PREFIX}aws:kms/alias:Alias::alias",
        f"{PREFIX}aws:kms/key:Key::key",
    )


def test_component_gives_the_arns_as_outputs() -> None:
    component = tables().resources[TABLES_URN]
    assert (component.inputs, component.outputs) == ({}, {"arns": {"orders": UNKNOWN, "blobs": UNKNOWN}})


def test_provisioned_table_has_the_smallest_capacity_on_itself_and_its_indexes() -> None:
    indexes = [{**index, "readCapacity": 5, "writeCapacity": 2} for index in INDEXES]
    graph = tables(capacity=CAPACITY)
    assert inputs(graph, "orders") == {**ORDERS_INPUTS, **THROUGHPUT, "globalSecondaryIndexes": indexes}
    assert inputs(graph, "blobs") == {**BLOBS_INPUTS, **THROUGHPUT}


def test_provisioned_table_ignores_what_scaling_changes() -> None:
    graph = tables(capacity=CAPACITY)
    own = ("readCapacity", "writeCapacity")
    of_indexes = ("globalSecondaryIndexes[*].readCapacity", "globalSecondaryIndexes[*].writeCapacity")
    assert table(graph, "orders").options == Options(ignore_changes=(*own, *of_indexes))
    assert table(graph, "blobs").options == Options(ignore_changes=own)


def test_provisioned_table_and_each_index_get_four_scaling_resources() -> None:
    graph = tables(capacity=CAPACITY)
    resources = [
        (r.type, r.get("resourceId"), r.get("scalableDimension")) for r in graph.of_type(TARGET, SCALING_POLICY)
    ]
    expected = [
        (type_, f"table/{owner}", f"dynamodb:{kind}:{dimension}CapacityUnits")
        for type_ in (TARGET, SCALING_POLICY)
        for owner, kind in (
            ("test-orders", "table"),
            ("test-orders/index/by-status", "index"),
            ("test-orders/index/by-day", "index"),
            ("test-blobs", "table"),
        )
        for dimension in ("Read", "Write")
    ]
    assert sorted(resources) == sorted(expected)


def test_scaling_target_has_exactly_the_range_of_its_dimension() -> None:
    graph = tables(capacity=CAPACITY)
    by_name = {target.name: dict(target.inputs) for target in graph.of_type(TARGET)}
    assert by_name["tables-orders-index-by-day-write-target"] == {
        "serviceNamespace": "dynamodb",
        "resourceId": "table/test-orders/index/by-day",
        "scalableDimension": "dynamodb:index:WriteCapacityUnits",
        "minCapacity": 2,
        "maxCapacity": 40,
    }


def test_scaling_aims_at_the_given_utilization() -> None:
    graph = tables(capacity=CAPACITY)
    path = "targetTrackingScalingPolicyConfiguration.targetValue"
    assert {policy.get(path) for policy in graph.of_type(SCALING_POLICY)} == {70}


def test_scaling_resources_are_children_of_the_component() -> None:
    graph = tables(capacity=CAPACITY)
    found = {(resource.parent, resource.options) for resource in graph.of_type(TARGET, SCALING_POLICY)}
    assert found == {(TABLES_URN, Options())}


def test_attributes_are_those_of_keys_and_indexes_without_the_expiry() -> None:
    assert ORDERS.attributes() == {"tenantId": "S", "number": "N", "status": "S", "day": "S"}


def test_table_name_that_aws_would_refuse_is_refused() -> None:
    def program() -> None:
        with pytest.raises(NameRefused, match="as a table name must"):
            Tables("tables", args(tables={"or ders": BLOBS}))

    graph_of(program)


# Edges: every document as a whole.

ARN = "arn:aws:dynamodb:us-east-1:111111111111:table/test-orders"
BLOBS_ARN = "arn:aws:dynamodb:us-east-1:111111111111:table/test-blobs"
INDEX_ARNS = [f"{ARN}/index/by-status", f"{ARN}/index/by-day"]
KEYS = ["arn:aws:kms:us-east-1:111111111111:key/*"]


def allow(sid: str, actions: list[str], resources: list[str], **more: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources, **more}


CONDITION = {
    "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/test-data"},
    "StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"},
}
READ = ["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:Query"]
WRITE = ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
SCAN = ["dynamodb:Scan"]
QUERY_INDEXES = allow("QueryIndexes", ["dynamodb:Query"], INDEX_ARNS)
SCAN_INDEXES = allow("ScanIndexes", SCAN, INDEX_ARNS)
USE_KEY = allow("UseKey", ["kms:Decrypt", "kms:DescribeKey"], KEYS, Condition=CONDITION)
USE_KEY_TO_WRITE = allow(
    "UseKeyToWrite", ["kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"], KEYS, Condition=CONDITION
)
Edge = Callable[[Table, Role], Grant]
EDGES: dict[str, tuple[str, Edge, list[dict[str, Any]], list[dict[str, Any]]]] = {
    "read with indexes": ("orders", Table.grant_read, [allow("ReadTable", READ, [ARN]), QUERY_INDEXES], [USE_KEY]),
    "read without indexes": ("blobs", Table.grant_read, [allow("ReadTable", READ, [BLOBS_ARN])], [USE_KEY]),
    "scan with indexes": ("orders", Table.grant_scan, [allow("ScanTable", SCAN, [ARN]), SCAN_INDEXES], [USE_KEY]),
    "scan without indexes": ("blobs", Table.grant_scan, [allow("ScanTable", SCAN, [BLOBS_ARN])], [USE_KEY]),
    "export": (
        "blobs",
        Table.grant_export,
        [allow("ExportTable", ["dynamodb:ExportTableToPointInTime"], [BLOBS_ARN])],
        [USE_KEY],
    ),
    "write with indexes": (
        "orders",
        Table.grant_write,
        [allow("WriteTable", WRITE, [ARN])],
        [USE_KEY, USE_KEY_TO_WRITE],
    ),
    "write without indexes": (
        "blobs",
        Table.grant_write,
        [allow("WriteTable", WRITE, [BLOBS_ARN])],
        [USE_KEY, USE_KEY_TO_WRITE],
    ),
}


def policy_of(name: str, *edges: Edge, **changes: Any) -> dict[str, Any]:
    """Return the one policy that a role gets by the edges to one table, its document parsed."""

    def program() -> None:
        spec = RoleSpec(physical_name="audit", description="Reads")
        roles = Roles("roles", RolesArgs(naming=Naming("test"), service="lambda.amazonaws.com", roles={"audit": spec}))
        built = Tables("tables", args(**changes)).tables[name]
        for edge in edges:
            edge(built, roles.roles["audit"])
        roles.attach()

    [policy] = graph_of(program).of_type("aws:iam/rolePolicy:RolePolicy")
    return {**policy.inputs, "policy": json.loads(policy.inputs["policy"])}


def expected_policy(name: str, statements: list[dict[str, Any]]) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": statements}
    return {"name": f"table-{name}", "role": "test-audit", "policy": document}


@pytest.mark.parametrize("edge", EDGES)
def test_edge_gives_exactly_its_document(edge: str) -> None:
    name, give, statements, _ = EDGES[edge]
    assert policy_of(name, give) == expected_policy(name, statements)


@pytest.mark.parametrize("edge", EDGES)
def test_edge_to_a_table_with_customer_key_lets_use_the_key_too(edge: str) -> None:
    name, give, statements, key = EDGES[edge]
    assert policy_of(name, give, customer_key=CUSTOMER_KEY) == expected_policy(name, [*statements, *key])


def test_edges_to_one_table_share_a_policy_and_name_the_use_of_the_key_once() -> None:
    given = policy_of("blobs", Table.grant_read, Table.grant_write, Table.grant_scan, customer_key=CUSTOMER_KEY)
    assert given == expected_policy(
        "blobs",
        [
            allow("ReadTable", READ, [BLOBS_ARN]),
            USE_KEY,
            allow("WriteTable", WRITE, [BLOBS_ARN]),
            USE_KEY_TO_WRITE,
            allow("ScanTable", SCAN, [BLOBS_ARN]),
        ],
    )


# An up.


def test_deployed_provisioned_tables_scale_in_every_dimension() -> None:
    def program() -> None:
        provider = aws.Provider("aws", region=ACCOUNT.region, allowed_account_ids=[ACCOUNT.account_id])
        Tables("tables", args(capacity=CAPACITY), pulumi.ResourceOptions(providers={"aws": provider}))

    def look() -> dict[str, Any]:
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=ACCOUNT.region)
        scaling = session.client("application-autoscaling")
        targets = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
        table = session.client("dynamodb").describe_table(TableName="test-orders")["Table"]
        return {
            "targets": {
                (it["ResourceId"], it["ScalableDimension"].rpartition(":")[2]): [it["MinCapacity"], it["MaxCapacity"]]
                for it in targets
            },
            "policies": len(scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]),
            "mode": table["BillingModeSummary"]["BillingMode"],
        }

    made = rehearse(program, look)
    assert (made.evaluation.mistakes, dict(made.simulated), made.seen["mode"]) == ((), {}, "PROVISIONED")
    places = [f"table/test-{name}" for name in ("orders", "orders/index/by-status", "orders/index/by-day", "blobs")]
    assert made.seen["targets"] == {
        **{(place, "ReadCapacityUnits"): [5, 100] for place in places},
        **{(place, "WriteCapacityUnits"): [2, 40] for place in places},
    }
    assert made.seen["policies"] == 8
