"""Web ACLs: that no rule lets requests past the others, and that groups see each request."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    PASS,
    Outcome,
    View,
    all_of,
    fail,
    kind_of,
    rule,
    unknown,
)


@rule(
    "OP-433",
    "web-acl-lets-nobody-past",
    pack="operations",
    types=("aws:wafv2/webAcl:WebAcl",),
    severity="high",
    rationale="A rule that allows ends the judgement of a request: none of the later ones looks at it.",
    url="https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-processing-order.html",
    remediation="Block what is wrong instead, or put the rule last; name it in `may_allow` where it is meant.",
    controls=("WAF.10", "AwsSolutions-CFR2"),
    parameters={"may_allow": []},
)
def past(view: View) -> Outcome:
    rules = view.items("rules")
    if rules is None:
        return unknown("rules", "rules that block")
    meant = {str(each) for each in view.parameters["may_allow"]}
    groups = [_order(row) for row in rules if _has(row, "managedRuleGroupStatement")]
    last = max(groups, default=float("inf"))
    unsure = any(
        row is UNKNOWN or (isinstance(row, dict) and UNKNOWN in (row.get("priority"), row.get("statement")))
        for row in rules
    )
    outcomes = [PASS]
    for number, row in enumerate(rules):
        if not isinstance(row, dict) or str(row.get("name")) in meant:
            continue
        if not _has(row.get("action"), "allow"):
            continue
        if unsure:
            outcomes.append(unknown(f"rules.{number}.priority", "block, or a later place"))
        elif _order(row) < last:
            outcomes.append(fail(f"rules.{number}.action", "allow before other rules", "block, or a later place"))
    return all_of(outcomes)


def _has(value: object, key: str) -> bool:
    """Say whether a mapping has a key anywhere in it that is set."""
    if isinstance(value, dict):
        return any((name == key and item is not None) or _has(item, key) for name, item in value.items())
    return isinstance(value, list) and any(_has(item, key) for item in value)


def _order(row: object) -> float:
    priority = row.get("priority") if isinstance(row, dict) else None
    return priority if isinstance(priority, int | float) else float("-inf")


_GROUPS = [
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
]


@rule(
    "OP-434",
    "web-acl-groups-see-everything",
    pack="operations",
    types=("aws:wafv2/webAcl:WebAcl",),
    severity="medium",
    rationale="A group that looks only at some requests protects only those; an attacker sends the others.",
    url="https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-scope-down-statements.html",
    remediation="Leave out scope_down_statement of the base groups; name rules that may have one in `may_limit`.",
    parameters={"groups": _GROUPS, "may_limit": []},
)
def everything(view: View) -> Outcome:
    rules = view.items("rules")
    if rules is None:
        return unknown("rules", "groups without scope-down statements")
    meant = {str(each) for each in view.parameters["may_limit"]}
    outcomes: list[Outcome] = []
    for number, row in enumerate(rules):
        path = f"rules.{number}.statement.managedRuleGroupStatement"
        if view.get(f"{path}.name") is UNKNOWN and view.is_set(f"{path}.scopeDownStatement"):
            outcomes.append(unknown(f"{path}.name", "a group without a scope-down statement"))
        elif (
            view.get(f"{path}.name") in view.parameters["groups"] and str(view.get(f"rules.{number}.name")) not in meant
        ):
            limited = view.is_set(f"{path}.scopeDownStatement")
            found = kind_of(row.get("statement")) if limited and isinstance(row, dict) else ""
            outcomes.append(fail(f"{path}.scopeDownStatement", found, "not set") if limited else PASS)
    return all_of(outcomes)
