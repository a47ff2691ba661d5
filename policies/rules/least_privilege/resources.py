"""On which resources an identity's policies allow what they allow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.rules.documents import Statement
from policies.rules.least_privilege.actions import (
    ANY_NAME,
    Action,
    account,
    bare_star,
    has_wildcard,
    known,
    named,
    reaches_all,
    strangers,
)
from policies.rules.least_privilege.identity import INTERFACES, everything
from policies.rules.least_privilege.statements import IAM, TYPES, each_allowing, is_named, narrowed, several
from policies.rules.model import NOT_APPLICABLE, Outcome, View, fail, rule

_URL = f"{IAM}/reference_policies_elements_resource.html"
# Composite alarms are only found by whoever may describe all alarms.
UNSCOPED = (*INTERFACES, "cloudwatch:DescribeAlarms", "cloudwatch:PutCompositeAlarm")
# What has no name of its own: AWS makes the ids.
NAMELESS = ("application-autoscaling:scalable-target/*",)
# The same, of what a stack makes: only whoever makes it cannot name it.
MADE_LATER = (
    "apigateway:/apis/*/authorizers",
    "apigateway:/apis/*/authorizers/*",
    "apigateway:/apis/*/integrations",
    "apigateway:/apis/*/integrations/*",
    "apigateway:/apis/*/integrations/*/integrationresponses",
    "apigateway:/apis/*/integrations/*/integrationresponses/*",
    "apigateway:/apis/*/routes",
    "apigateway:/apis/*/routes/*",
    "apigateway:/apis/*/routes/*/requestparameters/*",
    "apigateway:/apis/*/routes/*/routeresponses",
    "apigateway:/apis/*/routes/*/routeresponses/*",
    "apigateway:/apis/*/stages",
    "apigateway:/apis/*/stages/*/cache/authorizers",
    "apigateway:/restapis/*/stages/*",
    "cloudfront:cache-policy/*",
    "cloudfront:origin-access-control/*",
    "cloudfront:response-headers-policy/*",
    "ec2:security-group-rule/*",
    "route53:change/*",
    "route53:healthcheck/*",
    "route53:hostedzone/*",
)


# What takes no resource, but a condition on what it is about: cloudwatch:namespace.
BY_CONDITION = ("cloudwatch:putmetricdata",)


def _limitable(pattern: str) -> list[Action]:
    """Return the actions of a pattern that can be limited to resources, or by a condition to the like of them.

    Most descriptions of EC2, for example, can be limited to nothing: who describes everything there needs the star.
    """
    found = known(pattern)
    limitable = [action for action in found if action.reaches or action.key in BY_CONDITION]
    describing = has_wildcard(pattern) and pattern.partition(":")[2].startswith("describe")
    return [] if describing and 2 * len(limitable) < len(found) else limitable


@rule(
    "LP-006",
    "iam-policy-names-resources",
    pack="least_privilege",
    types=TYPES,
    severity="medium",
    rationale="On every resource, one mistake in one component reaches the data of all others.",
    url=_URL,
    remediation="Name the ARNs in resources, or ask for a tag or alias of the resource in a condition.",
    controls=("CKV_AWS_355", "CKV_AWS_290", "AwsSolutions-IAM5"),
    criteria=("TRADING-06.6", "TRADING-16.4", "TRADING-16.5", "TRADING-16.6"),
    parameters={"unscoped": list(UNSCOPED)},
)
def resources(view: View) -> Outcome:
    """Actions that can be limited to nothing are left alone, as are those of the parameter `unscoped`."""
    unscoped = {action.lower() for action in view.parameters["unscoped"]}

    def judge(statement: Statement) -> Iterator[Outcome]:
        if not statement.any_resource:
            return
        if any(everything(pattern) for pattern in statement.actions):
            found = ["every action"]
        else:
            found = [
                action.name
                for pattern in statement.actions
                for action in _limitable(pattern)
                if action.key not in unscoped and not narrowed(statement, action)
            ]
            found += [pattern for pattern in strangers(statement.actions) if pattern not in unscoped]
        if found:
            yield fail(f"{statement.path}.Resource", f"{several(found)} on every resource", "the ARNs of the resources")

    return each_allowing(view, "the ARNs of the resources", judge)


@rule(
    "LP-007",
    "iam-policy-names-more-than-a-kind",
    pack="least_privilege",
    types=TYPES,
    severity="medium",
    rationale="An ARN that ends in a bare star, such as table/*, is every resource of its kind: the star in disguise.",
    url=_URL,
    remediation="Name the resource in the ARN, at least its prefix, or ask for a tag or alias in a condition.",
    controls=("CKV_AWS_355", "CKV_AWS_290", "AwsSolutions-IAM5"),
    criteria=("TRADING-06.6", "TRADING-16.4", "TRADING-16.5", "TRADING-16.6"),
    parameters={
        "nameless": list(NAMELESS),
        "unscoped": list(UNSCOPED),
        "deployers": [],
        "made_later": list(MADE_LATER),
    },
)
def kinds(view: View) -> Outcome:
    """Kinds of the parameter `nameless` have no names that a policy could hold before they are made.

    For policies whose names are in `deployers`, those of `made_later` are among them.
    """
    later = view.parameters["made_later"] if is_named(view, "deployers") else []
    nameless = {kind.replace("*", ANY_NAME) for kind in (*view.parameters["nameless"], *later)}
    unscoped = {action.lower() for action in view.parameters["unscoped"]}

    def judge(statement: Statement) -> Iterator[Outcome]:
        for number, resource in enumerate(statement.resources):
            if bare_star(resource) or not has_wildcard(resource) or account(resource) == "aws":
                continue
            found = [
                action.name
                for action in named(statement.actions)
                if action.key not in unscoped
                and any(reach not in nameless and reaches_all(resource, reach) for reach in action.reaches)
                and not narrowed(statement, action)
            ]
            if found:
                yield fail(
                    f"{statement.path}.Resource[{number}]",
                    f"{several(found)} on {resource}",
                    "an ARN with a part of the name",
                )

    return each_allowing(view, "ARNs with a part of the name", judge)


# Kinds whose resources a stack names itself: up to what sign the name goes, where something of the resource follows.
NAMED_KINDS = {
    "dynamodb:table/": "/",
    "ecr:repository/": "",
    "events:event-bus/": "",
    "firehose:deliverystream/": "",
    "iam:role/": "",
    "kinesis:stream/": "/",
    "lambda:function:": ":",
    "logs:log-group:": ":",
    "s3:": "/",
    "secretsmanager:secret:": "",
    "sns:": "",
    "sqs:": "",
    "states:stateMachine:": "",
    "timestream:database/": "/",
    "timestream:database/*/table/": "",
}
# Secrets Manager ends a secret's ARN with six characters of its own.
_OF_A_SECRET = re.compile(r"-\?{6}$")


@rule(
    "LP-015",
    "iam-policy-names-resources-in-full",
    pack="least_privilege",
    types=TYPES,
    severity="medium",
    rationale="A prefix grants what others of that prefix hold, today's and tomorrow's: rights are given one by one.",
    url=_URL,
    remediation="Write one ARN for each table, bucket, secret, queue or function, taken from the resource itself.",
    controls=("AwsSolutions-IAM5",),
    criteria=("TRADING-16.4", "TRADING-16.5", "TRADING-16.6", "TRADING-11.6"),
    parameters={"deployers": []},
)
def full_names(view: View) -> Outcome:
    """Policies whose names are in `deployers` are about resources that are still to be made, and may use prefixes."""
    if is_named(view, "deployers"):
        return NOT_APPLICABLE

    def judge(statement: Statement) -> Iterator[Outcome]:
        for number, resource in enumerate(statement.resources):
            if not has_wildcard(resource) or bare_star(resource) or account(resource) == "aws":
                continue
            found = [
                action for action in named(statement.actions) if action.reaches and not narrowed(statement, action)
            ]
            if found and _open_name(resource):
                path = f"{statement.path}.Resource[{number}]"
                yield fail(path, f"{several(each.name for each in found)} on {resource}", "the whole name")

    return each_allowing(view, "whole names", judge)


def _open_name(resource: str) -> bool:
    """Say whether the name in an ARN of a kind that the stack names itself has a wildcard."""
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return True
    if has_wildcard(parts[3]) or has_wildcard(parts[4]):
        return True  # of every region, or of every account
    text = f"{parts[2]}:{parts[5]}"
    for kind, end in NAMED_KINDS.items():
        before, star, after = kind.partition("*")
        if not text.startswith(before):
            continue
        rest = text.removeprefix(before)
        if star:
            if after not in rest:
                continue
            rest = rest.partition(after)[2]
        name = rest.partition(end)[0] if end else rest
        if has_wildcard(_OF_A_SECRET.sub("", name) if before.startswith("secretsmanager") else name):
            return True
    return False
