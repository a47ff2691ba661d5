"""components/cdn_code: the CloudFront Functions, run in a JavaScript engine, and within CloudFront's limits."""

from __future__ import annotations

import json
from typing import Any

import pytest
import quickjs

from components.cdn_parts import function_code

PAGES = function_code("pages.js", {"trailingSlash": False})
SLASHED = function_code("pages.js", {"trailingSlash": True})
ANSWER = function_code("answer.js", {"origin": "https://app.example.com", "retryAfter": 300})
# CloudFront gives the query as it came by a method of the request, undefined where there is none.
_CALL = """
function call(text) {
    const given = JSON.parse(text);
    const request = { method: given.method, uri: given.uri, headers: {}, querystring: {}, cookies: {} };
    request.rawQueryString = () => given.query === null ? undefined : given.query;
    return JSON.stringify(handler({ version: '1.0', context: {}, viewer: {}, request: request }));
}
"""


def run(code: str, uri: str, query: str | None = None, method: str = "GET") -> dict[str, Any]:
    """Return what a function makes of a request: the request, or an answer in its place."""
    context = quickjs.Context()
    context.eval(code + _CALL)
    return json.loads(context.get("call")(json.dumps({"uri": uri, "query": query, "method": method})))


def moved(location: str) -> dict[str, Any]:
    return {
        "statusCode": 308,
        "statusDescription": "Permanent Redirect",
        "headers": {"location": {"value": location}},
    }


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("/", "/index.html"),
        ("/about", "/about.html"),
        ("/orders/open", "/orders/open.html"),
        ("/about.html", "/about.html"),
        ("/favicon.ico", "/favicon.ico"),
        ("//about", "/about.html"),
    ],
)
def test_a_path_becomes_the_key_of_its_page(uri: str, key: str) -> None:
    assert run(PAGES, uri)["uri"] == key


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("/", "/index.html"),
        ("/about/", "/about/index.html"),
        ("/orders/open/", "/orders/open/index.html"),
        ("/favicon.ico", "/favicon.ico"),
    ],
)
def test_with_a_trailing_slash_a_path_becomes_the_index_of_its_directory(uri: str, key: str) -> None:
    assert run(SLASHED, uri)["uri"] == key


@pytest.mark.parametrize(
    ("code", "uri", "location"),
    [
        (PAGES, "/about/", "/about"),
        (PAGES, "/orders/open//", "/orders/open"),
        (SLASHED, "/about", "/about/"),
        (SLASHED, "/orders/open", "/orders/open/"),
    ],
)
def test_each_page_has_one_address(code: str, uri: str, location: str) -> None:
    assert run(code, uri) == moved(location)


@pytest.mark.parametrize(
    ("query", "location"),
    [("a=1&b=%2F&a=2", "/about?a=1&b=%2F&a=2"), ("", "/about"), (None, "/about")],
)
def test_a_redirect_keeps_the_query_as_it_came(query: str | None, location: str) -> None:
    assert run(PAGES, "/about/", query) == moved(location)


@pytest.mark.parametrize("uri", ["//evil.example.net/", "/\\evil.example.net/", "///evil/", "\\\\evil/"])
@pytest.mark.parametrize("code", [PAGES, SLASHED], ids=["plain", "slashed"])
def test_no_redirect_leads_to_another_host(code: str, uri: str) -> None:
    result = run(code, uri)
    target = result["headers"]["location"]["value"] if "headers" in result and "statusCode" in result else result["uri"]
    assert target[0] == "/" and target[1] not in "/\\"


def test_a_request_for_a_page_stays_as_it_is_otherwise() -> None:
    expected = {"method": "HEAD", "uri": "/about.html", "headers": {}, "querystring": {}, "cookies": {}}
    assert run(PAGES, "/about", "a=1", "HEAD") == expected


@pytest.mark.parametrize("method", ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"])
def test_every_call_is_told_to_come_back(method: str) -> None:
    assert run(ANSWER, "/orders", method=method) == {
        "statusCode": 503,
        "statusDescription": "Service Unavailable",
        "headers": {
            "access-control-allow-origin": {"value": "https://app.example.com"},
            "access-control-expose-headers": {"value": "retry-after"},
            "cache-control": {"value": "no-store"},
            "content-type": {"value": "application/json"},
            "retry-after": {"value": "300"},
        },
        "body": '{"error":{"code":"MAINTENANCE","message":"under maintenance; try again later"}}',
    }


def test_a_preflight_lets_the_pages_read_the_answer() -> None:
    assert run(ANSWER, "/orders", method="OPTIONS") == {
        "statusCode": 204,
        "statusDescription": "No Content",
        "headers": {
            "access-control-allow-origin": {"value": "https://app.example.com"},
            "access-control-expose-headers": {"value": "retry-after"},
            "access-control-allow-headers": {"value": "Authorization,Content-Type,X-Api-Key"},
            "access-control-allow-methods": {"value": "DELETE,GET,PATCH,POST,PUT"},
            "cache-control": {"value": "no-store"},
        },
    }


def test_constants_stand_above_the_code_as_json() -> None:
    first, second, rest = ANSWER.split("\n", 2)
    assert (first, second) == ('const origin = "https://app.example.com";', "const retryAfter = 300;")
    assert rest == function_code("answer.js", {})


@pytest.mark.parametrize("code", [PAGES, SLASHED, ANSWER], ids=["pages", "slashed", "answer"])
def test_a_function_fits_into_ten_kilobytes(code: str) -> None:
    assert 0 < len(code.encode()) <= 10_240
