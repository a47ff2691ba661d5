"""The handler behind the API: routes, items of tenants, lists and failures."""

from __future__ import annotations

import base64
import json
import sys
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.systems.trading.lambda_code import (
    JSON,
    NO_ITEM,
    NO_ROUTE,
    TABLES,
    Api,
    bad,
    encoded,
    error,
    event,
    lines,
    stored,
)

# --- api: routes


def test_function_without_a_table_answers_its_status(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(monkeypatch, None)
    assert api("GET") == (
        200,
        {"handler": "things", "environment": "test", "status": "ok", "tables": sorted(TABLES)},
    )
    assert api("GET", "x") == NO_ROUTE
    assert api("POST", body={}) == (405, error("MethodNotAllowed", "POST is not allowed here"))


@pytest.mark.parametrize("parameters", [{"handler": "things"}, {"handler": "things", "id": "x"}])
def test_route_may_be_a_parameter(strategies: Api, database: Any, parameters: dict[str, str]) -> None:
    database.Table("test-strategies").put_item(Item={"tenantId": "a", "strategyId": "x"})
    resource = "/{handler}/{id}" if "id" in parameters else "/{handler}"
    item = {"tenantId": "a", "strategyId": "x"}
    wanted = item if "id" in parameters else {"items": [item], "cursor": None}
    assert strategies("GET", resource=resource, pathParameters=parameters) == (200, wanted)


@pytest.mark.parametrize(
    ("resource", "parameters"),
    [
        ("/other", None),
        ("/{handler}", {"handler": "other"}),
        ("/{handler}", None),
        ("/things/{id}/more", {"id": "x"}),
        ("/things/{id}", None),
        ("/things/{id}", {"id": ""}),
        ("/things/{proxy+}", {"proxy": "x"}),
        ("/things/", {"id": "x"}),
        ("/", None),
        (None, None),
    ],
)
def test_unknown_route_is_404(strategies: Api, resource: str | None, parameters: dict[str, str] | None) -> None:
    assert strategies("GET", resource=resource, pathParameters=parameters) == NO_ROUTE


@pytest.mark.parametrize(
    ("method", "identifier"), [("PUT", None), ("DELETE", None), ("PATCH", None), ("PATCH", "x"), ("HEAD", "x")]
)
def test_method_that_does_not_fit_the_route_is_405(strategies: Api, method: str, identifier: str | None) -> None:
    assert strategies(method, identifier, body={"strategyId": "x"}) == (
        405,
        error("MethodNotAllowed", f"{method} is not allowed here"),
    )


def test_allowed_origin_is_in_every_answer(strategies: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGIN", "https://app.example.test")
    origin = {"Access-Control-Allow-Origin": "https://app.example.test"}
    created = strategies.raw(event("POST", body={"strategyId": "x"}))
    assert created == {
        "statusCode": 201,
        "headers": {**JSON, **origin},
        "body": '{"strategyId":"x","tenantId":"a"}',
    }
    assert strategies.raw(event("GET", tenant=None))["headers"] == {**JSON, **origin}
    assert strategies.raw(event("DELETE", "x")) == {"statusCode": 204, "headers": origin, "body": ""}


# --- api: a table of tenants' items


def test_item_lives_and_dies(strategies: Api, database: Any) -> None:
    first = {"tenantId": "a", "strategyId": "x", "size": 1, "ratio": 0.25, "deep": {"list": [1.5, None, True]}}
    assert strategies("GET", "x") == NO_ITEM
    assert strategies("PUT", "x", body={"size": 1}) == NO_ITEM
    assert strategies("POST", body={**first, "tenantId": "a"}) == (201, first)
    assert stored(database, "strategies") == [
        {
            "tenantId": "a",
            "strategyId": "x",
            "size": Decimal(1),
            "ratio": Decimal("0.25"),
            "deep": {"list": [Decimal("1.5"), None, True]},
        }
    ]
    assert strategies("GET", "x") == (200, first)
    assert strategies("POST", body={"strategyId": "x"}) == (409, error("Conflict", "the item exists"))
    assert strategies("GET", "x") == (200, first)
    assert strategies("PUT", "x", body={"size": 2}) == (200, {"tenantId": "a", "strategyId": "x", "size": 2})
    assert strategies("GET", "x") == (200, {"tenantId": "a", "strategyId": "x", "size": 2})
    assert strategies("DELETE", "x") == (204, None)
    assert strategies("DELETE", "x") == NO_ITEM
    assert stored(database, "strategies") == []


def test_post_may_name_the_item_in_the_path(strategies: Api, database: Any) -> None:
    assert strategies("POST", "x", body={"size": 1}) == (201, {"tenantId": "a", "strategyId": "x", "size": 1})
    assert strategies("POST", "x", body={"size": 1}) == (409, error("Conflict", "the item exists"))


def test_tenants_do_not_see_each_other(strategies: Api, database: Any) -> None:
    strategies("POST", body={"strategyId": "x", "owner": "a"})
    before = stored(database, "strategies")
    assert strategies("GET", "x", tenant="b") == NO_ITEM
    assert strategies("PUT", "x", body={"owner": "b"}, tenant="b") == NO_ITEM
    assert strategies("DELETE", "x", tenant="b") == NO_ITEM
    assert strategies("GET", tenant="b") == (200, {"items": [], "cursor": None})
    assert strategies("GET", "x", query={"tenantId": "a"}, tenant="b") == NO_ITEM
    assert stored(database, "strategies") == before


@pytest.mark.parametrize("other", ["b", None, 7, ""])
@pytest.mark.parametrize(("method", "identifier"), [("POST", None), ("PUT", "x")])
def test_body_that_names_another_tenant_is_403(
    strategies: Api, database: Any, method: str, identifier: str | None, other: Any
) -> None:
    database.Table("test-strategies").put_item(Item={"tenantId": "b", "strategyId": "x"})
    body = {"tenantId": other, "strategyId": "x", "new": True}
    assert strategies(method, identifier, body=body) == (403, error("Forbidden", "the body names another tenant"))
    assert stored(database, "strategies") == [{"tenantId": "b", "strategyId": "x"}]


def test_path_and_body_must_agree(strategies: Api, database: Any) -> None:
    strategies("POST", body={"strategyId": "x"})
    before = stored(database, "strategies")
    assert strategies("PUT", "x", body={"strategyId": "y"}) == bad("strategyId differs between URL and body")
    assert strategies("POST", "y", body={"strategyId": "z"}) == bad("strategyId differs between URL and body")
    assert stored(database, "strategies") == before


@pytest.mark.parametrize("body", [{}, {"strategyId": ""}, {"strategyId": 1}, {"strategyId": None}])
def test_body_without_its_key_is_400(strategies: Api, database: Any, body: dict[str, Any]) -> None:
    assert strategies("POST", body=body) == bad("strategyId must be a string that is not empty")
    assert stored(database, "strategies") == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("{", "not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ([], "the body must be a JSON object"),
        ("7", "the body must be a JSON object"),
        ('{"strategyId": "x", "n": NaN}', "not a number: NaN"),
        ('{"strategyId": "x", "n": 1e999}', "a number has more than 38 digits or is out of range: 1e999"),
    ],
)
def test_body_that_is_no_json_object_is_400(strategies: Api, database: Any, body: Any, message: str) -> None:
    assert strategies("POST", body=body) == bad(message)
    assert stored(database, "strategies") == []


def test_body_may_be_base64(strategies: Api) -> None:
    text = base64.b64encode('{"strategyId": "ü"}'.encode()).decode()
    assert strategies("POST", body=text, isBase64Encoded=True) == (201, {"tenantId": "a", "strategyId": "ü"})
    for broken in ("*", base64.b64encode(b"\xff").decode()):
        assert strategies("POST", body=broken, isBase64Encoded=True) == bad("the body is not base64 of UTF-8")


def test_id_is_percent_decoded_once(strategies: Api, database: Any) -> None:
    database.Table("test-strategies").put_item(Item={"tenantId": "a", "strategyId": "10:00Z#a/b+%25"})
    assert strategies("GET", "10%3A00Z%23a%2Fb+%2525") == (200, {"tenantId": "a", "strategyId": "10:00Z#a/b+%25"})


def test_reads_of_one_item_are_strongly_consistent(strategies: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    class Table:
        def get_item(self, **arguments: Any) -> dict[str, Any]:
            seen.append(arguments)
            return {"Item": {}}

    monkeypatch.setattr(sys.modules["trading_shared"], "table", lambda name: Table())
    assert strategies("GET", "x") == (200, {})
    assert seen == [{"Key": {"tenantId": "a", "strategyId": "x"}, "ConsistentRead": True}]


def test_item_beyond_dynamodbs_limits_is_400_and_logged(
    strategies: Api, database: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"strategyId": "x", "text": "x" * 410_000}
    assert strategies("POST", body=body) == bad("the table does not accept these values")
    warning, answered = lines(capsys)
    assert (warning["level"], warning["message"]) == ("WARNING", "DynamoDB refused the request")
    assert "Item size" in warning["reason"]
    assert answered["status"] == 400
    assert stored(database, "strategies") == []


@pytest.mark.parametrize("code", ["ValidationException", "SerializationException"])
def test_refusal_by_dynamodb_is_400(strategies: Api, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    def refuse(**arguments: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "detail"}}, "GetItem")

    monkeypatch.setattr(sys.modules["trading_shared"], "table", lambda name: SimpleNamespace(get_item=refuse))
    assert strategies("GET", "x") == bad("the table does not accept these values")


def test_query_parameters_do_not_change_a_tenants_key(strategies: Api, database: Any) -> None:
    for name in ("x", "y"):
        database.Table("test-strategies").put_item(Item={"tenantId": "a", "strategyId": name})
    assert strategies("GET", "x", query={"strategyId": "y"}) == (200, {"tenantId": "a", "strategyId": "x"})
    assert strategies("DELETE", "x", query={"strategyId": "y", "tenantId": "b"}) == (204, None)
    assert stored(database, "strategies") == [{"tenantId": "a", "strategyId": "y"}]


# --- api: lists


def fill(database: Any, tenant: str, count: int) -> list[str]:
    names = [f"{number:03}" for number in range(count)]
    with database.Table("test-strategies").batch_writer() as batch:
        for name in names:
            batch.put_item(Item={"tenantId": tenant, "strategyId": name})
    return names


def test_pages_of_a_list_join_to_the_whole(strategies: Api, database: Any) -> None:
    fill(database, "b", 3)
    names = fill(database, "a", 30)
    status, first = strategies("GET")
    assert (status, [item["strategyId"] for item in first["items"]]) == (200, names[:25])
    status, last = strategies("GET", query={"cursor": first["cursor"]})
    assert (status, last) == (
        200,
        {"items": [{"tenantId": "a", "strategyId": name} for name in names[25:]], "cursor": None},
    )


@pytest.mark.parametrize(("limit", "count"), [("1", 1), ("9", 9), ("99", 99), ("100", 100)])
def test_limit_is_obeyed(strategies: Api, database: Any, limit: str, count: int) -> None:
    names = fill(database, "a", 102)
    _, page = strategies("GET", query={"limit": limit})
    assert [item["strategyId"] for item in page["items"]] == names[:count]
    cursor = base64.urlsafe_b64decode(page["cursor"] + "==")
    assert json.loads(cursor) == {"tenantId": "a", "strategyId": names[count - 1]}


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "", "x", "٣", "1\n", "010"])
def test_bad_limit_is_400(strategies: Api, limit: str) -> None:
    assert strategies("GET", query={"limit": limit}) == bad("limit must be a number from 1 to 100")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "*",
        "ü",
        "a",
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        encoded("text"),
        encoded([]),
        encoded({}),
        encoded({"tenantId": "a"}),
        encoded({"tenantId": "a", "strategyId": ""}),
        encoded({"tenantId": "a", "strategyId": "x", "more": "x"}),
        encoded({"tenantId": "b", "strategyId": "x"}),
        "*" + encoded({"tenantId": "a", "strategyId": "x"}),
    ],
)
def test_bad_cursor_and_another_tenants_cursor_are_400(strategies: Api, cursor: str) -> None:
    status, answer = strategies("GET", query={"cursor": cursor})
    assert (status, answer["error"]["code"]) == (400, "BadRequest")
    assert answer["error"]["message"] in ("bad cursor", "strategyId must be a string that is not empty")


def test_cursor_of_numbers_keeps_every_digit(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(monkeypatch, "ticks")
    numbers = [Decimal("1.0000000000000000000000000000000000001"), Decimal("1.0000000000000000000000000000000000002")]
    for number in numbers:
        database.Table("test-ticks").put_item(Item={"tenantId": "a", "sequence": number, "digits": str(number)})
    _, first = api("GET", query={"limit": "1"})
    _, second = api("GET", query={"limit": "1", "cursor": first["cursor"]})
    assert [page["items"][0]["digits"] for page in (first, second)] == [str(number) for number in numbers]
    assert api("GET", query={"cursor": encoded({"tenantId": "a", "sequence": "x"})})[0] == 400


# --- api: one item per tenant


def test_single_item_needs_no_id(switch: Api, database: Any) -> None:
    assert switch("GET") == NO_ITEM
    assert switch("PUT", body={"active": "no"}) == NO_ITEM
    assert switch("DELETE") == NO_ITEM
    assert switch("POST", body={"active": "no"}) == (201, {"tenantId": "a", "active": "no"})
    assert switch("POST", body={"active": "yes"}) == (409, error("Conflict", "the item exists"))
    assert switch("PUT", body={"active": "yes"}) == (200, {"tenantId": "a", "active": "yes"})
    assert switch("GET") == (200, {"tenantId": "a", "active": "yes"})
    assert switch("GET", tenant="b") == NO_ITEM
    assert switch("DELETE") == (204, None)
    assert stored(database, "kill-switch-state") == []


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_single_item_accepts_no_id(switch: Api, database: Any, method: str) -> None:
    database.Table("test-kill-switch-state").put_item(Item={"tenantId": "a"})
    assert switch(method, "a", body={}) == (404, error("NotFound", "each tenant has one item here, which has no id"))
    assert stored(database, "kill-switch-state") == [{"tenantId": "a"}]


# --- api: failures and logs


def test_unexpected_failure_is_logged_with_its_stack_and_answered_without_detail(
    strategies: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TABLE_STRATEGIES")
    assert strategies("GET", "x") == (500, error("InternalServerError", "internal error"))
    failure, answered = lines(capsys)
    assert (failure["level"], failure["message"], failure["tenant"]) == ("ERROR", "unexpected failure", "a")
    assert "TABLE_STRATEGIES is missing" in failure["stack"]
    assert answered["status"] == 500


def test_missing_key_variable_is_a_failure(strategies: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRIMARY_PARTITION_KEY")
    assert strategies("GET") == (500, error("InternalServerError", "internal error"))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_failure_of_dynamodb_is_500(
    strategies: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], method: str
) -> None:
    monkeypatch.setenv("TABLE_STRATEGIES", "no-such-table")
    assert strategies(method, "x", body={}) == (500, error("InternalServerError", "internal error"))
    failure, _ = lines(capsys)
    assert (failure["level"], failure["message"]) == ("ERROR", "DynamoDB failed")
    assert "ResourceNotFoundException" in failure["stack"]


def test_every_answer_is_logged_without_what_was_sent(strategies: Api, capsys: pytest.CaptureFixture[str]) -> None:
    strategies("POST", body={"strategyId": "x", "text": "s3cr3t"})
    output = capsys.readouterr().out
    line = json.loads(output)
    line.pop("timestamp")
    assert line == {
        "level": "INFO",
        "handler": "things",
        "environment": "test",
        "tenant": "a",
        "request_id": "request-1",
        "message": "answered",
        "method": "POST",
        "resource": "/things",
        "status": 201,
    }
