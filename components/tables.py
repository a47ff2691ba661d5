"""DynamoDB tables with indexes, recovery, encryption, expiry and capacity (requirement 03)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.keys import CustomerKey
from components.naming import Naming
from components.night import Night
from components.roles import Grant, Role
from components.scaling import ScaledTable, scale_table

AttributeType = Literal["S", "N", "B"]


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key attribute: its name and DynamoDB type (S text, N number, B binary)."""

    name: str
    type: AttributeType


@dataclass(frozen=True, kw_only=True)
class Index:
    """A global secondary index with all attributes projected."""

    name: str
    partition_key: Key
    sort_key: Key | None = None


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """One table. `ttl_attribute` holds the second of the Unix epoch at which DynamoDB drops an item."""

    partition_key: Key
    sort_key: Key | None = None
    indexes: tuple[Index, ...] = ()
    ttl_attribute: str | None = None

    def attributes(self) -> dict[str, AttributeType]:
        """Return exactly the attributes that a key or an index uses: DynamoDB refuses any other."""
        keys = [self.partition_key, self.sort_key]
        for index in self.indexes:
            keys += [index.partition_key, index.sort_key]
        return {key.name: key.type for key in keys if key is not None}


@dataclass(frozen=True, kw_only=True)
class CapacityRange:
    """Smallest and largest capacity, in capacity units per second."""

    minimum: int
    maximum: int


@dataclass(frozen=True, kw_only=True)
class ProvisionedCapacity:
    """Provisioned throughput that scales by itself, for each table and each index alike.

    `target_percent` is the utilization that scaling aims at, 20 to 90. During `night` it stays at the minimum.
    """

    read: CapacityRange
    write: CapacityRange
    target_percent: int
    night: Night | None = None


@dataclass(frozen=True, kw_only=True)
class TablesArgs:
    """The tables of one stack.

    `capacity` None means on demand. `customer_key` None means the AWS-managed key `aws/dynamodb`.
    """

    account: Account
    naming: Naming
    tables: Mapping[str, TableSpec]
    capacity: ProvisionedCapacity | None = None
    customer_key: CustomerKey | None = None


class Table:
    """One table and the edges that can lead to it. `resource` is the aws.dynamodb.Table."""

    def __init__(self, name: str, spec: TableSpec, args: TablesArgs, resource: aws.dynamodb.Table) -> None:
        self.name = name
        self.spec = spec
        self.physical_name = args.naming.exact("table", name)
        self.resource = resource
        self._args = args

    @property
    def arn(self) -> pulumi.Output[str]:
        return self.resource.arn

    def grant_read(self, role: Role) -> Grant:
        """Let a role read single items and query the table and its indexes."""
        indexes = [index.name for index in self.spec.indexes]
        return self._grant(role, grants.read_table(self._args.account, self.physical_name, indexes))

    def grant_scan(self, role: Role) -> Grant:
        """Let a role read the whole table and its indexes."""
        indexes = [index.name for index in self.spec.indexes]
        return self._grant(role, grants.scan_table(self._args.account, self.physical_name, indexes))

    def grant_write(self, role: Role) -> Grant:
        """Let a role put, update and delete items."""
        statements = grants.write_table(self._args.account, self.physical_name)
        return self._grant(role, statements, produce=True)

    def grant_export(self, role: Role) -> Grant:
        """Let a role start exports of the table to a bucket that it may write to."""
        return self._grant(role, grants.export_table(self._args.account, self.physical_name))

    def _grant(self, role: Role, statements: Sequence[grants.Statement], *, produce: bool = False) -> Grant:
        key = self._args.customer_key
        use = grants.decrypt(self._args.account, key.alias, via="dynamodb", produce=produce) if key is not None else ()
        return role.allow(f"table-{self.name}", (*statements, *use))


class Tables(pulumi.ComponentResource):
    """DynamoDB tables with point-in-time recovery and encryption, and auto scaling where provisioned.

    `tables` holds them by logical name.
    """

    def __init__(self, name: str, args: TablesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Tables", name, None, opts)
        self.tables: Mapping[str, Table] = {
            table: Table(table, spec, args, self._table(name, table, spec, args)) for table, spec in args.tables.items()
        }
        self.register_outputs({"arns": {table: handle.arn for table, handle in self.tables.items()}})

    def _table(self, name: str, table: str, spec: TableSpec, args: TablesArgs) -> aws.dynamodb.Table:
        capacity = args.capacity
        key = args.customer_key
        resource = aws.dynamodb.Table(
            f"{name}-{table}",
            name=args.naming.exact("table", table),
            billing_mode="PROVISIONED" if capacity else "PAY_PER_REQUEST",
            hash_key=spec.partition_key.name,
            range_key=spec.sort_key.name if spec.sort_key else None,
            attributes=[{"name": name, "type": type_} for name, type_ in sorted(spec.attributes().items())],
            global_secondary_indexes=[_index(index, capacity) for index in spec.indexes] or None,
            read_capacity=capacity.read.minimum if capacity else None,
            write_capacity=capacity.write.minimum if capacity else None,
            ttl={"attribute_name": spec.ttl_attribute, "enabled": True} if spec.ttl_attribute else None,
            point_in_time_recovery={"enabled": True},
            # Enabled without a key means the AWS-managed key; left out, DynamoDB uses a key that AWS owns.
            server_side_encryption={"enabled": True, "kms_key_arn": key.arn} if key else {"enabled": True},
            opts=pulumi.ResourceOptions(
                parent=self,
                # A permission by alias holds only once the alias exists.
                depends_on=list(key.needs) if key else None,
                ignore_changes=_scaled_properties(spec) if capacity else None,
            ),
        )
        if capacity:
            scaled = ScaledTable(
                prefix=f"{name}-{table}",
                table=resource,
                indexes=tuple(index.name for index in spec.indexes),
                dimensions={
                    "Read": (capacity.read.minimum, capacity.read.maximum),
                    "Write": (capacity.write.minimum, capacity.write.maximum),
                },
                target_percent=capacity.target_percent,
                night=capacity.night,
            )
            scale_table(scaled, parent=self)
        return resource


def _index(index: Index, capacity: ProvisionedCapacity | None) -> aws.dynamodb.TableGlobalSecondaryIndexArgsDict:
    keys: list[aws.dynamodb.TableGlobalSecondaryIndexKeySchemaArgsDict] = [
        {"attribute_name": index.partition_key.name, "key_type": "HASH"}
    ]
    if index.sort_key:
        keys.append({"attribute_name": index.sort_key.name, "key_type": "RANGE"})
    written: aws.dynamodb.TableGlobalSecondaryIndexArgsDict = {
        "name": index.name,
        "projection_type": "ALL",
        "key_schemas": keys,
    }
    if capacity:
        written["read_capacity"] = capacity.read.minimum
        written["write_capacity"] = capacity.write.minimum
    return written


def _scaled_properties(spec: TableSpec) -> list[str]:
    """Name what auto scaling changes behind Pulumi's back; without this every `up` would reset it."""
    properties = ["readCapacity", "writeCapacity"]
    if spec.indexes:
        properties += ["globalSecondaryIndexes[*].readCapacity", "globalSecondaryIndexes[*].writeCapacity"]
    return properties
