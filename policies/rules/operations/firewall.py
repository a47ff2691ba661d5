"""Web firewalls: where they stand, and that their rules act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.documents import decoded
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    fail,
    is_true,
    kind_of,
    partly_unknown,
    rule,
    unknown,
)

WEB_ACL = "aws:wafv2/webAcl:WebAcl"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
STAGE = "aws:apigateway/stage:Stage"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
_GUIDE = "https://docs.aws.amazon.com/waf/latest/developerguide"
_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide"


@rule(
    "OP-080",
    "api-stage-has-firewall",
    pack="operations",
    types=(STAGE,),
    severity="medium",
    scope="stack",
    rationale="What a web ACL refuses neither starts a function nor counts against the API's limits.",
    url=f"{_HUB}/apigateway-controls.html#apigateway-4",
    remediation="Add aws.wafv2.WebAclAssociation with the stage's arn as resource_arn.",
    controls=("APIGateway.4", "CKV2_AWS_29", "AwsSolutions-APIG3"),
    criteria=("TRADING-07.10", "TRADING-15.1"),
)
def stage(view: View) -> Outcome:
    return _associated(view)


@rule(
    "OP-081",
    "load-balancer-has-firewall",
    pack="operations",
    types=(BALANCER,),
    severity="medium",
    scope="stack",
    rationale="An application that faces the internet is tried for known holes within minutes.",
    url=f"{_HUB}/elb-controls.html#elb-16",
    remediation="Add aws.wafv2.WebAclAssociation with the load balancer's arn as resource_arn.",
    controls=("ELB.16", "CKV2_AWS_28"),
    criteria=("MOMENTUM-3.1.4",),
)
def balancer(view: View) -> Outcome:
    """Network load balancers take no web ACL; internal ones stand behind what does."""
    kind, internal = view.get("loadBalancerType", "application"), view.get("internal")
    if (kind is not UNKNOWN and str(kind).lower() != "application") or is_true(internal):
        return NOT_APPLICABLE
    outcome = _associated(view)
    if outcome.word == "fail" and kind is UNKNOWN:
        return unknown("loadBalancerType", "a web ACL for an application load balancer")
    return outcome


def _associated(view: View) -> Outcome:
    found, uncertain = view.referrers(ASSOCIATION, "resourceArn")
    if found:
        named = any(each.is_set("webAclArn") for each in found)
        return PASS if named else fail("", "an association without web ACL", "a web ACL")
    return unknown("", "a web ACL") if uncertain else fail("", "no association", "a web ACL")


def _rules(view: View) -> list[tuple[str, Any]] | None:
    """Return a web ACL's rules with their paths, None where they are not known. A JSON text has them as well."""
    path = "rules" if view.is_set("rules") or not view.is_set("ruleJson") else "ruleJson"
    value = view.get(path)
    if path == "ruleJson" and isinstance(value, str):
        value = _camel(decoded(value))
    if value is UNKNOWN:
        return None
    if isinstance(value, list):
        return [(f"{path}.{number}" if path == "rules" else path, row) for number, row in enumerate(value)]
    return [] if value is None else [(path, value)]


def _camel(value: Any) -> Any:
    """Write the API's names as the properties have them: ManagedRuleGroupStatement is managedRuleGroupStatement."""
    if isinstance(value, Mapping):
        return {str(key)[:1].lower() + str(key)[1:]: _camel(item) for key, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, list) else value


def _step(value: Any, *names: str) -> Any:
    """Follow names through mappings: None where one is missing, UNKNOWN where one is not known."""
    for name in names:
        if value is UNKNOWN:
            return UNKNOWN
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


@rule(
    "OP-082",
    "web-acl-has-rules",
    pack="operations",
    types=(WEB_ACL,),
    severity="medium",
    rationale="A web ACL without rules looks like protection in a list of resources, and lets everything through.",
    url=f"{_HUB}/waf-controls.html#waf-10",
    remediation="Add rules, each with an action, or override_action for a group.",
    controls=("WAF.10", "CKV_AWS_175", "CKV_AWS_342"),
    criteria=("TRADING-15.0", "MOMENTUM-3.1.4"),
)
def has_rules(view: View) -> Outcome:
    found = _rules(view)
    if found is None:
        return unknown("rules", "rules")
    if not found:
        return fail("rules", kind_of(view.get("rules")), "rules")
    return all_of(_has_action(path, row) for path, row in found)


def _has_action(path: str, row: Any) -> Outcome:
    if row is UNKNOWN:
        return unknown(path, "a rule with an action")
    given = [_step(row, name) for name in ("action", "overrideAction")]
    if any(each is UNKNOWN or (isinstance(each, Mapping) and each) for each in given):
        return PASS
    return fail(path, "a rule without action", "action, or overrideAction for a group")


@rule(
    "OP-083",
    "web-acl-rules-do-more-than-count",
    pack="operations",
    types=(WEB_ACL,),
    severity="medium",
    rationale="Counting is for the days in which a rule is tried out; after that it lets through what it knows is bad.",
    url=f"{_GUIDE}/web-acl-testing.html",
    remediation="Set action to block, and override_action to none; name rules on trial in `may_count`.",
    controls=("WAF.10", "CKV_AWS_342"),
    criteria=("TRADING-15.0", "MOMENTUM-3.1.4"),
    parameters={"may_count": []},
)
def counts(view: View) -> Outcome:
    found = _rules(view)
    if found is None:
        return unknown("rules", "rules that block")
    patterns = [str(each) for each in view.parameters["may_count"]]
    outcomes: list[Outcome] = []
    for path, row in found:
        name, acts = _step(row, "name"), _acts(path, row)
        if name is UNKNOWN and patterns and acts.word == "fail":
            outcomes.append(unknown(f"{path}.name", "a rule that blocks"))
        elif not any(fnmatchcase(str(name), pattern) for pattern in patterns):
            outcomes.append(acts)
    return all_of(outcomes)


def _acts(path: str, row: Any) -> Outcome:
    if row is UNKNOWN:
        return unknown(path, "a rule that blocks")
    for name in ("action", "overrideAction"):
        given = _step(row, name)
        if given is UNKNOWN:
            return unknown(f"{path}.{name}", "no count")
        if isinstance(given, Mapping) and given.get("count") is not None:
            return fail(f"{path}.{name}", "count", "block, or none for a group")
    return PASS


def _statements(value: Any) -> Iterator[Mapping[str, Any]]:
    """Return the statement of a rule, and those that are in it."""
    if not isinstance(value, Mapping):
        return
    yield value
    for name in ("andStatement", "orStatement"):
        inner = _step(value, name, "statements")
        for each in inner if isinstance(inner, list) else [inner]:
            yield from _statements(each)


def _group(view: View, group: str, exempt: tuple[str, ...]) -> Outcome:
    """Judge that a web ACL has a rule group of AWS that blocks. `exempt` are beginnings of its rules that must too."""
    expected = f"{group} that blocks"
    found = _rules(view)
    if found is None:
        return unknown("rules", expected)
    outcomes: list[Outcome] = []
    for path, row in found:
        statement = _step(row, "statement", "managedRuleGroupStatement")
        name = _step(statement, "name")
        vendor = _step(statement, "vendorName")
        if statement is UNKNOWN or name is UNKNOWN or (name == group and vendor is UNKNOWN):
            outcomes.append(unknown(path, expected))
        elif name == group and str(vendor).lower() == "aws":
            outcomes.append(_whole(path, row, statement, exempt, expected))
    if any(outcome.word == "pass" for outcome in outcomes):
        return PASS
    return all_of(outcomes) if outcomes else fail("rules", "no such group", expected)


def _whole(path: str, row: Any, statement: Any, exempt: tuple[str, ...], expected: str) -> Outcome:
    """Judge that a group blocks, and the important ones of its rules too."""
    override = _step(row, "overrideAction")
    if override is UNKNOWN:
        return unknown(f"{path}.overrideAction", expected)
    if isinstance(override, Mapping) and override.get("count") is not None:
        return fail(f"{path}.overrideAction", "count", "none")
    place = f"{path}.statement.managedRuleGroupStatement"
    for name in ("ruleActionOverrides", "excludedRules"):
        rows = _step(statement, name)
        if rows is UNKNOWN:
            return unknown(f"{place}.{name}", expected) if exempt else PASS
        for each in rows if isinstance(rows, list) else [rows]:
            of, action = _step(each, "name"), _step(each, "actionToUse")
            if exempt and action is UNKNOWN and isinstance(of, str) and of.startswith(exempt):
                return unknown(f"{place}.{name}", expected)
            weak = name == "excludedRules" or any(_step(action, word) is not None for word in ("count", "allow"))
            if isinstance(of, str) and of.startswith(exempt) and exempt and weak:
                return fail(f"{place}.{name}", f"{of} does not block", expected)
    return PASS


@rule(
    "OP-084",
    "web-acl-stops-known-bad-inputs",
    pack="operations",
    types=(WEB_ACL,),
    severity="high",
    rationale="This group refuses what is bad in any application, such as the strings that open Log4j.",
    url=f"{_GUIDE}/aws-managed-rule-groups-baseline.html",
    remediation="Add AWSManagedRulesKnownBadInputsRuleSet with override_action none, and leave its Log4j rules alone.",
    controls=("CKV_AWS_192",),
    criteria=("TRADING-15.3b",),
)
def bad_inputs(view: View) -> Outcome:
    return _group(view, "AWSManagedRulesKnownBadInputsRuleSet", ("Log4J",))


@rule(
    "OP-085",
    "web-acl-has-base-groups",
    pack="operations",
    types=(WEB_ACL,),
    severity="medium",
    rationale="These groups are kept by AWS, and stop the attacks that come to everybody, and those who send them.",
    url=f"{_GUIDE}/aws-managed-rule-groups-list.html",
    remediation="Add the managed rule groups of the parameter `groups`, each with override_action none.",
    controls=("WAF.10", "CKV_AWS_175"),
    criteria=("TRADING-15.3a", "TRADING-15.7"),
    parameters={"groups": ["AWSManagedRulesCommonRuleSet", "AWSManagedRulesAmazonIpReputationList"]},
)
def base_groups(view: View) -> Outcome:
    return all_of(_group(view, str(group), ()) for group in view.parameters["groups"])


@rule(
    "OP-087",
    "web-acl-stops-sql-injection",
    pack="operations",
    types=(WEB_ACL,),
    severity="medium",
    level="open",
    rationale="What looks like SQL in a request is better refused before any code builds a query of it.",
    url=f"{_GUIDE}/aws-managed-rule-groups-use-case.html",
    remediation="Add AWSManagedRulesSQLiRuleSet with override_action none, or a blocking sqli_match_statement.",
    controls=("WAF.10",),
    criteria=("TRADING-15.6a",),
)
def sql(view: View) -> Outcome:
    outcome = _group(view, "AWSManagedRulesSQLiRuleSet", ())
    for path, row in _rules(view) or ():
        action = _step(row, "action")
        blocks = isinstance(action, Mapping) and action.get("block") is not None
        statement = _step(row, "statement")
        matches = any(each.get("sqliMatchStatement") is not None for each in _statements(statement))
        if blocks and matches:
            return PASS
        # What is not known of a rule may be what makes it the one.
        if outcome.word == "fail" and (blocks or action is UNKNOWN) and (matches or partly_unknown(statement)):
            outcome = unknown(path, "AWSManagedRulesSQLiRuleSet that blocks, or a rule of the ACL's own")
    return outcome


@rule(
    "OP-086",
    "web-acl-limits-rate",
    pack="operations",
    types=(WEB_ACL,),
    severity="medium",
    rationale="A limit for each address stops one machine from trying passwords, or using up what all share.",
    url=f"{_GUIDE}/waf-rule-statement-type-rate-based.html",
    remediation="Add a rule with rate_based_statement and the action block.",
    controls=("WAF.10",),
    criteria=("TRADING-15.4",),
    parameters={"most": 2000},
)
def rate(view: View) -> Outcome:
    """`most` are the requests of one address in the rule's window."""
    most = int(view.parameters["most"])
    expected = f"a rule that blocks above {most} requests"
    found = _rules(view)
    if found is None:
        return unknown("rules", expected)
    outcomes: list[Outcome] = []
    for path, row in found:
        if row is UNKNOWN or _step(row, "statement") is UNKNOWN:
            outcomes.append(unknown(path, expected))
            continue
        for statement in _statements(_step(row, "statement")):
            if statement.get("rateBasedStatement") is not None:
                outcomes.append(_limit(path, row, statement["rateBasedStatement"], most, expected))
    if any(outcome.word == "pass" for outcome in outcomes):
        return PASS
    return all_of(outcomes) if outcomes else fail("rules", "no limit", expected)


def _limit(path: str, row: Any, statement: Any, most: int, expected: str) -> Outcome:
    limit, action = _step(statement, "limit"), _step(row, "action")
    place = f"{path}.statement.rateBasedStatement.limit"
    if limit is UNKNOWN:
        return unknown(place, expected)
    try:
        within = 0 < int(limit) <= most
    except (OverflowError, TypeError, ValueError):
        within = False
    if not within:
        return fail(place, kind_of(limit), expected)
    if action is UNKNOWN:
        return unknown(f"{path}.action", expected)
    stops = isinstance(action, Mapping) and any(action.get(word) is not None for word in _STOPS)
    return PASS if stops else fail(f"{path}.action", "no block", expected)


_STOPS = ("block", "captcha", "challenge")
