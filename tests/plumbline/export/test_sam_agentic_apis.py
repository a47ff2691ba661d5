"""The APIs in the SAM template of the agentic system: routes, models, keys, throttling, logs."""

from __future__ import annotations

from typing import Any

from systems.agentic import data
from tests.plumbline.export.sam_agentic import cloudformation, evaluated, graph_of, of_type


def path(resource: str) -> str:
    """Return the path of a resource of the REST API in the template."""
    row = cloudformation()[resource]["Properties"]
    parent = row["ParentId"].get("Ref")
    return f"{path(parent) if parent else ''}/{row['PathPart']}"


def test_the_rest_api_has_the_routes_of_the_data_file() -> None:
    expected = {
        (path, verb): (not method.open, method.schema, sorted(method.query))
        for path, spec in data.paths().items()
        for verb, method in spec.methods.items()
    }
    found: dict[tuple[str, str], Any] = {}
    for row in of_type("AWS::ApiGateway::Method").values():
        if row["HttpMethod"] == "OPTIONS":
            continue
        models = row.get("RequestModels", {})
        schema = cloudformation()[models["$default"]["Ref"]]["Properties"]["Schema"] if models else None
        prefix = "method.request.querystring."
        query = sorted(
            name.removeprefix(prefix) for name in row.get("RequestParameters", {}) if name.startswith(prefix)
        )
        found[path(row["ResourceId"]["Ref"]), row["HttpMethod"]] = (row["ApiKeyRequired"], schema, query)
        assert row["Integration"]["Type"] == "AWS_PROXY"
        assert "${FunctionsApiHandlerAliaslive}" in row["Integration"]["Uri"]["Fn::Sub"]
    assert found == expected
    preflights = {
        path(row["ResourceId"]["Ref"])
        for row in of_type("AWS::ApiGateway::Method").values()
        if row["HttpMethod"] == "OPTIONS"
    }
    assert preflights == set(data.paths())
    (validator,) = of_type("AWS::ApiGateway::RequestValidator").values()
    assert validator["ValidateRequestBody"] is validator["ValidateRequestParameters"] is True


def test_the_api_is_metered_throttled_and_logged() -> None:
    (stage,) = of_type("AWS::ApiGateway::Stage").values()
    (plan,) = of_type("AWS::ApiGateway::UsagePlan").values()
    (sockets,) = of_type("AWS::ApiGatewayV2::Stage").values()
    (settings,) = stage["MethodSettings"]
    assert (settings["HttpMethod"], settings["ResourcePath"]) == ("*", "/*")
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (100, 200)
    assert plan["Throttle"] == {"RateLimit": 100, "BurstLimit": 200}
    assert plan["Quota"] == {"Limit": 100_000, "Period": "MONTH"}
    assert [row["Stage"] for row in plan["ApiStages"]] == [{"Ref": "ApiStage"}, {"Ref": "SocketsStage"}]
    assert sockets["DefaultRouteSettings"]["ThrottlingRateLimit"] == 100
    logs = [stage["AccessLogSetting"]["DestinationArn"], sockets["AccessLogSettings"]["DestinationArn"]]
    groups = [evaluated(log).rpartition("log-group:")[2] for log in logs]
    retained = {
        evaluated(row["LogGroupName"]): row["RetentionInDays"] for row in of_type("AWS::Logs::LogGroup").values()
    }
    assert [retained[group] for group in groups] == [7, 7]
    assert len(of_type("AWS::ApiGateway::ApiKey")) == len(of_type("AWS::ApiGateway::UsagePlanKey")) == 1


def test_the_websocket_api_has_its_routes() -> None:
    routes = {row["RouteKey"]: row for row in of_type("AWS::ApiGatewayV2::Route").values()}
    assert set(routes) == {route.get("routeKey") for route in graph_of("aws:apigatewayv2/route:Route")}
    assert {row["Target"]["Fn::Sub"] for row in routes.values()} == {"integrations/${SocketsIntegration}"}
    keyed = [(key, row["AuthorizationType"]) for key, row in routes.items() if row["ApiKeyRequired"]]
    assert keyed == [("$connect", "CUSTOM")]
