"""Wrong programs about properties as such, tables and their scaling."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pulumi

from tests.plumbline.wrong_base import (
    Wrong,
    attributes,
    function,
    index,
    log_group,
    provisioned_table,
    queue,
    role,
    scaling_policy,
    table,
    target,
)

CAPACITY = {"read_capacity": 5, "write_capacity": 5}


def _made_up_type() -> None:
    pulumi.CustomResource("aws:dynamodb/tabel:Tabel", "orders", {"name": "orders"})


def _bare_table(**changes: Any) -> Callable[[], Any]:
    """Register a table without the SDK's class, which refuses some mistakes by itself."""
    whole = {"name": "orders", "billingMode": "PAY_PER_REQUEST", "hashKey": "id", "attributes": attributes("id")}
    return lambda: pulumi.CustomResource("aws:dynamodb/table:Table", "orders", {**whole, **changes})


SCHEMA = [
    Wrong("type that the SDK does not know", _made_up_type, "", "knows no type aws:dynamodb/tabel:Tabel (did you mean"),
    Wrong(
        "unknown nested key",
        lambda: table(server_side_encryption={"enabled": True, "kms_key_arm": "x"}),
        "serverSideEncryption.kms_key_arm",
        "not a property (did you mean kmsKeyArn?)",
    ),
    Wrong(
        "unknown key in the key of an index",
        lambda: table(
            global_secondary_indexes=[
                index(key=None, key_schemas=[{"attribute_name": "id", "key_type": "HASH", "order": "up"}])
            ]
        ),
        "globalSecondaryIndexes[0].keySchemas[0].order",
        "not a property",
    ),
    Wrong(
        "nested property missing",
        lambda: table(point_in_time_recovery={"recovery_period_in_days": 5}),
        "pointInTimeRecovery.enabled",
        "missing, and required",
    ),
    Wrong(
        "property of a list item missing",
        lambda: table(attributes=[{"name": "id"}]),
        "attributes[0].type",
        "missing, and required",
    ),
    Wrong(
        "closed enumeration of the SDK",
        lambda: pulumi.CustomResource(
            "aws:autoscaling/group:Group", "group", {"minSize": 1, "maxSize": 1, "enabledMetrics": ["GroupSize"]}
        ),
        "enabledMetrics[0]",
        "'GroupSize' given; allowed: GroupMinSize, GroupMaxSize",
    ),
    Wrong(
        "required property missing",
        lambda: pulumi.CustomResource("aws:cloudwatch/logStream:LogStream", "stream", {"name": "stream"}),
        "logGroupName",
        "missing, and required",
    ),
    Wrong("text for a number", lambda: function(timeout="30"), "timeout", "a text given; a whole number is needed"),
    Wrong(
        "fraction for a whole number",
        lambda: function(timeout=1.5),
        "timeout",
        "a number given; a whole number is needed",
    ),
    Wrong(
        "true for a number",
        lambda: table(point_in_time_recovery={"enabled": True, "recovery_period_in_days": True}),
        "pointInTimeRecovery.recoveryPeriodInDays",
        "true or false given; a whole number is needed",
    ),
    Wrong(
        "number for true or false",
        lambda: table(ttl={"enabled": 1, "attribute_name": "expires"}),
        "ttl.enabled",
        "a whole number given; true or false is needed",
    ),
    Wrong(
        "secret text for true or false",
        lambda: table(deletion_protection_enabled=pulumi.Output.secret("yes")),
        "deletionProtectionEnabled",
        "a text given; true or false is needed",
    ),
    Wrong(
        "list for an object",
        _bare_table(ttl=["expires"]),
        "ttl",
        "a list given; an object is needed",
    ),
    Wrong(
        "object for a list",
        _bare_table(replicas={"regionName": "eu-west-2"}),
        "replicas",
        "an object given; a list is needed",
    ),
    Wrong(
        "number for a mapping",
        lambda: function(tags=7),
        "tags",
        "a whole number given; a mapping is needed",
    ),
    Wrong(
        "number in a mapping of texts",
        lambda: function(environment={"variables": {"LIMIT": 10}}),
        "environment.variables.LIMIT",
        "a whole number given; a text is needed",
    ),
    Wrong(
        "path for an archive",
        lambda: function(code="./work.zip"),
        "code",
        "a text given; an asset or archive is needed",
    ),
    Wrong(
        "archive for a text",
        lambda: function(description=pulumi.StringAsset("work")),
        "description",
        "an archive given; a text is needed",
    ),
]

SHAPES = [
    Wrong("enumeration", lambda: function(runtime="python2.8"), "runtime", "'python2.8' given; allowed: "),
    Wrong(
        "nested enumeration",
        lambda: function(tracing_config={"mode": "Always"}),
        "tracingConfig.mode",
        "'Always' given; allowed: Active, PassThrough",
    ),
    Wrong(
        "enumeration in a list",
        lambda: table(attributes=[{"name": "id", "type": "X"}]),
        "attributes[0].type",
        "'X' given; allowed: S, N, B",
    ),
    Wrong("text too short", lambda: table("or"), "name", "2 characters given; allowed: at least 3"),
    Wrong("text too long", lambda: table("o" * 300), "name", "300 characters given; allowed: at most 255"),
    Wrong("pattern", lambda: table("orders of today"), "name", "'orders of today' given; allowed: "),
    Wrong("number too small", lambda: function(memory_size=64), "memorySize", "64 given; allowed: at least 128"),
    Wrong(
        "number too large",
        lambda: role(max_session_duration=50_000),
        "maxSessionDuration",
        "50000 given; allowed: at most 43200",
    ),
    Wrong(
        "log group class",
        lambda: log_group(log_group_class="CHEAP"),
        "logGroupClass",
        "'CHEAP' given; allowed: STANDARD, INFREQUENT_ACCESS",
    ),
]

TABLES = [
    Wrong(
        "key attribute not declared",
        lambda: table(range_key="day"),
        "rangeKey",
        "attribute 'day' is not declared in attributes",
    ),
    Wrong(
        "index attribute not declared",
        lambda: table(global_secondary_indexes=[index(key="day")]),
        "globalSecondaryIndexes[0].keySchemas[0].attributeName",
        "attribute 'day' is not declared in attributes",
    ),
    Wrong(
        "attribute not used",
        lambda: table(attributes=attributes("id", "day")),
        "attributes[1].name",
        "attribute 'day' is used by no key or index",
    ),
    Wrong(
        "attribute declared twice",
        lambda: table(attributes=attributes("id", "id")),
        "attributes",
        "attribute 'id' is declared twice",
    ),
    Wrong("no partition key", lambda: table(hash_key=None, attributes=None), "hashKey", "missing, and required"),
    Wrong(
        "sort key is the partition key",
        lambda: table(range_key="id"),
        "rangeKey",
        "the sort key must differ from the partition key",
    ),
    Wrong(
        "time to live without attribute",
        lambda: table(ttl={"enabled": True}),
        "ttl.attributeName",
        "time to live needs the attribute",
    ),
    Wrong(
        "21 indexes",
        lambda: table(global_secondary_indexes=[index(f"index-{number}") for number in range(21)]),
        "globalSecondaryIndexes",
        "21 given; allowed: at most 20",
    ),
    Wrong(
        "index given twice",
        lambda: table(global_secondary_indexes=[index(), index()]),
        "globalSecondaryIndexes[1].name",
        "index 'by-day' is given twice",
    ),
    Wrong(
        "index without partition key",
        lambda: table(global_secondary_indexes=[index(key=None)]),
        "globalSecondaryIndexes[0].keySchemas",
        "an index needs a partition key",
    ),
    Wrong(
        "INCLUDE without attributes",
        lambda: table(global_secondary_indexes=[index(projection_type="INCLUDE")]),
        "globalSecondaryIndexes[0].nonKeyAttributes",
        "projection INCLUDE needs the attributes to include",
    ),
    Wrong(
        "ALL with attributes in a local index",
        lambda: table(
            range_key="day",
            attributes=attributes("id", "day", "price"),
            local_secondary_indexes=[
                {"name": "by-price", "range_key": "price", "projection_type": "ALL", "non_key_attributes": ["size"]}
            ],
        ),
        "localSecondaryIndexes[0].nonKeyAttributes",
        "given, but projection ALL takes none",
    ),
    Wrong(
        "provisioned without capacity",
        lambda: table(billing_mode="PROVISIONED", read_capacity=5),
        "writeCapacity",
        "missing; billing mode PROVISIONED needs it",
    ),
    Wrong(
        "provisioned by default, without capacity",
        lambda: table(billing_mode=None),
        "readCapacity",
        "missing; billing mode PROVISIONED needs it",
        also=(("writeCapacity", "missing; billing mode PROVISIONED needs it"),),
    ),
    Wrong(
        "provisioned index without capacity",
        lambda: provisioned_table(global_secondary_indexes=[index(write_capacity=5)]),
        "globalSecondaryIndexes[0].readCapacity",
        "missing; billing mode PROVISIONED needs it",
    ),
    Wrong(
        "on demand with capacity",
        lambda: table(read_capacity=5),
        "readCapacity",
        "5 given; billing mode PAY_PER_REQUEST has no capacity",
    ),
    Wrong(
        "index on demand with capacity",
        lambda: table(global_secondary_indexes=[index(write_capacity=5)]),
        "globalSecondaryIndexes[0].writeCapacity",
        "5 given; billing mode PAY_PER_REQUEST has no capacity",
    ),
    Wrong(
        "stream without view type", lambda: table(stream_enabled=True), "streamViewType", "missing; a stream needs it"
    ),
    Wrong(
        "view type without stream",
        lambda: table(stream_view_type="NEW_IMAGE"),
        "streamViewType",
        "given, but streamEnabled is not true",
    ),
]

INDEX_READS = "dynamodb:index:ReadCapacityUnits"

SCALING = [
    Wrong(
        "resource id of another form",
        lambda: target(resource_id="orders"),
        "resourceId",
        "'orders' given; allowed: table/NAME or table/NAME/index/INDEX",
    ),
    Wrong(
        "dimension of an index for a table",
        lambda: target(scalable_dimension=INDEX_READS),
        "scalableDimension",
        f"'{INDEX_READS}' given; 'table/orders' is of kind table",
    ),
    Wrong(
        "dimension of a table for an index",
        lambda: target(resource_id="table/orders/index/by-day"),
        "scalableDimension",
        "'table/orders/index/by-day' is of kind index",
    ),
    Wrong(
        "unknown table",
        lambda: target(resource_id="table/trades"),
        "resourceId",
        "the stack has no table 'trades'",
    ),
    Wrong(
        "unknown index",
        lambda: target(resource_id="table/orders/index/by-hour", scalable_dimension=INDEX_READS),
        "resourceId",
        "table 'orders' has no index 'by-hour'",
    ),
    Wrong(
        "table on demand",
        lambda: target(table(opts=pulumi.ResourceOptions(ignore_changes=["readCapacity"]))),
        "resourceId",
        "table 'orders' is on demand and cannot be scaled",
    ),
    Wrong(
        "smallest above largest",
        lambda: target(min_capacity=60),
        "minCapacity",
        "60 given; allowed: at most maxCapacity, 50",
    ),
    Wrong(
        "policy without target",
        lambda: (provisioned_table(), scaling_policy(None)),
        "resourceId",
        "no scalable target for 'table/orders', 'dynamodb:table:ReadCapacityUnits'",
    ),
    Wrong(
        "policy of another dimension than the target",
        lambda: scaling_policy(target(), scalable_dimension="dynamodb:table:WriteCapacityUnits"),
        "resourceId",
        "no scalable target for 'table/orders', 'dynamodb:table:WriteCapacityUnits'",
    ),
    Wrong(
        "policy does not depend on its target",
        lambda: scaling_policy(target(), depends=False),
        "resourceId",
        "the policy must depend on its target reads",
    ),
    Wrong(
        "table undoes the scaling",
        lambda: target(provisioned_table(opts=None)),
        "resourceId",
        "table orders must ignore changes of readCapacity",
    ),
    Wrong(
        "table undoes the scaling of its index",
        lambda: target(
            provisioned_table(opts=pulumi.ResourceOptions(ignore_changes=["readCapacity"])),
            resource_id="table/orders/index/by-day",
            scalable_dimension="dynamodb:index:WriteCapacityUnits",
        ),
        "resourceId",
        "table orders must ignore changes of globalSecondaryIndexes[*].writeCapacity",
    ),
]

QUEUES = [
    Wrong("retention 31", lambda: log_group(retention_in_days=31), "retentionInDays", "31 given; allowed: 0, 1, 3, 5"),
    Wrong(
        "visibility 50000",
        lambda: queue(visibility_timeout_seconds=50_000),
        "visibilityTimeoutSeconds",
        "50000 given; allowed: 0 to 43200",
    ),
    Wrong(
        "retention of 30 seconds",
        lambda: queue(message_retention_seconds=30),
        "messageRetentionSeconds",
        "30 given; allowed: 60 to 1209600",
    ),
    Wrong(
        "both encryptions",
        lambda: queue(kms_master_key_id="alias/letters"),
        "kmsMasterKeyId",
        "given together with sqsManagedSseEnabled",
    ),
    Wrong("fifo without .fifo", lambda: queue(fifo_queue=True), "name", "'letters' given; the name of a FIFO queue"),
    Wrong(".fifo without fifo", lambda: queue("letters.fifo"), "name", "'letters.fifo' given; the name of a FIFO"),
    Wrong("81 characters", lambda: queue("q" * 81), "name", "81 characters given; allowed: at most 80"),
    Wrong(
        "redrive policy without count",
        lambda: queue(redrive_policy='{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead"}'),
        "redrivePolicy",
        "maxReceiveCount missing",
    ),
    Wrong("redrive policy not JSON", lambda: queue(redrive_policy="dead"), "redrivePolicy", "not a JSON object"),
]

WRONG_DATA: list[Wrong] = [*SCHEMA, *SHAPES, *TABLES, *SCALING, *QUEUES]
SOUND_DATA: dict[str, Callable[[], Any]] = {
    "table": table,
    "provisioned table": provisioned_table,
    "table with everything": partial(
        table,
        range_key="day",
        attributes=attributes("id", "day", "price"),
        ttl={"enabled": True, "attribute_name": "expires"},
        stream_enabled=True,
        stream_view_type="NEW_IMAGE",
        point_in_time_recovery={"enabled": True},
        global_secondary_indexes=[
            index(f"index-{number}", "day", projection_type="INCLUDE", non_key_attributes=["size"])
            for number in range(20)
        ],
        local_secondary_indexes=[{"name": "by-price", "range_key": "price", "projection_type": "KEYS_ONLY"}],
    ),
    "queue": queue,
    "fifo queue": partial(queue, "letters.fifo", fifo_queue=True, visibility_timeout_seconds=43_200),
    "log group": log_group,
    "scaling of a table": lambda: scaling_policy(target()),
    "scaling of an index": lambda: target(
        resource_id="table/orders/index/by-day", scalable_dimension=INDEX_READS, min_capacity=50
    ),
}
