"""The handler behind the API, on tables that all tenants share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.systems.trading.lambda_code import (
    NO_ITEM,
    Api,
    bad,
    encoded,
    error,
    stored,
)

# --- api: tables that all tenants share


def test_item_with_a_numeric_sort_key_lives_and_dies(templates: Api, database: Any) -> None:
    item = {"templateId": "t", "version": 2, "name": "grid"}
    second = {"version": "2"}
    assert templates("GET", "t", query=second) == NO_ITEM
    assert templates("PUT", "t", query=second, body={"name": "grid"}) == NO_ITEM
    assert templates("POST", body=item) == (201, item)
    assert stored(database, "strategy-templates") == [{**item, "version": Decimal(2)}]
    assert templates("POST", body=item) == (409, error("Conflict", "the item exists"))
    assert templates("POST", body={**item, "version": 3}) == (201, {**item, "version": 3})
    assert templates("GET", "t", query=second) == (200, item)
    assert templates("PUT", "t", query=second, body={"name": "dca"}) == (200, {**item, "name": "dca"})
    assert templates("PUT", "t", body=item) == (200, item)
    assert templates("DELETE", "t", query=second) == (204, None)
    assert templates("DELETE", "t", query=second) == NO_ITEM
    assert stored(database, "strategy-templates") == [{**item, "version": Decimal(3)}]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_missing_sort_key_is_named(templates: Api, method: str) -> None:
    assert templates(method, "t") == bad("the query parameter version is needed")
    assert templates(method, "t", query={"version": "two"}) == bad("not a number: two")
    assert templates(method, "t", query={"version": "NaN"}) == bad("not a number: NaN")


def test_keys_of_shared_items_must_agree_and_have_their_type(templates: Api, database: Any) -> None:
    assert templates("POST", body={"templateId": "t"}) == bad("version must be a number")
    assert templates("POST", body={"templateId": "t", "version": "2"}) == bad("version must be a number")
    assert templates("POST", body={"templateId": "t", "version": True}) == bad("version must be a number")
    assert templates("POST", body={"version": 2}) == bad("templateId must be a string that is not empty")
    assert templates("PUT", "t", query={"version": "2"}, body={"version": 3}) == bad(
        "version differs between URL and body"
    )
    assert templates("PUT", "t", body={"templateId": "u", "version": 2}) == bad(
        "templateId differs between URL and body"
    )
    assert templates("POST", body={"templateId": "t", "version": 2, "tenantId": "b"}) == (
        403,
        error("Forbidden", "the body names another tenant"),
    )
    assert stored(database, "strategy-templates") == []


def test_item_without_a_sort_key_lives_and_dies(sources: Api, database: Any) -> None:
    assert sources("POST", body={"sourceId": "s"}) == (201, {"sourceId": "s"})
    assert sources("GET", "s") == (200, {"sourceId": "s"})
    assert sources("PUT", "s", body={"type": "rest"}) == (200, {"sourceId": "s", "type": "rest"})
    assert sources("GET", "s", tenant="b") == (200, {"sourceId": "s", "type": "rest"})
    assert sources("DELETE", "s") == (204, None)
    assert stored(database, "data-sources") == []


@pytest.mark.parametrize("value", [None, "", "false", "True", "1"])
def test_list_of_a_shared_table_needs_the_permission_to_scan(
    sources: Api, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is not None:
        monkeypatch.setenv("ALLOW_SCAN", value)
    assert sources("GET") == bad("the path parameter id (sourceId) is needed")


def test_list_of_a_shared_table_scans_in_pages(templates: Api, database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOW_SCAN", "true")
    for version in range(5):
        templates("POST", body={"templateId": "t", "version": version})
    _, first = templates("GET", query={"limit": "3"})
    _, second = templates("GET", query={"limit": "3", "cursor": first["cursor"]})
    assert [item["version"] for item in first["items"] + second["items"]] == [0, 1, 2, 3, 4]
    assert (len(first["items"]), second["cursor"]) == (3, None)
    assert templates("GET", query={"cursor": encoded({"templateId": "t"})}) == bad("bad cursor")
    assert templates("GET", query={"limit": "0"}) == bad("limit must be a number from 1 to 100")


def test_an_item_of_one_tenant_in_a_shared_table_does_not_exist_for_others(sources: Api, database: Any) -> None:
    own = {"sourceId": "s1", "tenantId": "a", "name": "mine"}
    assert sources("POST", body=own) == (201, own)
    assert sources("GET", "s1") == (200, own)
    assert sources("GET", "s1", tenant="b") == NO_ITEM
    assert sources("PUT", "s1", tenant="b", body={"name": "taken"}) == NO_ITEM
    assert sources("DELETE", "s1", tenant="b") == NO_ITEM
    assert stored(database, "data-sources") == [own]


def test_a_scan_leaves_out_what_belongs_to_another_tenant(
    sources: Api, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOW_SCAN", "true")
    everybodys, own = {"sourceId": "s1"}, {"sourceId": "s2", "tenantId": "a"}
    for item in (everybodys, own):
        sources("POST", body=item)
    assert sources("GET", tenant="b") == (200, {"items": [everybodys], "cursor": None})
    _, page = sources("GET")
    assert sorted(page["items"], key=lambda item: item["sourceId"]) == [everybodys, own]
