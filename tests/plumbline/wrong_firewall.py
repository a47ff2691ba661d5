"""Wrong programs about web ACLs of AWS WAF, what they protect and where they log; and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import ACCOUNT, REGION, Wrong, provider
from tests.plumbline.wrong_stages import a_stage, ready

STAGE = f"arn:aws:apigateway:{REGION}::/restapis/a1b2c3/stages/live"
BUCKET = "arn:aws:s3:::aws-waf-logs-shop"
PLAIN = [{"priority": 0, "type": "NONE"}]
BLOCK: Mapping[str, Any] = {"action": {"block": {}}}
STAND: Mapping[str, Any] = {"override_action": {"none": {}}}


def metric(name: str) -> dict[str, Any]:
    return {"cloudwatch_metrics_enabled": True, "metric_name": name, "sampled_requests_enabled": False}


def rule(statement: Any, name: str = "one", priority: int = 0, **changes: Any) -> dict[str, Any]:
    """A rule that blocks, or keeps what the rules of its group do."""
    does = STAND if isinstance(statement, Mapping) and "managed_rule_group_statement" in statement else BLOCK
    whole = {"name": name, "priority": priority, "statement": statement, "visibility_config": metric(name), **does}
    return {key: value for key, value in {**whole, **changes}.items() if value is not None}


def group(**changes: Any) -> dict[str, Any]:
    whole = {"vendor_name": "AWS", "name": "AWSManagedRulesCommonRuleSet", **changes}
    return {"managed_rule_group_statement": whole}


def rate(**changes: Any) -> dict[str, Any]:
    return {"rate_based_statement": {"limit": 2000, "aggregate_key_type": "IP", **changes}}


def country(code: str = "DE") -> dict[str, Any]:
    return {"geo_match_statement": {"country_codes": [code]}}


def scripts(**changes: Any) -> dict[str, Any]:
    whole = {"field_to_match": {"query_string": {}}, "text_transformations": PLAIN, **changes}
    return {"xss_match_statement": whole}


def acl(*rules: Mapping[str, Any], name: str = "front", **changes: Any) -> aws.wafv2.WebAcl:
    whole = {
        "name": name,
        "scope": "REGIONAL",
        "default_action": {"allow": {}},
        "rules": list(rules),
        "visibility_config": metric(name),
        **changes,
    }
    return aws.wafv2.WebAcl(name, **whole)


def inspects(**changes: Any) -> None:
    acl(rule(scripts(**changes)))


def all_of(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"and_statement": {"statements": list(statements)}}


def protects(arn: Any, *, times: int = 1, of: aws.wafv2.WebAcl | None = None, **changes: Any) -> None:
    web_acl = of or acl()
    for index in range(times):
        aws.wafv2.WebAclAssociation(f"front-{index}", resource_arn=arn, web_acl_arn=web_acl.arn, **changes)


def twice_the_stage() -> None:
    stage = a_stage()
    protects(stage.arn, times=2)


def logs(*fields: Mapping[str, Any], times: int = 1, of: aws.wafv2.WebAcl | None = None, **changes: Any) -> None:
    web_acl = of or acl()
    for index in range(times):
        whole = {
            "resource_arn": web_acl.arn,
            "log_destination_configs": [BUCKET],
            "redacted_fields": list(fields) or None,
            **changes,
        }
        aws.wafv2.WebAclLoggingConfiguration(f"logs-{index}", **whole)


def header(name: str) -> dict[str, Any]:
    return {"single_header": {"name": name}}


def for_cloudfront(region: str | None = "us-east-1", **changes: Any) -> aws.wafv2.WebAcl:
    """A web ACL for CloudFront of a stack in another region."""
    opts = pulumi.ResourceOptions(provider=provider())
    return acl(rule(rate()), scope="CLOUDFRONT", region=region, opts=opts, **changes)


def logs_elsewhere() -> None:
    logs(of=for_cloudfront(), region="eu-west-1")


WRONG_FIREWALL = [
    Wrong("scope of a firewall", lambda: acl(scope="GLOBAL"), "scope", "'GLOBAL' given; allowed: CLOUDFRONT, REGIONAL"),
    Wrong(
        "firewall of cloudfront in another region",
        lambda: for_cloudfront(None),
        "region",
        "'eu-west-1' given; scope CLOUDFRONT needs us-east-1",
    ),
    Wrong("logs of a firewall elsewhere", logs_elsewhere, "region", "front is in us-east-1"),
    Wrong(
        "two default actions",
        lambda: acl(default_action={"allow": {}, "block": {}}),
        "defaultAction",
        "allow and block given; exactly one of allow, block",
    ),
    Wrong(
        "group with action",
        lambda: acl(rule(group(), **BLOCK)),
        "rules[0].action",
        "given; a rule with a rule group takes overrideAction",
    ),
    Wrong(
        "rate with override",
        lambda: acl(rule(rate(), **STAND)),
        "rules[0].overrideAction",
        "given; a rule without a rule group takes action",
    ),
    Wrong("firewall rule without action", lambda: acl(rule(rate(), action=None)), "rules[0].action", "missing"),
    Wrong(
        "two actions",
        lambda: acl(rule(rate(), action={"block": {}, "count": {}})),
        "rules[0].action",
        "block and count given; exactly one of allow, block",
    ),
    Wrong(
        "override that says nothing",
        lambda: acl(rule(group(), override_action={})),
        "rules[0].overrideAction",
        "nothing given; exactly one of count, none",
    ),
    Wrong(
        "two firewall rules of one name",
        lambda: acl(rule(rate()), rule(country(), priority=1)),
        "rules[1].name",
        "'one' given; another rule has it",
    ),
    Wrong(
        "two firewall rules of one priority",
        lambda: acl(rule(rate()), rule(country(), "two")),
        "rules[1].priority",
        "0 given; another rule has it",
    ),
    Wrong(
        "two statements",
        lambda: acl(rule({**rate(), **country()})),
        "rules[0].statement",
        "geoMatchStatement and rateBasedStatement given; exactly one statement",
    ),
    Wrong(
        "rate within a statement",
        lambda: acl(rule(all_of(rate(), country()))),
        "rules[0].statement.andStatement.statements[0].rateBasedStatement",
        "it can only be a rule's own",
    ),
    Wrong(
        "two parts of a request",
        lambda: inspects(field_to_match={"query_string": {}, "uri_path": {}}),
        "rules[0].statement.xssMatchStatement.fieldToMatch",
        "queryString and uriPath given; exactly one part",
    ),
    Wrong(
        "no part of a request",
        lambda: inspects(field_to_match=None),
        "rules[0].statement.xssMatchStatement.fieldToMatch",
        "missing",
    ),
    Wrong(
        "handling of large bodies",
        lambda: inspects(field_to_match={"body": {"oversize_handling": "BLOCK"}}),
        "rules[0].statement.xssMatchStatement.fieldToMatch.body.oversizeHandling",
        "'BLOCK' given; allowed: CONTINUE, MATCH, NO_MATCH",
    ),
    Wrong(
        "no transformation",
        lambda: inspects(text_transformations=[]),
        "rules[0].statement.xssMatchStatement.textTransformations",
        "missing; at least one is needed",
    ),
    Wrong(
        "transformations of one priority",
        lambda: inspects(text_transformations=[*PLAIN, {"priority": 0, "type": "LOWERCASE"}]),
        "rules[0].statement.xssMatchStatement.textTransformations",
        "priority 0 given twice",
    ),
    Wrong(
        "unknown transformation",
        lambda: inspects(text_transformations=[{"priority": 0, "type": "LOWER"}]),
        "rules[0].statement.xssMatchStatement.textTransformations[0].type",
        "'LOWER' given",
    ),
    Wrong(
        "limit of requests",
        lambda: acl(rule(rate(limit=9))),
        "rules[0].statement.rateBasedStatement.limit",
        "9 given; allowed: at least 10",
    ),
    Wrong(
        "window of a rate",
        lambda: acl(rule(rate(evaluation_window_sec=180))),
        "rules[0].statement.rateBasedStatement.evaluationWindowSec",
        "180 given; allowed: 60, 120, 300, 600",
    ),
    Wrong(
        "forwarded address without header",
        lambda: acl(rule(rate(aggregate_key_type="FORWARDED_IP"))),
        "rules[0].statement.rateBasedStatement.forwardedIpConfig",
        "missing; aggregateKeyType FORWARDED_IP needs it",
    ),
    Wrong(
        "too many capacity units",
        lambda: acl(*(rule(group(), f"group-{index}", index) for index in range(8))),
        "rules",
        "5600 capacity units needed; allowed: at most 5000",
    ),
    Wrong(
        "association with cloudfront",
        lambda: protects(STAGE, of=acl(scope="CLOUDFRONT", region="us-east-1")),
        "webAclArn",
        "is of scope CLOUDFRONT; a distribution names its web ACL itself",
    ),
    Wrong(
        "firewall of a bucket",
        lambda: protects("arn:aws:s3:::pages"),
        "resourceArn",
        "'arn:aws:s3:::pages' given; allowed: the ARN of a stage",
    ),
    Wrong(
        "firewall of an api",
        lambda: protects(ready().api.arn),
        "resourceArn",
        "shop given; allowed: a stage of the API",
    ),
    Wrong(
        "two firewalls of a stage",
        twice_the_stage,
        "resourceArn",
        "front-0 has put a web ACL before it already",
    ),
    Wrong(
        "two firewalls of a known stage",
        lambda: protects(STAGE, times=2),
        "resourceArn",
        "front-0 has put a web ACL before it already",
    ),
    Wrong(
        "two log destinations",
        lambda: logs(log_destination_configs=[BUCKET, f"{BUCKET}-2"]),
        "logDestinationConfigs",
        "2 given; a web ACL logs to one",
    ),
    Wrong("two log configurations", lambda: logs(times=2), "resourceArn", "says already where"),
    Wrong(
        "redacted header in capitals",
        lambda: logs(header("Authorization")),
        "redactedFields[0].singleHeader.name",
        "'Authorization' given; allowed: 1 to 40 small letters",
    ),
    Wrong(
        "redacted field of two parts",
        lambda: logs({**header("cookie"), "method": {}}),
        "redactedFields[0]",
        "method and singleHeader given; exactly one part",
    ),
]
SOUND_FIREWALL: dict[str, Callable[[], Any]] = {
    "firewall": lambda: acl(rule(group()), rule(rate(evaluation_window_sec=600), "two", 1)),
    "firewall of a stage": lambda: protects(a_stage().arn),
    "firewall of a load balancer": lambda: protects(
        f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/shop/50dc6c495c0c9188"
    ),
    "firewall of cloudfront": lambda: logs(header("x-api-key"), {"query_string": {}}, of=for_cloudfront()),
    "marketplace group": lambda: acl(
        *(rule(group(vendor_name="Shop", name=f"Rules-{index}"), f"group-{index}", index) for index in range(8))
    ),
    "part of what a group inspects": lambda: acl(rule(group(scope_down_statement=country()))),
    "statement of statements": lambda: acl(rule(all_of(scripts(), {"not_statement": {"statement": country()}}))),
    "rate of what is forwarded": lambda: acl(
        rule(
            rate(
                aggregate_key_type="FORWARDED_IP",
                forwarded_ip_config={"header_name": "X-Forwarded-For", "fallback_behavior": "MATCH"},
            )
        )
    ),
}
