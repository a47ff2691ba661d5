"""Requirement 15: web ACLs, what they stand before, what they block and where they log; 07.10 and 10.9."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from criteria.common.buckets import BUCKET_POLICY
from criteria.common.lookups import BUCKET, Word, best, follow, whole, worst
from criteria.common.rest_api import STAGE
from criteria.common.rights import Call, allowed, on, one
from plumbline.graph import UNKNOWN, Resource, StackGraph
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

ACL = "aws:wafv2/webAcl:WebAcl"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
_GLOBAL_REGION = "us-east-1"  # where web ACLs for CloudFront live, and their logs come from
_REPUTATION = "AWSManagedRulesAmazonIpReputationList"
_SQL_INJECTION = "AWSManagedRulesSQLiRuleSet"
_DELIVERY = "delivery.logs.amazonaws.com"
_BODY_RULE = "SizeRestrictions_BODY"
_MOST_INSPECTED = 65_536
_DECISION_BODIES = 64
_BODY, _QUERY = {"body", "jsonBody"}, {"queryString", "allQueryArguments"}
Rule = Mapping[str, Any]


@criterion("TRADING-07.10")
def before_stages(subject: Subject) -> Verdict:
    """A regional ACL is put before every stage of an API."""
    graph = subject.graph
    findings = [
        Finding(stage, "arn", best(_puts(graph, part, stage) for part in graph.of_type(ASSOCIATION)))
        for stage in graph.of_type(STAGE)
    ]
    return combine(findings, "stages of the API", "have a regional web ACL before them")


def _puts(graph: StackGraph, association: Resource, stage: Resource) -> Word:
    acl, known = one(graph, association, "webAclArn", ACL)
    return worst([_leads(graph, association, "resourceArn", stage), _scope(acl, "REGIONAL") if acl else known])


def _leads(graph: StackGraph, part: Resource, path: str, owner: Resource) -> Word:
    link = follow(graph, part, path, owner.type)
    if link.certain:
        return "pass" if link.has(owner) else "fail"
    return "unknown" if link.has(owner) or not link.to else "fail"


def _scope(acl: Resource, scope: str) -> Word:
    return claim(acl, "scope", lambda given: given == scope).word


@criterion("TRADING-10.9")
def before_distributions(subject: Subject) -> Verdict:
    """Every distribution names an ACL of the stack that is for CloudFront."""
    findings = [
        Finding(found, "webAclId", _names(subject.graph, found)) for found in subject.graph.of_type(DISTRIBUTION)
    ]
    return combine(findings, "distributions", "have a web ACL for CloudFront before them")


def _names(graph: StackGraph, distribution: Resource) -> Word:
    acl, known = one(graph, distribution, "webAclId", ACL)
    return _scope(acl, "CLOUDFRONT") if acl else known


@criterion("TRADING-15.1")
def for_api(subject: Subject) -> Verdict:
    """Each regional ACL stands before a stage of an API."""
    graph = subject.graph
    stages, associations = graph.of_type(STAGE), graph.of_type(ASSOCIATION)
    findings = []
    for acl in _of_scope(graph, "REGIONAL"):
        words = [
            worst([_leads(graph, part, "webAclArn", acl), _leads(graph, part, "resourceArn", stage)])
            for part in associations
            for stage in stages
        ]
        findings.append(Finding(acl, "scope", worst([_scope(acl, "REGIONAL"), best(words)])))
    return combine(findings, "web ACLs of scope REGIONAL", "stand before the API")


@criterion("TRADING-15.2")
def for_cloudfront(subject: Subject) -> Verdict:
    """Each ACL for CloudFront lives where those do, and a distribution names it."""
    graph = subject.graph
    findings = []
    for acl in _of_scope(graph, "CLOUDFRONT"):
        named = best(_leads(graph, found, "webAclId", acl) for found in graph.of_type(DISTRIBUTION))
        region = claim(acl, "region", lambda given: given == _GLOBAL_REGION, default=subject.settings.get("region"))
        findings.append(Finding(acl, "region", worst([_scope(acl, "CLOUDFRONT"), region.word, named])))
    return combine(findings, "web ACLs of scope CLOUDFRONT", "stand before a distribution")


def _of_scope(graph: StackGraph, scope: str) -> list[Resource]:
    """Return the ACLs of a scope, and those whose scope is not known yet."""
    return [acl for acl in graph.of_type(ACL) if acl.get("scope") in (scope, UNKNOWN)]


@criterion("TRADING-15.3a")
def common_rules(subject: Subject) -> Verdict:
    """Every ACL has the common rules, whose limit to bodies may give way to another one."""
    name = subject.facts["rule_group"]
    raised = [acl for acl in subject.graph.of_type(ACL) if _counted(acl, name)]

    def holds(rules: list[Rule]) -> bool:
        return _has_group(rules, name, (_BODY_RULE,) if _limits_bodies(rules) else ())

    return _every(subject, holds, f"block what {name} finds", _DECISION_BODIES if raised else 0)


def _counted(acl: Resource, name: str) -> set[str]:
    """Return the rules of a group that do not block, as far as they are known."""
    groups = [_group(rule) for rule in _rows(acl.get("rules"))]
    return {rule for group in groups if group.get("name") == name for rule in _weakened(group)}


@criterion("TRADING-15.3b")
def bad_inputs(subject: Subject) -> Verdict:
    name = subject.facts["rule_group"]
    return _every(subject, lambda rules: _has_group(rules, name), f"block what {name} finds")


@criterion("TRADING-15.4")
def rate(subject: Subject) -> Verdict:
    """Every ACL blocks addresses that send more than so many requests in the window."""
    facts = subject.facts

    def holds(rules: list[Rule]) -> bool:
        return any(
            said.get("limit") == facts["requests"]
            and said.get("evaluationWindowSec", 300) == facts["window_minutes"] * 60
            and said.get("aggregateKeyType") == facts["aggregate"]
            and said.get("scopeDownStatement") is None
            for said in (_said(rule, "rateBasedStatement") for rule in rules)
        )

    text = f"block an address after {facts['requests']} requests in {facts['window_minutes']} minutes"
    return _every(subject, holds, text)


@criterion("TRADING-15.5")
def logs(subject: Subject) -> Verdict:
    """Each ACL logs to a bucket of the stack, whose policy lets the logs be delivered."""
    graph = subject.graph
    findings = []
    for acl in graph.of_type(ACL):
        words = [
            worst([_leads(graph, part, "resourceArn", acl), _is_delivered(subject, acl, part)])
            for part in graph.of_type(LOGGING)
        ]
        findings.append(Finding(acl, "arn", best(words)))
    return combine(findings, "web ACLs", "log to a bucket")


def _is_delivered(subject: Subject, acl: Resource, logging: Resource) -> Word:
    bucket, known = one(subject.graph, logging, "logDestinationConfigs", BUCKET)
    whole_log = claim(logging, "loggingFilter", lambda filter_: filter_ is None).word
    if bucket is None or whole_log != "pass":
        return worst([known, whole_log])
    written, name, scope = on(subject.graph, bucket, BUCKET_POLICY, "bucket"), bucket.get("bucket"), acl.get("scope")
    if written is None or UNKNOWN in (name, scope):
        return "unknown"
    account = subject.settings.get("account_id")
    region = _GLOBAL_REGION if scope == "CLOUDFRONT" else subject.settings.get("region")
    sent = {
        "aws:sourceaccount": str(account),
        "aws:sourcearn": f"arn:aws:logs:{region}:{account}:delivery-source:web-acl",
        "aws:securetransport": "true",
        "s3:tlsversion": "1.3",
        "s3:x-amz-acl": "bucket-owner-full-control",
    }
    key = f"arn:aws:s3:::{name}/AWSLogs/{account}/WAFLogs/{region}/web-acl/2026/01/01/00/00/log.gz"
    return "pass" if allowed(written, Call("s3:PutObject", key, _DELIVERY, sent)) else "fail"


@criterion("TRADING-15.6a")
def sql_injection(subject: Subject) -> Verdict:
    """Every ACL blocks SQL injection, by AWS's group or by a rule of its own."""

    def holds(rules: list[Rule]) -> bool:
        return _has_group(rules, _SQL_INJECTION) or _inspects(rules, "sqliMatchStatement")

    return _every(subject, holds, "block SQL injection")


@criterion("TRADING-15.6b")
def scripts(subject: Subject) -> Verdict:
    """Every ACL has a rule of its own against cross-site scripting, besides what the common rules find."""
    return _every(subject, lambda rules: _inspects(rules, "xssMatchStatement"), "block cross-site scripting")


@criterion("TRADING-15.7")
def reputation(subject: Subject) -> Verdict:
    return _every(subject, lambda rules: _has_group(rules, _REPUTATION), "block addresses of bad reputation")


def _every(subject: Subject, holds: Callable[[list[Rule]], bool], text: str, decision: int = 0) -> Verdict:
    """Judge the rules of every ACL that block whatever comes, once all rules are known."""
    findings = [
        whole(acl, "rules", lambda rules: holds(_blocking(rules)), default=[]) for acl in subject.graph.of_type(ACL)
    ]
    return combine(findings, "web ACLs", text, decision)


def _blocking(rules: Any) -> list[Rule]:
    """Return the rules that block. After one that allows, a request has passed all others."""
    found = []
    for rule in sorted(_rows(rules), key=_priority):
        if _does(rule, "action", "allow"):
            break
        if _does(rule, "action", "block") or _does(rule, "overrideAction", "none"):
            found.append(rule)
    return found


def _priority(rule: Rule) -> float:
    given = rule.get("priority")
    return given if isinstance(given, int | float) else 0


def _rows(rules: Any) -> list[Rule]:
    return [rule for rule in rules if isinstance(rule, Mapping)] if isinstance(rules, list) else []


def _does(rule: Rule, property_: str, action: str) -> bool:
    given = rule.get(property_)
    return isinstance(given, Mapping) and given.get(action) is not None


def _said(rule: Rule, kind: str) -> Rule:
    """Return what a rule's statement of a kind says, nothing where it has none."""
    statement = rule.get("statement")
    said = statement.get(kind) if isinstance(statement, Mapping) else None
    return said if isinstance(said, Mapping) else {}


def _group(rule: Rule) -> Rule:
    return _said(rule, "managedRuleGroupStatement")


def _has_group(rules: list[Rule], name: str, may_count: tuple[str, ...] = ()) -> bool:
    """Say whether a managed group of AWS inspects all requests, and all its rules block but those that may count."""
    return any(
        (group.get("vendorName"), group.get("name")) == ("AWS", name)
        and group.get("scopeDownStatement") is None
        and _weakened(group) <= set(may_count)
        for group in map(_group, rules)
    )


def _weakened(group: Rule) -> set[str]:
    """Return the rules of a group that do something else than they were made for, and not block either."""
    rows = _rows(group.get("ruleActionOverrides"))
    return {str(row.get("name")) for row in rows if not _does(row, "actionToUse", "block")}


def _limits_bodies(rules: list[Rule]) -> bool:
    """Say whether a rule blocks bodies that are larger than what AWS WAF can inspect."""
    for said in (_said(rule, "sizeConstraintStatement") for rule in rules):
        body = _said({"statement": said.get("fieldToMatch")}, "body")
        size, larger = said.get("size"), said.get("comparisonOperator") in ("GT", "GE")
        is_seen = isinstance(size, int | float) and size <= _MOST_INSPECTED
        if larger and is_seen and body.get("oversizeHandling") == "MATCH":
            return True
    return False


def _inspects(rules: list[Rule], kind: str) -> bool:
    """Say whether rules inspect both bodies and query strings for an attack."""
    parts = {part for rule in rules for part in _parts(rule.get("statement"), kind)}
    return bool(parts & _BODY) and bool(parts & _QUERY)


def _parts(statement: Any, kind: str) -> Iterator[str]:
    """Yield the parts of a request that a statement of a kind, or any of several, inspects."""
    rule = {"statement": statement}
    field = _said(rule, kind).get("fieldToMatch")
    yield from (part for part, said in field.items() if said is not None) if isinstance(field, Mapping) else ()
    for inner in _rows(_said(rule, "orStatement").get("statements")):
        yield from _parts(inner, kind)
