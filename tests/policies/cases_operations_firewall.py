"""Fixtures of rules about web firewalls and about requests to load balancers."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import UNKNOWN, Resource
from tests.policies.cases import GONE, Cases, changed, made

STAGE = made("aws:apigateway/stage:Stage", "stage", stageName="v1")
OTHER_STAGE = made(STAGE.type, "other", stageName="v1")
BALANCER = made(
    "aws:lb/loadBalancer:LoadBalancer",
    "balancer",
    loadBalancerType="application",
    dropInvalidHeaderFields=True,
    desyncMitigationMode="strictest",
)
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"


def protected(resource: Resource, web_acl: Any = UNKNOWN) -> Resource:
    return made(ASSOCIATION, refers={"resourceArn": resource}, webAclArn=web_acl)


OF_STAGE = Cases(
    rule="api-stage-has-firewall",
    good={"associated": [STAGE, protected(STAGE)]},
    bad={
        "none": ([STAGE], ("",)),
        "another's": ([STAGE, OTHER_STAGE, protected(OTHER_STAGE)], ("",)),
        "without web ACL": ([STAGE, protected(STAGE, None)], ("",)),
    },
    unknown={"of what": ([STAGE, made(ASSOCIATION, resourceArn=UNKNOWN)], ("",))},
    always=True,
)
OF_BALANCER = Cases(
    rule="load-balancer-has-firewall",
    good={
        "associated": [BALANCER, protected(BALANCER)],
        "kind not known": [changed(BALANCER, {"loadBalancerType": UNKNOWN}), protected(BALANCER)],
    },
    bad={
        "none": ([BALANCER], ("",)),
        "by default": ([changed(BALANCER, {"loadBalancerType": GONE})], ("",)),
        "not internal": ([changed(BALANCER, {"internal": False})], ("",)),
    },
    unknown={
        "of what": ([BALANCER, made(ASSOCIATION, resourceArn=UNKNOWN)], ("",)),
        "kind": ([changed(BALANCER, {"loadBalancerType": UNKNOWN})], ("loadBalancerType",)),
    },
    skipped={
        "internal": [changed(BALANCER, {"internal": True})],
        "network": [changed(BALANCER, {"loadBalancerType": "network"})],
    },
)


def group(name: Any, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "priority": 1,
        "overrideAction": {"none": {}},
        "statement": {"managedRuleGroupStatement": {"name": name, "vendorName": "AWS", **more}},
    }


COMMON, REPUTATION = group("AWSManagedRulesCommonRuleSet"), group("AWSManagedRulesAmazonIpReputationList")
BAD_INPUTS = group("AWSManagedRulesKnownBadInputsRuleSet")
RATE: dict[str, Any] = {
    "name": "rate",
    "priority": 4,
    "action": {"block": {}},
    "statement": {"rateBasedStatement": {"limit": 2000, "aggregateKeyType": "IP"}},
}
ACL = made("aws:wafv2/webAcl:WebAcl", scope="REGIONAL", rules=[COMMON, REPUTATION, BAD_INPUTS, RATE])
AS_JSON = json.dumps(
    [
        {
            "Name": "bad",
            "OverrideAction": {"None": {}},
            "Statement": {
                "ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesKnownBadInputsRuleSet"}
            },
        },
        {"Name": "r", "Action": {"Block": {}}, "Statement": {"RateBasedStatement": {"Limit": 100}}},
    ]
)
BY_JSON = made(ACL.type, ruleJson=AS_JSON)


def of(*rules: Any) -> list[Resource]:
    return [changed(ACL, {"rules": list(rules)})]


ALL_UNKNOWN = ([changed(ACL, {"rules": UNKNOWN})], ("rules",))
HAS_RULES = Cases(
    rule="web-acl-has-rules",
    good={"rules": [ACL], "JSON": [BY_JSON], "one": [changed(ACL, {"rules": RATE})]},
    bad={
        "none": ([changed(ACL, {"rules": GONE})], ("rules",)),
        "empty": (of(), ("rules",)),
        "broken JSON": ([made(ACL.type, ruleJson="[")], ("rules",)),
        "without action": (of({**RATE, "action": {}}), ("rules.0",)),
    },
    unknown={"rules": ALL_UNKNOWN, "rule": (of(UNKNOWN), ("rules.0",))},
    always=True,
)
ON_TRIAL = {**RATE, "name": "try-rate", "action": {"count": {}}}
COUNTS = Cases(
    rule="web-acl-rules-do-more-than-count",
    good={"rules": [ACL], "on trial": of(RATE, ON_TRIAL), "JSON": [BY_JSON]},
    bad={
        "rule": (of({**RATE, "action": {"count": {}}}), ("rules.0.action",)),
        "group": (of(RATE, {**COMMON, "overrideAction": {"count": {}}}), ("rules.1.overrideAction",)),
    },
    unknown={
        "rules": ALL_UNKNOWN,
        "rule": (of(UNKNOWN), ("rules.0",)),
        "action": (of({**RATE, "action": UNKNOWN}), ("rules.0.action",)),
    },
    skipped={"no rules": of()},
    parameters={"may_count": ["try-*"]},
)
OVERRIDES = "statement.managedRuleGroupStatement.ruleActionOverrides"
NAME = "AWSManagedRulesKnownBadInputsRuleSet"
LOG4J = {"name": "Log4JRCE_BODY", "actionToUse": {"count": {}}}
KNOWN_BAD = Cases(
    rule="web-acl-stops-known-bad-inputs",
    good={
        "whole": [ACL],
        "JSON": [BY_JSON],
        "another rule counts": of(
            group(NAME, ruleActionOverrides=[{"name": "Host_localhost_HEADER", "actionToUse": {"count": {}}}])
        ),
        "captcha": of(group(NAME, ruleActionOverrides=[{**LOG4J, "actionToUse": {"captcha": {}}}])),
    },
    bad={
        "none": (of(COMMON, RATE), ("rules",)),
        "no rules": (of(), ("rules",)),
        "counts": (of({**BAD_INPUTS, "overrideAction": {"count": {}}}), ("rules.0.overrideAction",)),
        "another vendor's": (of(group(NAME, vendorName="Other")), ("rules",)),
        "rule counts": (of(group(NAME, ruleActionOverrides=[LOG4J])), (f"rules.0.{OVERRIDES}",)),
        "rule allows": (
            of(group(NAME, ruleActionOverrides={**LOG4J, "actionToUse": {"allow": {}}})),
            (f"rules.0.{OVERRIDES}",),
        ),
        "rule left out": (
            of(group(NAME, excludedRules=[{"name": "Log4JRCE"}])),
            ("rules.0.statement.managedRuleGroupStatement.excludedRules",),
        ),
    },
    unknown={
        "rules": ALL_UNKNOWN,
        "name": (of(group(UNKNOWN)), ("rules.0",)),
        "override": (of({**BAD_INPUTS, "overrideAction": UNKNOWN}), ("rules.0.overrideAction",)),
        "overrides": (of(group(NAME, ruleActionOverrides=UNKNOWN)), (f"rules.0.{OVERRIDES}",)),
    },
    always=True,
)
BASE = Cases(
    rule="web-acl-has-base-groups",
    good={"both": [ACL]},
    bad={
        "one": (of(COMMON, RATE), ("rules",)),
        "none": (of(RATE), ("rules", "rules")),
        "counts": (of(COMMON, {**REPUTATION, "overrideAction": {"count": {}}}), ("rules.1.overrideAction",)),
    },
    unknown={"rule": (of(COMMON, UNKNOWN), ("rules.1",))},
    always=True,
)
LIMIT = "statement.rateBasedStatement.limit"
RATE_LIMIT = Cases(
    rule="web-acl-limits-rate",
    good={
        "blocks": [ACL],
        "text": of(changed(made("x", rule=RATE), {f"rule.{LIMIT}": "500"}).inputs["rule"]),
        "JSON": [BY_JSON],
    },
    bad={
        "none": (of(COMMON), ("rules",)),
        "high": (of(changed(made("x", rule=RATE), {f"rule.{LIMIT}": 100000}).inputs["rule"]), (f"rules.0.{LIMIT}",)),
        "counts": (of({**RATE, "action": {"count": {}}}), ("rules.0.action",)),
        "no limit": (of({**RATE, "statement": {"rateBasedStatement": {}}}), (f"rules.0.{LIMIT}",)),
    },
    unknown={
        "rules": ALL_UNKNOWN,
        "rule": (of(UNKNOWN), ("rules.0",)),
        "limit": (of({**RATE, "statement": {"rateBasedStatement": {"limit": UNKNOWN}}}), (f"rules.0.{LIMIT}",)),
        "action": (of({**RATE, "action": UNKNOWN}), ("rules.0.action",)),
    },
    always=True,
)
SQL = group("AWSManagedRulesSQLiRuleSet")
MATCH: dict[str, Any] = {
    "name": "sql",
    "action": {"block": {}},
    "statement": {"orStatement": {"statements": [{"sqliMatchStatement": {"fieldToMatch": {"body": {}}}}]}},
}
INJECTION = Cases(
    rule="web-acl-stops-sql-injection",
    good={"group": of(SQL), "own rule": of(RATE, MATCH)},
    bad={
        "none": ([ACL], ("rules",)),
        "counts": (of({**SQL, "overrideAction": {"count": {}}}), ("rules.0.overrideAction",)),
        "own rule counts": (of({**MATCH, "action": {"count": {}}}), ("rules",)),
    },
    unknown={"rules": ALL_UNKNOWN, "rule": (of(UNKNOWN), ("rules.0",))},
    always=True,
)
HEADERS = Cases(
    rule="load-balancer-drops-invalid-headers",
    good={"drops": [BALANCER], "text": [changed(BALANCER, {"dropInvalidHeaderFields": "true"})]},
    bad={
        "not set": ([changed(BALANCER, {"dropInvalidHeaderFields": GONE})], ("dropInvalidHeaderFields",)),
        "false": ([changed(BALANCER, {"dropInvalidHeaderFields": False})], ("dropInvalidHeaderFields",)),
    },
    unknown={
        "flag": ([changed(BALANCER, {"dropInvalidHeaderFields": UNKNOWN})], ("dropInvalidHeaderFields",)),
        "kind": (
            [changed(BALANCER, {"loadBalancerType": UNKNOWN, "dropInvalidHeaderFields": False})],
            ("loadBalancerType",),
        ),
    },
    skipped={"network": [changed(BALANCER, {"loadBalancerType": "network", "dropInvalidHeaderFields": False})]},
)
MODE = "desyncMitigationMode"
DESYNC = Cases(
    rule="load-balancer-mitigates-desync",
    good={"strictest": [BALANCER], "by default": [changed(BALANCER, {MODE: GONE})]},
    bad={
        "monitor": ([changed(BALANCER, {MODE: "monitor"})], (MODE,)),
        "classic": ([made("aws:elb/loadBalancer:LoadBalancer", desyncMitigationMode="monitor")], (MODE,)),
    },
    unknown={"mode": ([changed(BALANCER, {MODE: UNKNOWN})], (MODE,))},
    skipped={"gateway": [changed(BALANCER, {"loadBalancerType": "gateway"})]},
)

CASES: list[Cases] = [
    *(OF_STAGE, OF_BALANCER, HAS_RULES, COUNTS, KNOWN_BAD, BASE, RATE_LIMIT, INJECTION, HEADERS, DESYNC),
]
