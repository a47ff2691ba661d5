"""Fixtures of rules about the authorization of APIs."""

from __future__ import annotations

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

API = made("aws:apigateway/restApi:RestApi", "api")
ORDERS = made("aws:apigateway/resource:Resource", "orders", refers={"parentId": API}, pathPart="orders")
ORDER = made("aws:apigateway/resource:Resource", "order", refers={"parentId": ORDERS}, pathPart="{id}")
HEALTH = made("aws:apigateway/resource:Resource", "health", refers={"parentId": API}, pathPart="health")
NESTED = made("aws:apigateway/resource:Resource", "nested", refers={"parentId": ORDERS}, pathPart="health")
POOL = made("aws:cognito/userPool:UserPool", "pool")
AUTHORIZER = made(
    "aws:apigateway/authorizer:Authorizer", "authorizer", type="COGNITO_USER_POOLS", refers={"providerArns": POOL}
)
COGNITO = {"authorization": "COGNITO_USER_POOLS", "authorizerId": UNKNOWN}
METHOD = made("aws:apigateway/method:Method", httpMethod="GET", refers={"resourceId": ORDER}, **COGNITO)
OPEN = {"authorization": "NONE", "authorizerId": GONE}


def program(method: Resource, *more: Resource) -> list[Resource]:
    return [method, API, ORDERS, ORDER, HEALTH, NESTED, *more]


def on(resource: Resource, **inputs: object) -> Resource:
    return made(
        METHOD.type, refers={"resourceId": resource}, **{"httpMethod": "GET", "authorization": "NONE", **inputs}
    )


KIND = ("authorization",)
METHODS = Cases(
    rule="api-method-is-authorized",
    good={
        "pool": program(METHOD),
        "signature": program(changed(METHOD, {"authorization": "AWS_IAM", "authorizerId": GONE})),
        "function": program(changed(METHOD, {"authorization": "CUSTOM"})),
        "lower case": program(changed(METHOD, {"authorization": "aws_iam"})),
        "token": program(changed(METHOD, {"authorization": "JWT"})),
        "without the API": [METHOD],
    },
    bad={
        "none": (program(changed(METHOD, OPEN)), KIND),
        "not set": (program(changed(METHOD, {"authorization": GONE})), KIND),
        "another word": (program(changed(METHOD, {"authorization": "LATER"})), KIND),
        "any verb": (program(changed(METHOD, {**OPEN, "httpMethod": "ANY"})), KIND),
        **{
            f"no authorizer for {kind}": (
                program(changed(METHOD, {"authorization": kind, "authorizerId": GONE})),
                ("authorizerId",),
            )
            for kind in ("COGNITO_USER_POOLS", "CUSTOM", "JWT")
        },
        "health of another": (program(on(NESTED)), KIND),
        "change of health": (program(on(HEALTH, httpMethod="POST")), KIND),
        "unknown route": ([changed(METHOD, {**OPEN, "resourceId": UNKNOWN})], KIND),
    },
    unknown={
        "authorization": (program(changed(METHOD, {"authorization": UNKNOWN})), KIND),
        "verb": (program(changed(METHOD, {**OPEN, "httpMethod": UNKNOWN})), ("httpMethod",)),
    },
    skipped={
        "preflight": program(changed(METHOD, {**OPEN, "httpMethod": "OPTIONS"})),
        "health": program(on(HEALTH)),
        "health, lower case": program(on(HEALTH, httpMethod="get")),
    },
)

WITH_AUTHORIZER = made(
    METHOD.type, httpMethod="GET", authorization="COGNITO_USER_POOLS", refers={"authorizerId": AUTHORIZER}
)
TOKEN = changed(AUTHORIZER, {"type": "TOKEN"})
USES_COGNITO = Cases(
    rule="api-method-uses-cognito",
    good={"pool": [METHOD, POOL], "with authorizer": [WITH_AUTHORIZER, AUTHORIZER, POOL]},
    bad={
        "signature": ([changed(METHOD, {"authorization": "AWS_IAM"}), POOL], KIND),
        "function": ([changed(METHOD, {"authorization": "CUSTOM"}), POOL], KIND),
        "authorizer of another type": ([WITH_AUTHORIZER, TOKEN, POOL], ("authorizerId",)),
        "authorizer of the default type": (
            [WITH_AUTHORIZER, changed(AUTHORIZER, {"type": GONE}), POOL],
            ("authorizerId",),
        ),
        "authorizer of nobody": (
            [changed(WITH_AUTHORIZER, {"authorizerId": "a1"}), AUTHORIZER, POOL],
            ("authorizerId",),
        ),
    },
    unknown={"authorization": ([changed(METHOD, {"authorization": UNKNOWN}), POOL], KIND)},
    skipped={
        "no pool": [changed(METHOD, {"authorization": "AWS_IAM"})],
        "open": [changed(METHOD, OPEN), POOL],
        "as AWS has it": [changed(METHOD, {"authorization": GONE}), POOL],
    },
)

HTTP = made("aws:apigatewayv2/api:Api", "http", protocolType="HTTP")
SOCKET = made("aws:apigatewayv2/api:Api", "socket", protocolType="WEBSOCKET")
ROUTE = made(
    "aws:apigatewayv2/route:Route",
    routeKey="GET /orders",
    authorizationType="JWT",
    authorizerId=UNKNOWN,
    refers={"apiId": HTTP},
)
V2_KIND = ("authorizationType",)


def of_socket(key: str, **inputs: object) -> list[Resource]:
    return [made(ROUTE.type, refers={"apiId": SOCKET}, routeKey=key, **inputs), SOCKET]


ROUTES = Cases(
    rule="api-route-is-authorized",
    good={
        "token": [ROUTE, HTTP],
        "signature": [changed(ROUTE, {"authorizationType": "AWS_IAM", "authorizerId": GONE}), HTTP],
        "connection": of_socket("$connect", authorizationType="CUSTOM", authorizerId="a1"),
    },
    bad={
        "none": ([changed(ROUTE, {"authorizationType": "NONE"}), HTTP], V2_KIND),
        "not set": ([changed(ROUTE, {"authorizationType": GONE}), HTTP], V2_KIND),
        "default": ([changed(ROUTE, {"routeKey": "$default", "authorizationType": GONE}), HTTP], V2_KIND),
        "no authorizer": ([changed(ROUTE, {"authorizerId": GONE}), HTTP], ("authorizerId",)),
        "connection": (of_socket("$connect"), V2_KIND),
        "no route": ([changed(ROUTE, {"routeKey": GONE}), HTTP], ("routeKey",)),
    },
    unknown={
        "type": ([changed(ROUTE, {"authorizationType": UNKNOWN}), HTTP], V2_KIND),
        "route": ([changed(ROUTE, {"routeKey": UNKNOWN}), HTTP], ("routeKey",)),
    },
    skipped={
        "preflight": [changed(ROUTE, {"routeKey": "OPTIONS /orders", "authorizationType": "NONE"}), HTTP],
        "health": [changed(ROUTE, {"routeKey": "GET /health", "authorizationType": "NONE"}), HTTP],
        "message": of_socket("sendmessage"),
        "other message": of_socket("$default"),
    },
)

JWT = made(
    "aws:apigatewayv2/authorizer:Authorizer",
    authorizerType="JWT",
    jwtConfiguration={"issuer": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a", "audiences": ["client"]},
)
FUNCTION = made("aws:apigateway/authorizer:Authorizer", type="TOKEN", authorizerUri=UNKNOWN)
ISSUER = Cases(
    rule="api-authorizer-names-issuer",
    good={"pool": [AUTHORIZER], "token": [JWT], "function": [FUNCTION]},
    bad={
        "no pool": ([changed(AUTHORIZER, {"providerArns": []})], ("providerArns",)),
        "no function": ([changed(FUNCTION, {"authorizerUri": GONE})], ("authorizerUri",)),
        "no issuer": ([changed(JWT, {"jwtConfiguration.issuer": GONE})], ("jwtConfiguration.issuer",)),
        "no TLS": (
            [changed(JWT, {"jwtConfiguration.issuer": "http://login.example.com"})],
            ("jwtConfiguration.issuer",),
        ),
        "no audience": ([changed(JWT, {"jwtConfiguration.audiences": []})], ("jwtConfiguration.audiences",)),
        "any audience": ([changed(JWT, {"jwtConfiguration.audiences": ["*"]})], ("jwtConfiguration.audiences",)),
    },
    unknown={
        "type": ([changed(AUTHORIZER, {"type": UNKNOWN})], ("type",)),
        "issuer": ([changed(JWT, {"jwtConfiguration.issuer": UNKNOWN})], ("jwtConfiguration.issuer",)),
    },
    always=True,
)

KNOWN_POOL = changed(POOL, {"arn": "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_a"})
STRANGER = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_b"
OWN_POOL = Cases(
    rule="api-authorizer-is-of-stack",
    good={
        "not known yet": [AUTHORIZER, POOL],
        "known": [changed(AUTHORIZER, {"providerArns": [KNOWN_POOL.inputs["arn"]]}), KNOWN_POOL],
    },
    bad={
        "another": ([changed(AUTHORIZER, {"providerArns": [STRANGER]}), KNOWN_POOL], ("providerArns",)),
        "besides": (
            [changed(AUTHORIZER, {"providerArns": [KNOWN_POOL.inputs["arn"], STRANGER]}), KNOWN_POOL],
            ("providerArns",),
        ),
        "no reference": (
            [made(AUTHORIZER.type, type="COGNITO_USER_POOLS", providerArns=[STRANGER]), POOL],
            ("providerArns",),
        ),
        "none": ([changed(AUTHORIZER, {"providerArns": []}), KNOWN_POOL], ("providerArns",)),
    },
    unknown={
        "of which pool": (
            [made(AUTHORIZER.type, type="COGNITO_USER_POOLS", providerArns=UNKNOWN), POOL],
            ("providerArns",),
        )
    },
    skipped={"no pool": [AUTHORIZER], "function": [FUNCTION, POOL]},
)

CLOSED = changed(API, {"disableExecuteApiEndpoint": True})
DOMAIN = made("aws:apigateway/basePathMapping:BasePathMapping", "domain", refers={"restApi": API})
V2_DOMAIN = made("aws:apigatewayv2/apiMapping:ApiMapping", "domain", refers={"apiId": HTTP})
STAGE = made("aws:apigateway/stage:Stage", "stage", refers={"restApi": API})
STAGED = made("aws:apigateway/basePathMapping:BasePathMapping", "domain", refers={"restApi": STAGE})
FLAG = ("disableExecuteApiEndpoint",)
OWN_DOMAIN = Cases(
    rule="api-only-by-own-domain",
    good={"closed": [CLOSED, DOMAIN], "HTTP": [changed(HTTP, {FLAG[0]: True}), V2_DOMAIN]},
    bad={
        "not set": ([API, DOMAIN], FLAG),
        "by what its stage gives": ([API, STAGED, STAGE], FLAG),
        "false": ([changed(API, {FLAG[0]: False}), DOMAIN], FLAG),
        "HTTP": ([HTTP, V2_DOMAIN], FLAG),
    },
    unknown={"flag": ([changed(API, {FLAG[0]: UNKNOWN}), DOMAIN], FLAG)},
    skipped={"no domain": [API], "a WebSocket beside it": [HTTP, STAGED, STAGE, API]},
)

CASES: list[Cases] = [METHODS, USES_COGNITO, ROUTES, ISSUER, OWN_POOL, OWN_DOMAIN]
