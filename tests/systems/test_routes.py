"""systems.trading.routes: the routes of the API, from the data file and the tables that the handlers own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pydantic
import pytest

from components.api_routes import MethodSpec, RouteSpec
from components.tables import Index, Key, TableSpec
from systems.trading import data, routes
from systems.trading.routes import RouteRow, Schema

FILE = "systems/trading/data/routes.yaml"
TEXT, NUMBER = {"type": "string", "minLength": 1}, {"type": "number"}
PAGING = {"limit": False, "cursor": False}
BODY = Schema(type="object", properties={"symbol": Schema(type="string")})


def key(name: str, type_: Any = "S") -> Key:
    return Key(name=name, type=type_)


TABLES = {
    "of-tenants": TableSpec(
        partition_key=key("tenantId"),
        sort_key=key("orderId"),
        indexes=(Index(name="i", partition_key=key("version", "N")),),
    ),
    "one-each": TableSpec(partition_key=key("tenantId")),
    "shared": TableSpec(partition_key=key("sourceId")),
    "shared-versions": TableSpec(partition_key=key("templateId"), sort_key=key("version", "N")),
    "binary": TableSpec(partition_key=key("hash", "B")),
}


def function(kind: Any = "api", **values: Any) -> data.FunctionRow:
    return data.FunctionRow(group="audit", kind=kind, memory=256, **values)


def route(row: RouteRow | None = None, **values: Any) -> RouteSpec:
    return routes.route("things", row or RouteRow(), function(**values), TABLES)


def body(title: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "title": title, "type": "object"}
    return {**schema, "properties": properties, **({"required": list(required)} if required else {})}


# What follows from a table.


def test_table_of_tenants_has_a_page_and_items_by_sort_key() -> None:
    properties = {"orderId": TEXT, "tenantId": TEXT, "version": NUMBER}
    assert route(owns="of-tenants") == RouteSpec(
        collection={
            "GET": MethodSpec(query=PAGING),
            "POST": MethodSpec(schema=body("A new item of things", properties, "orderId")),
        },
        item={
            "GET": MethodSpec(),
            "PUT": MethodSpec(schema=body("An item of things", properties)),
            "DELETE": MethodSpec(),
        },
    )


def test_table_with_one_item_per_tenant_has_no_route_with_an_id() -> None:
    assert route(owns="one-each") == RouteSpec(
        collection={
            "GET": MethodSpec(),
            "POST": MethodSpec(schema=body("A new item of things", {"tenantId": TEXT})),
            "PUT": MethodSpec(schema=body("The item of things", {"tenantId": TEXT})),
            "DELETE": MethodSpec(),
        }
    )


def test_shared_table_that_may_be_scanned_has_a_page() -> None:
    properties = {"sourceId": TEXT, "tenantId": TEXT}
    assert route(owns="shared", scans=("shared",)) == RouteSpec(
        collection={
            "GET": MethodSpec(query=PAGING),
            "POST": MethodSpec(schema=body("A new item of things", properties, "sourceId")),
        },
        item={
            "GET": MethodSpec(),
            "PUT": MethodSpec(schema=body("An item of things", properties)),
            "DELETE": MethodSpec(),
        },
    )


def test_shared_table_with_sort_key_asks_for_it_in_the_query_of_every_item() -> None:
    properties = {"templateId": TEXT, "tenantId": TEXT, "version": NUMBER}
    version = {"version": True}
    assert route(owns="shared-versions") == RouteSpec(
        collection={"POST": MethodSpec(schema=body("A new item of things", properties, "templateId", "version"))},
        item={
            "GET": MethodSpec(query=version),
            "PUT": MethodSpec(query=version, schema=body("An item of things", properties)),
            "DELETE": MethodSpec(query=version),
        },
    )


def test_handler_without_table_answers_a_get() -> None:
    assert route() == RouteSpec(collection={"GET": MethodSpec()})


def test_handler_without_table_takes_the_body_that_the_file_describes() -> None:
    schema = body("A request to things", {"symbol": {"type": "string"}})
    assert route(RouteRow(post=BODY)) == RouteSpec(collection={"GET": MethodSpec(), "POST": MethodSpec(schema=schema)})


@pytest.mark.parametrize("owns", [None, "of-tenants", "one-each", "shared"])
def test_fresh_route_is_fresh_whatever_it_owns(owns: str | None) -> None:
    assert (route(RouteRow(fresh=True), owns=owns).fresh, route(owns=owns).fresh) == (True, False)


# Mistakes.


def mistakes(rows: dict[str, RouteRow], **functions: data.FunctionRow) -> list[str]:
    return list(routes.mistakes(rows, functions, TABLES))


def test_routes_of_all_api_handlers_and_no_other_are_no_mistake() -> None:
    rows = {"orders": RouteRow(), "ask": RouteRow(post=BODY)}
    assert mistakes(rows, orders=function(owns="shared"), ask=function(), cleanup=function("background")) == []


def test_every_mistake_is_told_in_one_line() -> None:
    rows = {
        "nobody": RouteRow(post=BODY),
        "cleanup": RouteRow(),
        "orders": RouteRow(post=BODY),
        "ask": RouteRow(post=Schema(type="string")),
        "hashes": RouteRow(),
    }
    found = mistakes(
        rows,
        orders=function(owns="shared"),
        ask=function(),
        hashes=function(owns="binary"),
        cleanup=function("background"),
        forgotten=function(),
    )
    assert found == [
        f"{FILE}: nobody: no such handler; known: orders, ask, hashes, forgotten",
        f"{FILE}: cleanup: a background handler given; allowed: orders, ask, hashes, forgotten",
        f"{FILE}: orders.post: given, but the body follows from the table shared",
        f"{FILE}: ask.post.type: 'string' given; allowed: object",
        f"{FILE}: hashes: key hash of the table binary has type B; allowed: S, N",
        f"{FILE}: forgotten: missing, and it is an api handler",
    ]


@pytest.mark.parametrize(
    ("values", "where", "message"),
    [
        ({"type": "text"}, ("type",), "Input should be 'array', 'boolean', 'integer', 'number', 'object' or 'string'"),
        ({"minimumLength": 1}, ("minimumLength",), "Extra inputs are not permitted"),
        ({"minLength": -1}, ("minLength",), "Input should be greater than or equal to 0"),
        ({"enum": []}, ("enum",), "Tuple should have at least 1 item after validation, not 0"),
        ({"required": []}, ("required",), "Tuple should have at least 1 item after validation, not 0"),
        (
            {"properties": {"a": {"pattern": "["}}},
            ("properties", "a", "pattern"),
            "Value error, '[' given; allowed: a regular expression (unterminated character set at position 0)",
        ),
        (
            {"properties": {"a": {}, "b": {}}, "required": ["c"]},
            (),
            "Value error, required: 'c' given; allowed: a, b",
        ),
    ],
    ids=["type", "word", "length", "enum", "required", "pattern", "property"],
)
def test_schema_that_is_none_is_refused(values: dict[str, Any], where: tuple[str, ...], message: str) -> None:
    with pytest.raises(pydantic.ValidationError) as raised:
        Schema.model_validate(values)
    assert [(error["loc"], error["msg"]) for error in raised.value.errors()] == [(where, message)]


@pytest.fixture
def other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A routes.yaml in place of the real one."""
    data.functions(), data.tables()  # read from the real directory, and kept
    monkeypatch.setattr(data, "_DIRECTORY", tmp_path)
    routes.routes.cache_clear()
    yield tmp_path / "routes.yaml"
    routes.routes.cache_clear()


def told(file: Path, text: str) -> list[str]:
    file.write_text(text)
    with pytest.raises(data.DataError) as raised:
        routes.routes()
    return str(raised.value).splitlines()


def test_route_given_twice_is_told_with_its_place(other_file: Path) -> None:
    [line] = told(other_file, "audit: {}\naudit: {}\n")
    assert line.startswith(f"{FILE}:2:1: ")


def test_all_mistakes_of_a_file_are_told_at_once(other_file: Path) -> None:
    lines = told(other_file, "nobody: {}\nbackfills: {}\n")
    handlers = [name for name, row in data.functions().items() if row.kind == "api"]
    assert lines == [
        f"{FILE}: nobody: no such handler; known: {', '.join(handlers)}",
        f"{FILE}: backfills: a background handler given; allowed: {', '.join(handlers)}",
        *(f"{FILE}: {name}: missing, and it is an api handler" for name in handlers),
    ]


def test_wrong_schema_in_the_file_is_told_with_its_place(other_file: Path) -> None:
    assert told(other_file, "audit: {post: {type: object, propertys: {}}}\n") == [
        f"{FILE}: audit.post.propertys: Extra inputs are not permitted"
    ]


# The real file.


def real_bodies() -> dict[str, Any]:
    return {
        f"{verb} {name}": method.schema
        for name, spec in routes.routes().items()
        for methods in (spec.collection, spec.item)
        for verb, method in methods.items()
        if method.schema is not None
    }


def test_every_api_handler_has_a_route() -> None:
    assert list(routes.routes()) == [name for name, row in data.functions().items() if row.kind == "api"]


def test_every_body_is_a_schema_of_draft_4() -> None:
    bodies = real_bodies()
    assert len(bodies) == 40
    for schema in bodies.values():
        jsonschema.Draft4Validator.check_schema(schema)


def test_every_post_and_put_has_a_body() -> None:
    specs = routes.routes().values()
    changing = [
        method for s in specs for m in (s.collection, s.item) for v, method in m.items() if v in ("POST", "PUT")
    ]
    assert len(changing) == 40
    assert [method for method in changing if method.schema is None] == []


def test_what_stops_trading_and_orders_and_positions_are_always_fresh() -> None:
    assert [name for name, spec in routes.routes().items() if spec.fresh] == [
        *("position-limits", "drawdown", "circuit-breakers", "kill-switch", "exchange-orders", "exchange-positions")
    ]


def test_collection_of_versions_cannot_be_listed_because_its_handler_may_not_scan() -> None:
    specs = routes.routes()
    assert [name for name, spec in specs.items() if "GET" not in spec.collection] == ["versions"]


def accepts(body: str, value: dict[str, Any]) -> bool:
    return jsonschema.Draft4Validator(real_bodies()[body]).is_valid(value)


ORDER = {"exchangeId": "kraken", "symbol": "BTC-USD", "side": "BUY", "type": "MARKET", "quantity": "0.25"}


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        ({}, True),
        ({"type": "LIMIT", "price": "64000.5"}, True),
        ({"clientOrderId": "0b7c-1"}, True),
        ({"type": "LIMIT"}, False),
        ({"side": "HOLD"}, False),
        ({"quantity": 0.25}, False),
        ({"quantity": "-1"}, False),
        ({"quantity": "1e9"}, False),
        ({"symbol": ""}, False),
        ({"tenantId": "other"}, False),
    ],
)
def test_order_is_accepted_or_refused(changes: dict[str, Any], accepted: bool) -> None:
    assert accepts("POST exchange-orders", {**ORDER, **changes}) is accepted


@pytest.mark.parametrize("missing", ["exchangeId", "symbol", "side", "type", "quantity"])
def test_order_needs_all_of_its_parts(missing: str) -> None:
    assert accepts("POST exchange-orders", {k: v for k, v in ORDER.items() if k != missing}) is False


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ({"symbol": "BTC-USD", "question": "Up?"}, True),
        ({"symbol": "BTC-USD", "question": "Up?", "configId": "c1"}, True),
        ({"symbol": "BTC-USD"}, False),
        ({"symbol": "BTC-USD", "question": ""}, False),
        ({"symbol": "BTC-USD", "question": "Up?", "model": "m"}, False),
    ],
)
def test_question_is_accepted_or_refused(value: dict[str, Any], accepted: bool) -> None:
    assert accepts("POST analysis", value) is accepted


@pytest.mark.parametrize(
    ("body", "value", "accepted"),
    [
        ("POST templates", {"templateId": "t", "version": 1, "anything": []}, True),
        ("POST templates", {"templateId": "t", "version": "1"}, False),
        ("POST templates", {"templateId": "t"}, False),
        ("POST templates", {"templateId": "t", "version": 1, "name": ""}, False),
        ("PUT templates", {"name": "better"}, True),
        ("PUT templates", {"version": "1"}, False),
        ("POST kill-switch", {"active": "true"}, True),
        ("POST kill-switch", {"active": True}, False),
    ],
)
def test_item_is_accepted_or_refused(body: str, value: dict[str, Any], accepted: bool) -> None:
    assert accepts(body, value) is accepted
