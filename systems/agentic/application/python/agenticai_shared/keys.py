"""Keys of the single table (AGENTIC-09.3): what an item's key and its entries in the two indexes are made of."""

from __future__ import annotations

from datetime import UTC, datetime

PARTITION, SORT = "PK", "SK"
INDEXES: dict[str | None, tuple[str, str]] = {
    None: (PARTITION, SORT),
    "GSI1": ("GSI1PK", "GSI1SK"),
    "GSI2": ("GSI2PK", "GSI2SK"),
}
METADATA = "METADATA"
FILE, MODIFICATION, TAG = "FILE#", "MOD#", "TAG#"
Key = dict[str, str]


def stamp(at: datetime) -> str:
    """Return a time in UTC as text that sorts by time."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def key(partition: str, sort: str) -> Key:
    return {PARTITION: partition, SORT: sort}


def project(id: str) -> str:
    return f"PROJECT#{id}"


def template(id: str) -> str:
    return f"TEMPLATE#{id}"


def modification(id: str) -> str:
    return f"{MODIFICATION}{id}"


def file(path: str) -> str:
    return f"{FILE}{path}"


def tag(name: str) -> str:
    return f"{TAG}{name}"


def owner(name: str) -> str:
    return f"OWNER#{name}"


def status(name: str) -> str:
    return f"STATUS#{name}"


def category(name: str) -> str:
    return f"CATEGORY#{name}"
