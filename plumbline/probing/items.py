"""The items of tables for the time of one run: seen, and put back as they were.

They are taken out of moto's memory: to scan every table after every run would take longer than the runs.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from moto.dynamodb.models import dynamodb_backends

from plumbline.graph import Resource
from plumbline.probing.model import NotSo, ProbeContext, value


class Tables:
    """Some tables. What happens to their items within `with` is put back; tables go by the names of their resources."""

    def __init__(self, context: ProbeContext, tables: Sequence[Resource]) -> None:
        self._context = context
        self._tables = {table.name: table for table in tables}
        self._before: dict[str, Any] = {}

    def __enter__(self) -> Tables:
        self._before = {name: copy.deepcopy(self._held(name).items) for name in self._tables}
        return self

    def __exit__(self, *error: object) -> None:
        for name, items in self._before.items():
            self._held(name).items = items

    def put(self, items: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Put plain items into tables."""
        for name, rows in items.items():
            if name not in self._tables:
                raise NotSo(f"no function of the machine uses a table {name}")
            client = self._context.client("dynamodb", self._tables[name])
            for row in rows:
                item = {key: TypeSerializer().serialize(one) for key, one in row.items()}
                client.put_item(TableName=value(self._tables[name], "name"), Item=item)

    def items(self) -> dict[str, list[dict[str, Any]]]:
        """Return all items as plain values."""
        return {name: list(_plain(self._held(name).items)) for name in self._tables}

    def _held(self, name: str) -> Any:
        table = self._tables[name]
        region = table.get("region") or self._context.account.region
        return dynamodb_backends[self._context.account.account_id][region].tables[value(table, "name")]


def _plain(items: Mapping[Any, Any]) -> Iterator[dict[str, Any]]:
    """Yield the items of a table, which has them by partition key, and below that by sort key where it has one."""
    deserialize = TypeDeserializer().deserialize
    for entry in items.values():
        for item in entry.values() if isinstance(entry, dict) else [entry]:
            yield {name: deserialize(attribute.to_regular_json()) for name, attribute in item.attrs.items()}
