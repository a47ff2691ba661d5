"""Makes the table where no stack does, for local use: with the keys and indexes of the model (AGENTIC-09.4)."""

from __future__ import annotations

from typing import Any

from agenticai_shared import keys
from botocore.exceptions import ClientError

from systems.agentic.migrate.source import Stop


def definition(name: str) -> dict[str, Any]:
    """Return the arguments of CreateTable, made of the model's own list of keys and indexes."""
    attributes = [attribute for pair in keys.INDEXES.values() for attribute in pair]
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes],
        "KeySchema": _schema(keys.INDEXES[None]),
        "GlobalSecondaryIndexes": [
            {"IndexName": index, "KeySchema": _schema(pair), "Projection": {"ProjectionType": "ALL"}}
            for index, pair in keys.INDEXES.items()
            if index
        ],
    }


def create_table(client: Any, name: str) -> None:
    """Make the table and wait until it is there. Raises Stop where it is there already."""
    try:
        client.create_table(**definition(name))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise
        raise Stop(f"{name}: the table is there already; it was left as it is") from None
    client.get_waiter("table_exists").wait(TableName=name)


def _schema(pair: tuple[str, str]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(pair, ("HASH", "RANGE"), strict=True)]
