"""Requirement 15 cannot be fooled: ACLs that stand before nothing, rules that block nothing, logs that never arrive."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from plumbline.graph import UNKNOWN, Resource
from tests.criteria.breaking import (
    Change,
    Row,
    add,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    refer,
    set_,
    statement,
    together,
    verdict,
    whole,
)

_ACL = "aws:wafv2/webAcl:WebAcl"
_ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
_LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
_DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
_STAGE = "aws:apigateway/stage:Stage"
_BUCKET = "aws:s3/bucket:Bucket"
_BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
_API, _CDN = "firewall-api-acl", "firewall-cdn-acl"
_LOGS = "buckets-waf-logs-policy"
_NO_DELIVERY = {"Service": "logging.s3.amazonaws.com"}
_COUNT = {"overrideAction": {"count": {}, "none": None}}
_ALLOW_GERMANY = {
    "name": "friends",
    "priority": -1,
    "action": {"allow": {}},
    "statement": {"geoMatchStatement": {"countryCodes": ["DE"]}},
}


def _rules(change: Callable[[dict[str, dict[str, Any]]], None], acl: str = _API) -> Change:
    """Change an ACL's rules, by name."""

    def apply(resource: Resource) -> Resource:
        rules = {rule["name"]: rule for rule in copy.deepcopy(resource.inputs["rules"])}
        change(rules)
        return dataclasses.replace(resource, inputs={**resource.inputs, "rules": list(rules.values())})

    return edit(_ACL, acl, apply)


def _without(rule: str, acl: str = _API) -> Change:
    return _rules(lambda rules: rules.pop(rule), acl)  # type: ignore[arg-type,return-value]


def _rule(rule: str, acl: str = _API, /, **changes: Any) -> Change:
    return _rules(lambda rules: rules[rule].update(changes), acl)


def _said(rule: str, kind: str, /, **changes: Any) -> Change:
    return _rules(lambda rules: rules[rule]["statement"][kind].update(changes))


def _group(rule: str, /, **changes: Any) -> Change:
    return _said(rule, "managedRuleGroupStatement", **changes)


def _counts(rule: str) -> Any:
    return [{"name": rule, "actionToUse": {"count": {}}}]


def _first(rules: dict[str, dict[str, Any]]) -> None:
    rules["friends"] = _ALLOW_GERMANY


def _only(*parts: str) -> Change:
    """Let the rule against cross-site scripting inspect some parts of a request only."""

    def change(rules: dict[str, dict[str, Any]]) -> None:
        said = rules["cross-site-scripting"]["statement"]["orStatement"]
        said["statements"] = [
            row for row in said["statements"] if set(parts) & set(row["xssMatchStatement"]["fieldToMatch"])
        ]

    return _rules(change)


def _both_kinds(rules: dict[str, dict[str, Any]]) -> None:
    """Block what has scripts everywhere at once."""
    rules["cross-site-scripting"]["statement"] = {
        "andStatement": rules["cross-site-scripting"]["statement"]["orStatement"]
    }


def _delivered(sid: str, /, **elements: Any) -> Change:
    return statement(_BUCKET_POLICY, _LOGS, sid, **elements)


BROKEN: list[Row] = [
    ("07.10", "test", "no association", drop(_ASSOCIATION, "firewall-api-stage")),
    ("07.10", "prod", "a second stage", add(_STAGE, "api-other", stageName="other")),
    (
        "07.10",
        "prod",
        "the ACL of the pages",
        refer(_ASSOCIATION, "firewall-api-stage", "webAclArn", (_ACL, _CDN)),
    ),
    ("10.9", "test", "no ACL", set_(_DISTRIBUTION, "cdn-distribution", webAclId=None)),
    ("10.9", "prod", "the ACL of the API", refer(_DISTRIBUTION, "cdn-distribution", "webAclId", (_ACL, _API))),
    ("10.9", "prod", "a foreign ACL", set_(_DISTRIBUTION, "maintenance-distribution", webAclId="arn:aws:wafv2:x")),
    ("10.9", "prod", "no distribution", drop(_DISTRIBUTION, "")),
    ("15.1", "test", "no ACL", drop(_ACL, _API)),
    ("15.1", "prod", "before no stage", drop(_ASSOCIATION, "firewall-api-stage")),
    ("15.1", "prod", "of the other scope", set_(_ACL, _API, scope="CLOUDFRONT")),
    ("15.2", "test", "no ACL", drop(_ACL, _CDN)),
    ("15.2", "prod", "in another region", set_(_ACL, _CDN, region="eu-west-1")),
    (
        "15.2",
        "prod",
        "before no distribution",
        together(
            set_(_DISTRIBUTION, "cdn-distribution", webAclId=None),
            set_(_DISTRIBUTION, "maintenance-distribution", webAclId=None),
        ),
    ),
    ("15.3a", "test", "no ACLs", drop(_ACL, "")),
    ("15.3a", "test", "no group", _without("common")),
    ("15.3a", "prod", "no group before the pages", _without("common", _CDN)),
    ("15.3a", "prod", "a group that counts", _rule("common", **_COUNT)),
    ("15.3a", "prod", "another rule counts", _group("common", ruleActionOverrides=_counts("NoUserAgent_HEADER"))),
    ("15.3a", "prod", "bodies of any size", _without("body-size")),
    ("15.3a", "prod", "larger bodies than are seen", _said("body-size", "sizeConstraintStatement", size=131_072)),
    (
        "15.3a",
        "prod",
        "the beginning of larger bodies",
        _said("body-size", "sizeConstraintStatement", fieldToMatch={"body": {"oversizeHandling": "CONTINUE"}}),
    ),
    ("15.3a", "prod", "some requests", _group("common", scopeDownStatement={"geoMatchStatement": {}})),
    ("15.3a", "prod", "another vendor", _group("common", vendorName="Shop")),
    ("15.3a", "prod", "after others were let through", _rules(_first)),
    ("15.3b", "test", "no group", _without("known-bad-inputs")),
    ("15.3b", "prod", "a group that counts", _rule("known-bad-inputs", _CDN, **_COUNT)),
    ("15.3b", "prod", "a rule counts", _group("known-bad-inputs", ruleActionOverrides=_counts("Log4JRCE_HEADER"))),
    ("15.4", "test", "no rule", _without("rate", _CDN)),
    ("15.4", "prod", "another limit", _said("rate", "rateBasedStatement", limit=20_000)),
    ("15.4", "prod", "another window", _said("rate", "rateBasedStatement", evaluationWindowSec=60)),
    ("15.4", "prod", "another key", _said("rate", "rateBasedStatement", aggregateKeyType="CONSTANT")),
    (
        "15.4",
        "prod",
        "some requests",
        _said("rate", "rateBasedStatement", scopeDownStatement={"geoMatchStatement": {}}),
    ),
    ("15.4", "prod", "counted only", _rule("rate", action={"count": {}})),
    ("15.4", "prod", "after others were let through", _rules(_first)),
    ("15.5", "test", "no logs of the API's", drop(_LOGGING, "firewall-api-logs")),
    ("15.5", "prod", "no logs of the pages'", drop(_LOGGING, "firewall-cdn-logs")),
    ("15.5", "prod", "to a log group", set_(_LOGGING, "firewall-api-logs", logDestinationConfigs=["arn:aws:logs:x"])),
    (
        "15.5",
        "prod",
        "to a bucket that takes none",
        refer(_LOGGING, "firewall-api-logs", "logDestinationConfigs", (_BUCKET, "buckets-audit-logs"), value=[UNKNOWN]),
    ),
    ("15.5", "prod", "some requests", set_(_LOGGING, "firewall-api-logs", loggingFilter={"defaultBehavior": "DROP"})),
    ("15.5", "prod", "no policy", drop(_BUCKET_POLICY, _LOGS)),
    ("15.5", "prod", "another service", _delivered("AcceptDeliveredLogs", Principal=_NO_DELIVERY)),
    ("15.5", "prod", "under another key", _delivered("AcceptDeliveredLogs", Resource="arn:aws:s3:::logs/*")),
    (
        "15.5",
        "prod",
        "from another region",
        _delivered(
            "AcceptDeliveredLogs", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:logs:eu-west-1:222222222222:*"}}
        ),
    ),
    (
        "15.5",
        "prod",
        "of no TLS at all",
        _delivered("RefuseOldTls", Condition={"NumericLessThan": {"s3:TlsVersion": "9"}}),
    ),
    ("15.6a", "prod", "no group", _without("sql-injection")),
    ("15.6a", "prod", "a group that counts", _rule("sql-injection", _CDN, **_COUNT)),
    ("15.6a", "prod", "after others were let through", _rules(_first)),
    ("15.6b", "prod", "no rule", _without("cross-site-scripting")),
    ("15.6b", "prod", "counted only", _rule("cross-site-scripting", _CDN, action={"count": {}})),
    ("15.6b", "prod", "paths and query strings only", _only("uriPath", "queryString")),
    ("15.6b", "prod", "bodies only", _only("body")),
    ("15.6b", "prod", "all of them at once", _rules(_both_kinds)),
    ("15.7", "test", "no group", _without("ip-reputation")),
    ("15.7", "prod", "a group that counts", _rule("ip-reputation", **_COUNT)),
    ("15.7", "prod", "another group", _group("ip-reputation", name="AWSManagedRulesAnonymousIpList")),
]
OPEN: list[Row] = [
    ("07.10", "prod", "a stage", refer(_ASSOCIATION, "firewall-api-stage", "resourceArn")),
    ("07.10", "prod", "a scope", set_(_ACL, _API, scope=UNKNOWN)),
    ("10.9", "prod", "an ACL", refer(_DISTRIBUTION, "cdn-distribution", "webAclId")),
    ("15.1", "prod", "a scope", set_(_ACL, _API, scope=UNKNOWN)),
    ("15.2", "prod", "a region", set_(_ACL, _CDN, region=UNKNOWN)),
    ("15.3a", "prod", "rules", set_(_ACL, _CDN, rules=UNKNOWN)),
    ("15.4", "prod", "a limit", _said("rate", "rateBasedStatement", limit=UNKNOWN)),
    ("15.5", "prod", "a policy", set_(_BUCKET_POLICY, _LOGS, policy=UNKNOWN)),
    ("15.5", "prod", "a destination", refer(_LOGGING, "firewall-api-logs", "logDestinationConfigs", value=[UNKNOWN])),
    ("15.5", "prod", "what is logged", set_(_LOGGING, "firewall-api-logs", loggingFilter=UNKNOWN)),
    ("15.6b", "prod", "an action", _rule("cross-site-scripting", action=UNKNOWN)),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


def test_common_rules_that_all_block_are_no_deviation() -> None:
    changed = _group("common", ruleActionOverrides=None)(whole("prod"))
    assert verdict("15.3a", changed).word == "pass"


def test_a_rule_of_ones_own_against_sql_injection_is_as_good_as_the_group() -> None:
    def own(rules: dict[str, dict[str, Any]]) -> None:
        parts = [{"body": {"oversizeHandling": "MATCH"}}, {"allQueryArguments": {}}]
        statements = [{"sqliMatchStatement": {"fieldToMatch": part}} for part in parts]
        rules["sql-injection"] |= {"overrideAction": None, "action": {"block": {}}}
        rules["sql-injection"]["statement"] = {"orStatement": {"statements": statements}}

    assert verdict("15.6a", _rules(own)(whole("prod"))).word == "pass"


def test_a_policy_that_compares_no_numbers_refuses_nobody() -> None:
    odd = json.loads('{"NumericLessThan": {"s3:TlsVersion": "new"}}')
    assert verdict("15.5", _delivered("RefuseOldTls", Condition=odd)(whole("prod"))).word == "pass"
