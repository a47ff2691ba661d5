"""AWS WAF: web ACLs, their rules, what they protect and where they log.

Sources are the API's reference (CreateWebACL, AssociateWebACL, PutLoggingConfiguration) and, in the guide, "Rule
statements", "Web ACL capacity units" and "Resources that you can protect".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.firewall_rules import GROUPS, RATE, Statement, capacities, capacity, kinds, statements
from plumbline.constraints.networks import earlier, exactly_one, placed_rows, region_of
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.graph import UNKNOWN, Resource, StackGraph

ACL = "aws:wafv2/webAcl:WebAcl"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
_STAGE = "aws:apigateway/stage:Stage"
_CLOUDFRONT_REGION = "us-east-1"
_ACTIONS = ("allow", "block", "captcha", "challenge", "count")
_OVERRIDES = ("count", "none")
_WINDOWS = (60, 120, 300, 600)
_HEADER = re.compile(r"[a-z0-9_-]{1,40}")
_OVERSIZE = ("CONTINUE", "MATCH", "NO_MATCH")
_TRANSFORMED = (
    "byteMatchStatement",
    "regexMatchStatement",
    "regexPatternSetReferenceStatement",
    "sizeConstraintStatement",
    "sqliMatchStatement",
    "xssMatchStatement",
)
# Statements that stand in a rule by themselves, and in no other statement.
_OUTERMOST = (*GROUPS, RATE)
_PROTECTED = re.compile(
    r"arn:[a-z-]+:(apigateway:[^:]+::/restapis/[^/]+/stages/[^/]+|appsync:[^:]+:\d{12}:apis/.+"
    r"|elasticloadbalancing:[^:]+:\d{12}:loadbalancer/app/.+|cognito-idp:[^:]+:\d{12}:userpool/.+"
    r"|apprunner:[^:]+:\d{12}:service/.+|ec2:[^:]+:\d{12}:verified-access-instance/.+|amplify:[^:]+:\d{12}:apps/.+)"
)
# What has an ARN that leads to something WAF protects, and is not that itself.
_NOT_PROTECTED = {
    "aws:apigateway/restApi:RestApi": "a stage of the API",
    "aws:apigateway/deployment:Deployment": "a stage of the API",
    "aws:apigatewayv2/api:Api": "a stage of a REST API, since WAF protects no HTTP APIs",
    "aws:apigatewayv2/stage:Stage": "a stage of a REST API, since WAF protects no HTTP APIs",
    "aws:cloudfront/distribution:Distribution": "none; a distribution names its web ACL itself",
}


@for_types(ACL)
def cloudfront_region(acl: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A web ACL for CloudFront lives in us-east-1."""
    region = region_of(acl, graph)
    if acl.get("scope") == "CLOUDFRONT" and region not in (None, _CLOUDFRONT_REGION):
        yield "region", f"{region!r} given; scope CLOUDFRONT needs {_CLOUDFRONT_REGION}"


@for_types(LOGGING, ASSOCIATION)
def same_region(part: Resource, graph: StackGraph) -> Iterator[Finding]:
    """What belongs to a web ACL lives in the ACL's region."""
    acl = behind(part, "resourceArn" if part.type == LOGGING else "webAclArn", graph, ACL)
    own, wanted = region_of(part, graph), region_of(acl, graph) if acl is not None else None
    if acl is not None and own is not None and wanted is not None and own != wanted:
        yield "region", f"{own!r} given; {acl.display} is in {wanted}"


@for_types(ACL)
def actions(acl: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Rules have an action of their own, groups an override of their rules' actions, and the ACL a default."""
    default = acl.get("defaultAction")
    if isinstance(default, Mapping) and (message := exactly_one(default, ("allow", "block"))):
        yield "defaultAction", message
    for path, rule in placed_rows(acl, "rules"):
        statement = rule.get("statement")
        if not isinstance(statement, Mapping):
            continue
        is_group = any(statement.get(kind) is not None for kind in GROUPS)
        wanted, other = ("overrideAction", "action") if is_group else ("action", "overrideAction")
        if rule.get(other) is not None:
            yield f"{path}.{other}", f"given; a rule {'with' if is_group else 'without'} a rule group takes {wanted}"
        elif rule.get(wanted) is None:
            yield f"{path}.{wanted}", "missing"
        given, names = rule.get(wanted), _OVERRIDES if is_group else _ACTIONS
        if isinstance(given, Mapping) and (message := exactly_one(given, names)):
            yield f"{path}.{wanted}", message


@for_types(ACL)
def unique(acl: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """No two rules of an ACL have one name or one priority."""
    for property_ in ("name", "priority"):
        seen: set[Any] = set()
        for path, rule in placed_rows(acl, "rules"):
            value = rule.get(property_)
            if not isinstance(value, str | int | float):
                continue
            if value in seen:
                yield f"{path}.{property_}", f"{value!r} given; another rule has it"
            seen.add(value)


@for_types(ACL)
def one_statement(acl: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """Each rule has exactly one statement; groups and rates stand in no other statement."""
    for path, rule in placed_rows(acl, "rules"):
        statement = rule.get("statement")
        if isinstance(statement, Mapping) and len(found := kinds(statement)) != 1:
            yield f"{path}.statement", f"{' and '.join(found) or 'nothing'} given; exactly one statement is needed"
        for inner in statements(statement, f"{path}.statement"):
            if inner.is_nested and inner.kind in _OUTERMOST:
                yield inner.path, "given inside another statement; it can only be a rule's own"


@for_types(ACL)
def inspected(acl: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A statement inspects one part of a request, after transformations in an order of their own."""
    for statement in _statements(acl):
        if statement.kind not in _TRANSFORMED:
            continue
        said = statement.said
        field = said.get("fieldToMatch")
        if isinstance(field, Mapping):
            yield from _field(field, f"{statement.path}.fieldToMatch")
        elif field is None:
            yield f"{statement.path}.fieldToMatch", "missing"
        steps = said.get("textTransformations")
        if steps in (None, []):
            yield f"{statement.path}.textTransformations", "missing; at least one is needed, which may be NONE"
        order = [step.get("priority") for step in steps if isinstance(step, Mapping)] if isinstance(steps, list) else []
        for priority in sorted({number for number in order if isinstance(number, int) and order.count(number) > 1}):
            yield f"{statement.path}.textTransformations", f"priority {priority} given twice"


def _field(field: Mapping[str, Any], path: str) -> Iterator[Finding]:
    parts = kinds(field)
    if len(parts) != 1:
        yield path, f"{' and '.join(parts) or 'nothing'} given; exactly one part of a request is needed"
    for part in ("body", "jsonBody"):
        content = field.get(part)
        handling = content.get("oversizeHandling") if isinstance(content, Mapping) else None
        if isinstance(handling, str) and handling not in _OVERSIZE:
            yield f"{path}.{part}.oversizeHandling", f"{handling!r} given; allowed: {', '.join(_OVERSIZE)}"


@for_types(ACL)
def rates(acl: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A rate is counted over one of four windows, and its key has what it takes."""
    for statement in _statements(acl):
        if statement.kind != RATE:
            continue
        said, path = statement.said, statement.path
        window, key = said.get("evaluationWindowSec"), said.get("aggregateKeyType")
        if isinstance(window, int) and window not in _WINDOWS:
            yield f"{path}.evaluationWindowSec", f"{window} given; allowed: {', '.join(map(str, _WINDOWS))}"
        needed = {"FORWARDED_IP": "forwardedIpConfig", "CUSTOM_KEYS": "customKeys", "CONSTANT": "scopeDownStatement"}
        if isinstance(key, str) and key in needed and said.get(needed[key]) is None:
            yield f"{path}.{needed[key]}", f"missing; aggregateKeyType {key} needs it"


@for_types(ACL)
def fits(acl: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """The rules of an ACL take no more capacity units than one may have."""
    units, most = capacity(acl.get("rules")), capacities()["most"]
    if units is not None and units > most:
        yield "rules", f"{units} capacity units needed; allowed: at most {most}"


@for_types(ASSOCIATION)
def association(association: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A regional ACL is put before something that WAF protects, and before each of those only one."""
    acl = behind(association, "webAclArn", graph, ACL)
    if acl is not None and acl.get("scope") == "CLOUDFRONT":
        yield "webAclArn", f"{acl.display} is of scope CLOUDFRONT; a distribution names its web ACL itself"
    given = association.get("resourceArn")
    if isinstance(given, str) and not _PROTECTED.fullmatch(given):
        yield "resourceArn", f"{given!r} given; allowed: the ARN of a stage, a load balancer, a user pool and the like"
        return
    wrong = behind(association, "resourceArn", graph, *_NOT_PROTECTED) if given is UNKNOWN else None
    if wrong is not None:
        yield "resourceArn", f"{wrong.display} given; allowed: {_NOT_PROTECTED[wrong.type]}"
    stage = behind(association, "resourceArn", graph, _STAGE)
    for other in earlier(association, graph):
        same = given == other.get("resourceArn") if isinstance(given, str) else False
        if same or (stage is not None and behind(other, "resourceArn", graph, _STAGE) is stage):
            yield "resourceArn", f"{other.display} has put a web ACL before it already"


@for_types(LOGGING)
def logging(config: Resource, graph: StackGraph) -> Iterator[Finding]:
    """An ACL logs to one place, and what is kept out of its logs is named as WAF writes it."""
    places = config.get("logDestinationConfigs")
    if isinstance(places, list) and len(places) != 1:
        yield "logDestinationConfigs", f"{len(places)} given; a web ACL logs to one"
    fields = config.get("redactedFields")
    for index, field in enumerate(fields if isinstance(fields, list) else ()):
        path = f"redactedFields[{index}]"
        header = field.get("singleHeader") if isinstance(field, Mapping) else None
        name = header.get("name") if isinstance(header, Mapping) else None
        if isinstance(field, Mapping) and len(kinds(field)) != 1:
            yield path, f"{' and '.join(kinds(field)) or 'nothing'} given; exactly one part of a request is needed"
        if isinstance(name, str) and not _HEADER.fullmatch(name):
            yield f"{path}.singleHeader.name", f"{name!r} given; allowed: 1 to 40 small letters, digits, _ and -"
    acl = behind(config, "resourceArn", graph, ACL)
    for other in earlier(config, graph):
        if acl is not None and behind(other, "resourceArn", graph, ACL) is acl:
            yield "resourceArn", f"{other.display} says already where {acl.display} logs to"


def _statements(acl: Resource) -> Iterator[Statement]:
    for path, rule in placed_rows(acl, "rules"):
        yield from statements(rule.get("statement"), f"{path}.statement")
