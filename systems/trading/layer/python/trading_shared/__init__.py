"""What the trading system's Lambda handlers share: logging, DynamoDB access and the caller's tenant."""

from trading_shared.clients import (
    BadValue,
    KeyAttribute,
    MissingTableVariable,
    cursor_of,
    dynamodb,
    from_json,
    key_of,
    table,
    to_json,
    visible_tables,
)
from trading_shared.logs import Log
from trading_shared.tenants import TenantMissing, tenant_of

__all__ = [
    "BadValue",
    "KeyAttribute",
    "Log",
    "MissingTableVariable",
    "TenantMissing",
    "cursor_of",
    "dynamodb",
    "from_json",
    "key_of",
    "table",
    "tenant_of",
    "to_json",
    "visible_tables",
]
