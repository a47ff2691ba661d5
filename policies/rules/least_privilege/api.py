"""APIs: which routes answer without a login, and whom the authorizers believe."""

from __future__ import annotations

from fnmatch import fnmatchcase

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check,
    check_set,
    check_true,
    check_word,
    fail,
    kind_of,
    rule,
    unknown,
    word_or_other,
)

_API = "https://docs.aws.amazon.com/apigateway/latest/developerguide"
METHOD = "aws:apigateway/method:Method"
RESOURCE = "aws:apigateway/resource:Resource"
USER_POOL = "aws:cognito/userPool:UserPool"
_ROUTE = "aws:apigatewayv2/route:Route"
_V2_API = "aws:apigatewayv2/api:Api"
_KINDS = ("COGNITO_USER_POOLS", "AWS_IAM", "CUSTOM", "JWT", "NONE")
_WITH_AUTHORIZER = ("COGNITO_USER_POOLS", "CUSTOM", "JWT")
# A browser asks what it may send before it sends anything, and without credentials.
_PREFLIGHT = "OPTIONS"
_OPEN = {"open_routes": ["GET /health", "HEAD /health"]}


def _route_of(view: View) -> str:
    """Return a method's path such as `/orders/{id}`, "" where it is not known."""
    segments: list[str] = []
    step, path = view, "resourceId"
    while len(segments) < 30:
        above = [each for each in view.of_type(RESOURCE) if step.refers_to(path, each) is True]
        if len(above) != 1:
            known = _is_root(step, path)
            return "/" + "/".join(reversed(segments)) if known else ""
        part = above[0].get("pathPart")
        if not isinstance(part, str):
            return ""
        segments.append(part)
        step, path = above[0], "parentId"
    return ""


def _is_root(view: View, path: str) -> bool:
    """Say whether a property is the root of the API: it comes from the API itself, or from no resource of the stack."""
    leads_to = view.resource.property_dependencies.get(path, ())
    return not any(f"{RESOURCE}::" in urn for urn in leads_to)


def _may_be_open(view: View, verb: str, route: str) -> bool:
    return any(fnmatchcase(f"{verb} {route}", str(pattern)) for pattern in view.parameters["open_routes"])


@rule(
    "LP-090",
    "api-method-is-authorized",
    pack="least_privilege",
    types=(METHOD,),
    severity="high",
    scope="stack",
    rationale="A method without authorization answers whoever finds the address; an API key only counts requests.",
    url=f"{_API}/apigateway-control-access-to-api.html",
    remediation='Set authorization, such as "COGNITO_USER_POOLS" with authorizer_id; `open_routes` names what is open.',
    controls=("APIGateway.8", "CKV_AWS_59", "AwsSolutions-APIG4"),
    criteria=("TRADING-07.0", "TRADING-16.0"),
    parameters={**_OPEN, "api_keys": False},
)
def method(view: View) -> Outcome:
    """Where `api_keys` is true, a method may ask for an API key instead: then that must be asked for."""
    verb = view.get("httpMethod")
    if isinstance(verb, str) and verb.upper() == _PREFLIGHT:
        return NOT_APPLICABLE
    kind = view.get("authorization", "NONE")
    if kind is UNKNOWN:
        return unknown("authorization", "an authorization")
    if isinstance(kind, str) and kind.upper() in _KINDS and kind.upper() != "NONE":
        with_authorizer = kind.upper() in _WITH_AUTHORIZER
        return check_set(view, "authorizerId", "the authorizer's id") if with_authorizer else PASS
    if verb is UNKNOWN:
        return unknown("httpMethod", _PREFLIGHT)
    route = _route_of(view)
    if route and _may_be_open(view, str(verb).upper(), route):
        return NOT_APPLICABLE
    if view.parameters["api_keys"]:
        return check_true(view, "apiKeyRequired")
    return fail("authorization", word_or_other(kind, _KINDS), "an authorization")


@rule(
    "LP-091",
    "api-method-uses-cognito",
    pack="least_privilege",
    types=(METHOD,),
    severity="high",
    scope="stack",
    rationale="Where users sign in by a pool, its tokens say who calls, and of which tenant, on each route alike.",
    url=f"{_API}/apigateway-integrate-with-cognito.html",
    remediation='Set authorization="COGNITO_USER_POOLS" with the authorizer of the user pool.',
    controls=("AwsSolutions-COG4",),
    criteria=("TRADING-07.0",),
    parameters={"authorization": "COGNITO_USER_POOLS"},
)
def cognito(view: View) -> Outcome:
    """Only for stacks with a user pool; methods that anybody may call are for api-method-is-authorized to judge."""
    kind = view.get("authorization", "NONE")
    if not view.of_type(USER_POOL) or (isinstance(kind, str) and kind.upper() == "NONE"):
        return NOT_APPLICABLE
    wanted = str(view.parameters["authorization"])
    chosen = check_word(view, "authorization", (wanted,), known=_KINDS)
    return all_of([chosen, _authorizer(view, wanted)])


def _authorizer(view: View, wanted: str) -> Outcome:
    """Judge that the authorizer which a method names, where it is one of the stack, is of the wanted kind."""
    authorizers = view.of_type(_AUTHORIZER)
    named = [each for each in authorizers if view.refers_to("authorizerId", each)]
    if authorizers and isinstance(view.get("authorizerId"), str) and view.is_set("authorizerId") and not named:
        return fail("authorizerId", "an authorizer of nobody in the stack", "an authorizer of the stack")
    if wanted != "COGNITO_USER_POOLS":
        return PASS
    kinds = [each.get("type", "TOKEN") for each in named]
    if any(kind is not UNKNOWN and str(kind).upper() != wanted for kind in kinds):
        return fail("authorizerId", "an authorizer of another type", f"one of type {wanted}")
    return unknown("authorizerId", f"one of type {wanted}") if UNKNOWN in kinds else PASS


@rule(
    "LP-092",
    "api-route-is-authorized",
    pack="least_privilege",
    types=(_ROUTE,),
    severity="medium",
    scope="stack",
    rationale="A route without authorization answers whoever finds the address of the API.",
    url=f"{_API}/http-api-access-control.html",
    remediation='Set authorization_type="JWT" with authorizer_id, or "AWS_IAM"; `open_routes` names what is open.',
    controls=("APIGateway.8", "CKV_AWS_309", "AwsSolutions-APIG4"),
    parameters=_OPEN,
)
def route(view: View) -> Outcome:
    """Of a WebSocket API only `$connect` can have an authorization: later messages come over its connection."""
    key = view.get("routeKey")
    if not isinstance(key, str):
        return unknown("routeKey", "the route") if key is UNKNOWN else fail("routeKey", kind_of(key), "a route")
    verb, _, path = key.partition(" ")
    if verb.upper() == _PREFLIGHT or _may_be_open(view, verb.upper(), path):
        return NOT_APPLICABLE
    if not path and key != "$connect" and (key != "$default" or _websocket(view)):
        return NOT_APPLICABLE
    kind = check_word(view, "authorizationType", ("JWT", "AWS_IAM", "CUSTOM"), default="NONE", known=("NONE",))
    chosen = view.get("authorizationType")
    if isinstance(chosen, str) and chosen.upper() in _WITH_AUTHORIZER:
        return all_of([kind, check_set(view, "authorizerId", "the authorizer's id")])
    return kind


def _websocket(view: View) -> bool:
    """Say whether a route is of a WebSocket API. One whose API is not known is taken for HTTP, which is stricter."""
    return any(
        view.refers_to("apiId", each) and str(each.get("protocolType")).upper() == "WEBSOCKET"
        for each in view.of_type(_V2_API)
    )


_AUTHORIZER = "aws:apigateway/authorizer:Authorizer"
_V2_AUTHORIZER = "aws:apigatewayv2/authorizer:Authorizer"


@rule(
    "LP-093",
    "api-authorizer-names-issuer",
    pack="least_privilege",
    types=(_AUTHORIZER, _V2_AUTHORIZER),
    severity="high",
    rationale="An authorizer believes whom it names: without a pool, or an audience, tokens made for others pass.",
    url=f"{_API}/apigateway-enable-cognito-user-pool.html",
    remediation="Set provider_arns to the user pool; for JWT set issuer and audiences, for CUSTOM the function's URI.",
    controls=("AwsSolutions-COG4", "APIGateway.8"),
    criteria=("TRADING-07.0",),
)
def issuer(view: View) -> Outcome:
    kind = view.get("type" if view.type == _AUTHORIZER else "authorizerType", "TOKEN")
    if kind is UNKNOWN:
        return unknown("type", "a type of authorizer")
    if str(kind).upper() == "COGNITO_USER_POOLS":
        return check_set(view, "providerArns", "the user pool's ARN")
    if str(kind).upper() != "JWT":
        return check_set(view, "authorizerUri", "the address of the function that decides")
    issuer_ = check(view, "jwtConfiguration.issuer", lambda url: url.startswith("https://"), "an https address")
    audiences = view.items("jwtConfiguration.audiences")
    path = "jwtConfiguration.audiences"
    named = audiences is None or (audiences and all(each not in ("", "*", None) for each in audiences))
    return all_of([issuer_, PASS if named else fail(path, "nobody named", "the audience of the tokens")])


@rule(
    "LP-094",
    "api-authorizer-is-of-stack",
    pack="least_privilege",
    types=(_AUTHORIZER,),
    severity="medium",
    scope="stack",
    rationale="The users of another pool are not the application's.",
    url=f"{_API}/apigateway-enable-cognito-user-pool.html",
    remediation="Set provider_arns to the ARN of the stack's user pool.",
    controls=("AwsSolutions-COG4",),
    criteria=("TRADING-07.0",),
)
def own_pool(view: View) -> Outcome:
    """Only for stacks with a user pool, whose API could ask it."""
    pools, given = view.of_type(USER_POOL), view.items("providerArns")
    if not pools or str(view.get("type", "TOKEN")).upper() != "COGNITO_USER_POOLS":
        return NOT_APPLICABLE
    expected = "the stack's user pool"
    leads_to = view.resource.property_dependencies.get("providerArns", ())
    linked = any(each.resource.urn in leads_to for each in pools)
    arns = [arn for each in pools for arn in (each.resource.outputs.get("arn"), each.get("arn"))]
    own = [arn for arn in arns if isinstance(arn, str)]
    if given is None or any(each is UNKNOWN for each in given):
        return PASS if linked else unknown("providerArns", expected)
    theirs = bool(given) and (linked if not own else all(each in own for each in given))
    return PASS if theirs else fail("providerArns", "another pool, or none", expected)


_REST_API = "aws:apigateway/restApi:RestApi"
# What may lead from a domain to an API of a type: both to a REST API, an ApiMapping alone to the others.
_BY_PATH = ("aws:apigateway/basePathMapping:BasePathMapping", "restApi")
_BY_API = ("aws:apigatewayv2/apiMapping:ApiMapping", "apiId")
_MAPPINGS = {_REST_API: (_BY_PATH, _BY_API), _V2_API: (_BY_API,)}


@rule(
    "LP-095",
    "api-only-by-own-domain",
    pack="least_privilege",
    types=(_REST_API, _V2_API),
    severity="medium",
    scope="stack",
    rationale="The address that AWS gives an API goes round whatever stands before the application's own domain.",
    url=f"{_API}/rest-api-disable-default-endpoint.html",
    remediation="Set disable_execute_api_endpoint=True on an API that has a domain name.",
    level="open",
    criteria=("TRADING-07.8a",),
)
def own_domain(view: View) -> Outcome:
    mapped = [each for type_, path in _MAPPINGS[view.type] for each in view.of_type(type_) if _maps(each, path, view)]
    return check_true(view, "disableExecuteApiEndpoint") if mapped else NOT_APPLICABLE


def _maps(mapping: View, path: str, api: View) -> bool:
    """Say whether a domain leads to an API, by itself or by what the API's stage gives. In doubt it does."""
    return mapping.refers_to(path, api) is not False
