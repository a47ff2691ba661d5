"""APIs: what they let through: checked requests, at a limited rate, by a chosen kind of address."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.encryption.keys import places
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
    rule,
    unknown,
)

_API = "https://docs.aws.amazon.com/apigateway/latest/developerguide"
_METHOD = "aws:apigateway/method:Method"
_VALIDATOR = "aws:apigateway/requestValidator:RequestValidator"
_STAGE = "aws:apigateway/stage:Stage"
_SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
_V2_STAGE = "aws:apigatewayv2/stage:Stage"
_WITH_BODY = ("POST", "PUT", "PATCH")


@rule(
    "OP-100",
    "api-method-validates-requests",
    pack="operations",
    types=(_METHOD,),
    severity="medium",
    rationale="What the API refuses by itself costs nothing, and no function has to expect it.",
    url=f"{_API}/api-gateway-method-request-validation.html",
    remediation="Set request_validator_id, and request_models where the method takes a body.",
    controls=("AwsSolutions-APIG2", "CKV2_AWS_53"),
    criteria=("TRADING-07.4",),
)
def validates(view: View) -> Outcome:
    """Browsers ask with OPTIONS, which has nothing to check. Without a model a validator looks at no body."""
    verb = view.get("httpMethod")
    if isinstance(verb, str) and verb.upper() == "OPTIONS":
        return NOT_APPLICABLE
    outcomes = [check_set(view, "requestValidatorId", "a request validator")]
    if verb is UNKNOWN:
        outcomes.append(unknown("httpMethod", "the method"))
    elif str(verb).upper() in _WITH_BODY:
        outcomes.append(check_set(view, "requestModels", "a model of the body"))
    return all_of(outcomes)


@rule(
    "OP-101",
    "api-validator-checks-everything",
    pack="operations",
    types=(_VALIDATOR,),
    severity="medium",
    rationale="A validator that checks neither bodies nor parameters is a name only.",
    url=f"{_API}/api-gateway-method-request-validation.html",
    remediation="Set validate_request_body and validate_request_parameters to True.",
    controls=("AwsSolutions-APIG2", "CKV2_AWS_53"),
    criteria=("TRADING-07.4",),
)
def validator(view: View) -> Outcome:
    return all_of([check_true(view, "validateRequestBody"), check_true(view, "validateRequestParameters")])


@rule(
    "OP-102",
    "api-stage-is-throttled",
    pack="operations",
    types=(_STAGE,),
    severity="medium",
    scope="stack",
    rationale="Without limits of its own an API takes all that the account has, from the others and from the bill.",
    url=f"{_API}/api-gateway-request-throttling.html",
    remediation='Add aws.apigateway.MethodSettings for the stage with method_path="*/*" and both throttling limits.',
    controls=("Serverless-APIGWDefaultThrottling",),
    criteria=("TRADING-07.6a", "TRADING-07.6b", "AGENTIC-05.2b"),
)
def stage_throttled(view: View) -> Outcome:
    """The limits themselves are judged where they are."""
    expected = 'settings for "*/*" with limits'
    certain, maybe = False, False
    for settings in view.of_type(_SETTINGS):
        path = settings.get("methodPath")
        belongs = _belongs(settings, view)
        if belongs is False or (path is not UNKNOWN and path != "*/*"):
            continue
        certain = certain or (belongs is True and path is not UNKNOWN)
        maybe = True
    if certain:
        return PASS
    return unknown("", expected) if maybe else fail("", "none", expected)


def _belongs(settings: View, stage: View) -> bool | None:
    """Say whether settings are a stage's, None where it is not known."""
    if any(settings.refers_to(path, stage) for path in ("restApi", "stageName")):
        return True
    named = [(settings.get(path), stage.get(path)) for path in ("restApi", "stageName")]
    if any(UNKNOWN not in pair and pair[0] != pair[1] for pair in named):
        return False
    apis = [set(each.resource.property_dependencies.get("restApi", ())) for each in (settings, stage)]
    if apis[0] and apis[0] == apis[1]:
        return None if any(UNKNOWN in pair for pair in named[1:]) else True
    if stage.resource.urn in apis[0]:
        return True
    return None if any(UNKNOWN in pair for pair in named) and not (apis[0] and apis[1]) else not (apis[0] and apis[1])


@rule(
    "OP-103",
    "api-throttling-limits-are-chosen",
    pack="operations",
    types=(_SETTINGS, _V2_STAGE),
    severity="medium",
    rationale="Limits left out are those of the whole account, which one API should not use up; -1 means none at all.",
    url=f"{_API}/api-gateway-request-throttling.html",
    remediation="Set throttling_rate_limit and throttling_burst_limit to numbers above 0.",
    controls=("Serverless-APIGWDefaultThrottling",),
    criteria=("TRADING-07.6a", "TRADING-07.6b", "AGENTIC-05.2b"),
    parameters={"most_rate": 10_000, "most_burst": 10_000},
)
def limits(view: View) -> Outcome:
    """`most_rate` requests a second and `most_burst` at once are the highest limits that may be chosen."""
    if view.type == _SETTINGS:
        bases = ["settings"]
    else:
        routes = places(view, "routeSettings")
        if routes is None:
            return unknown("routeSettings", "limits above 0")
        bases = ["defaultRouteSettings", *routes]
    return all_of(
        _limit(view, f"{base}.throttling{kind}Limit", float(view.parameters[most]))
        for base in bases
        for kind, most in (("Rate", "most_rate"), ("Burst", "most_burst"))
    )


def _limit(view: View, path: str, most: float) -> Outcome:
    return check(view, path, lambda value: 0 < float(value) <= most, f"above 0, at most {most:g}")


@rule(
    "OP-105",
    "usage-plan-limits-clients",
    pack="operations",
    types=("aws:apigateway/usagePlan:UsagePlan",),
    severity="medium",
    rationale="A plan without limits gives one client's key all that the API can do, and its cost.",
    url=f"{_API}/api-gateway-api-usage-plans.html",
    remediation="Set throttle_settings and quota_settings with limits above 0.",
    controls=("Serverless-APIGWDefaultThrottling",),
    criteria=("AGENTIC-07.2",),
    parameters={"most_rate": 10_000, "most_burst": 10_000, "most_quota": 100_000_000},
)
def plan(view: View) -> Outcome:
    limits = ("throttleSettings.rateLimit", "throttleSettings.burstLimit", "quotaSettings.limit")
    most = ("most_rate", "most_burst", "most_quota")
    return all_of(_limit(view, path, float(view.parameters[name])) for path, name in zip(limits, most, strict=True))


@rule(
    "OP-104",
    "api-endpoint-type-is-allowed",
    pack="operations",
    types=("aws:apigateway/restApi:RestApi",),
    severity="low",
    rationale="An edge-optimized API, the default, brings a distribution that nobody can set up or read logs of.",
    url=f"{_API}/api-gateway-api-endpoint-types.html",
    remediation='Set endpoint_configuration={"types": "REGIONAL"}, or "PRIVATE" for an API of a VPC.',
    controls=("apigateway-endpoint-type",),
    criteria=("TRADING-07.1",),
    parameters={"types": ["REGIONAL", "PRIVATE"]},
)
def endpoint_type(view: View) -> Outcome:
    allowed = [str(each) for each in view.parameters["types"]]
    kinds = places(view, "endpointConfiguration.types")
    expected = " or ".join(allowed)
    if kinds is None:
        return unknown("endpointConfiguration.types", expected)
    if not kinds:
        return fail("endpointConfiguration.types", "not set, which is EDGE", expected)
    return all_of(check_word(view, path, allowed, known=("EDGE", "REGIONAL", "PRIVATE")) for path in kinds)
