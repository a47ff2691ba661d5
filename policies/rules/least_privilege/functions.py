"""Functions: who may invoke them, over which addresses, and whose code they run."""

from __future__ import annotations

import re

from plumbline.graph import UNKNOWN
from policies.rules.least_privilege.actions import has_wildcard, service_name
from policies.rules.least_privilege.sharing import LAYER_PERMISSION, PERMISSION, any_account, named_account
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check_set,
    check_word,
    fail,
    kind_of,
    rule,
    unknown,
)

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg"
_FUNCTION = "aws:lambda/function:Function"
_FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl"
_SIGNING = "aws:lambda/codeSigningConfig:CodeSigningConfig"


def _organisation(view: View, path: str) -> Outcome:
    """Judge whether a property limits everybody to an organisation."""
    value = view.get(path)
    if value is UNKNOWN:
        return PASS
    return PASS if isinstance(value, str) and value.startswith("o-") else fail("principal", "*", "named principals")


@rule(
    "LP-080",
    "lambda-permission-not-public",
    pack="least_privilege",
    types=(PERMISSION, LAYER_PERMISSION),
    severity="critical",
    rationale="A function that everybody may invoke does its work, and spends its owner's money, for everybody.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html#lambda-1",
    remediation="Name the service or account as principal; for S3, whose ARNs have no account, set source_account too.",
    controls=("Lambda.1", "CKV_AWS_301"),
    criteria=("TRADING-16.0",),
)
def public(view: View) -> Outcome:
    principal = view.get("principal")
    if principal is UNKNOWN:
        return unknown("principal", "named principals")
    if not isinstance(principal, str) or not principal:
        return fail("principal", kind_of(principal), "named principals")
    if has_wildcard(principal):
        of = "organizationId" if view.type == LAYER_PERMISSION else "principalOrgId"
        return _organisation(view, of) if principal == "*" else fail("principal", principal, "named principals")
    if service_name(principal) == "s3.amazonaws.com" and view.type == PERMISSION:
        return check_set(view, "sourceAccount", "the account of the bucket")
    return PASS


@rule(
    "LP-081",
    "lambda-permission-names-source",
    pack="least_privilege",
    types=(PERMISSION,),
    severity="high",
    rationale="A service acts for all of its customers: without the source, anybody's API may invoke a function.",
    url=f"{_LAMBDA}/permissions-function-services.html",
    remediation="Set source_arn to the ARN of what invokes the function, and source_account where that has no account.",
    controls=("CKV_AWS_364", "aws-lambda-permission-configure-source-arn"),
    criteria=("TRADING-16.0",),
    parameters={"without_arn": ["secretsmanager.amazonaws.com", "config.amazonaws.com"]},
)
def source(view: View) -> Outcome:
    """`without_arn` are services that are limited by the account, since what they act for has no ARN or many."""
    principal = view.get("principal")
    if principal is UNKNOWN:
        return unknown("principal", "a service's name")
    if not isinstance(principal, str) or not re.search(r"\.(amazonaws|amazon)\.com", principal):
        return NOT_APPLICABLE
    if view.is_set("eventSourceToken"):
        return PASS  # the Alexa skill that may invoke
    arn, by_account = view.get("sourceArn"), _source_account(view)
    if arn is None or arn == "":
        alone = service_name(principal) in {service_name(str(each)) for each in view.parameters["without_arn"]}
        if not alone:
            return fail("sourceArn", "not set", "the ARN of what invokes the function")
        return by_account
    if arn is UNKNOWN or (isinstance(arn, str) and named_account(arn)):
        return PASS
    if not isinstance(arn, str) or (any_account(arn) and by_account.word == "pass"):
        return fail("sourceArn", "a pattern for any account", "the ARN of what invokes the function")
    return by_account  # the ARN of a bucket has no account in it


def _source_account(view: View) -> Outcome:
    value = view.get("sourceAccount")
    good = value is UNKNOWN or (isinstance(value, str) and named_account(value) == value and value != "")
    return PASS if good else fail("sourceAccount", kind_of(value), "an account")


_INVOKE = ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "lambda:InvokeAsync", "lambda:GetLayerVersion"]


@rule(
    "LP-082",
    "lambda-permission-only-invokes",
    pack="least_privilege",
    types=(PERMISSION, LAYER_PERMISSION),
    severity="high",
    rationale="Others may run a function; to read, change or share it is for the people who deploy it.",
    url=f"{_LAMBDA}/access-control-resource-based.html",
    remediation='Set action="lambda:InvokeFunction".',
    controls=("Lambda.1", "CKV_AWS_301"),
    criteria=("TRADING-11.6", "TRADING-16.0"),
    parameters={"actions": _INVOKE},
)
def invokes(view: View) -> Outcome:
    expected = "an action that invokes"
    value = view.get("action")
    if value is UNKNOWN:
        return unknown("action", expected)
    allowed = {str(each).lower() for each in view.parameters["actions"]}
    if isinstance(value, str) and value.lower() in allowed:
        return PASS
    shown = isinstance(value, str) and re.fullmatch(r"\*|[a-z0-9-]+:[a-z*?]+", value, re.IGNORECASE)
    return fail("action", value if shown else kind_of(value), expected)


@rule(
    "LP-083",
    "lambda-url-requires-iam",
    pack="least_privilege",
    types=(_FUNCTION_URL,),
    severity="high",
    rationale="A function's address without authorization answers the whole internet, past gateway and firewall.",
    url=f"{_LAMBDA}/urls-auth.html",
    remediation='Set authorization_type="AWS_IAM".',
    controls=("CKV_AWS_258", "Serverless-LambdaFunctionUrlAuth"),
)
def url_auth(view: View) -> Outcome:
    return check_word(view, "authorizationType", ("AWS_IAM",), known=("NONE",))


@rule(
    "LP-084",
    "lambda-url-cors-names-origins",
    pack="least_privilege",
    types=(_FUNCTION_URL,),
    severity="high",
    rationale="Any page could call the function from its visitors' browsers, with their credentials.",
    url=f"{_LAMBDA}/urls-configuration.html#urls-cors",
    remediation="List the https origins of the application's pages in cors.allow_origins.",
    controls=("CKV2_AWS_75",),
    criteria=("TRADING-07.3",),
)
def url_cors(view: View) -> Outcome:
    path, expected = "cors.allowOrigins", "named https origins"
    given = view.items(path)
    if given is None:
        return unknown(path, expected)
    if view.get("cors") is None:
        return NOT_APPLICABLE
    outcomes = [PASS]
    for number, origin in enumerate(given):
        if origin is UNKNOWN:
            outcomes.append(unknown(f"{path}.{number}", expected))
        elif not isinstance(origin, str) or has_wildcard(origin) or not origin.lower().startswith("https://"):
            found = "*" if origin == "*" else "a pattern, or no https origin"
            outcomes.append(fail(f"{path}.{number}", found, expected))
    return all_of(outcomes)


@rule(
    "LP-085",
    "lambda-code-is-signed",
    pack="least_privilege",
    types=(_FUNCTION, _SIGNING),
    severity="medium",
    level="open",
    rationale="Only code that the pipeline signed can then be deployed, whoever else may update a function.",
    url=f"{_LAMBDA}/configuration-codesigning.html",
    remediation='Set code_signing_config_arn; in the config, policies.untrusted_artifact_on_deployment="Enforce".',
    controls=("CKV_AWS_272",),
    parameters={"functions": True},
)
def signed(view: View) -> Outcome:
    """Without the parameter `functions`, only configs are judged: those that there are must refuse what is unsigned."""
    if view.type == _SIGNING:
        return check_word(
            view, "policies.untrustedArtifactOnDeployment", ("Enforce",), default="Warn", known=("Warn", "Enforce")
        )
    package = view.get("packageType")
    if view.parameters["functions"] is not True or (isinstance(package, str) and package.lower() == "image"):
        return NOT_APPLICABLE  # an image's signature is for its repository
    return check_set(view, "codeSigningConfigArn", "a code signing config")
