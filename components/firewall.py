"""Web ACLs of AWS WAF: bad addresses, too many requests, common attacks, injection; with logs (requirement 15).

What a rule of a managed group inspects is described in "AWS Managed Rules rule groups list" of the AWS WAF guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi
import pulumi_aws as aws

from components.account import GLOBAL_REGION
from components.naming import Naming

Scope = Literal["CLOUDFRONT", "REGIONAL"]
# Headers that prove who calls. The logs are read by people who must not be able to call in somebody's name.
SECRET_HEADERS = ("authorization", "cookie", "x-api-key")
_WINDOW_SECONDS = 300
# The rule of the common group that blocks bodies of more than 8 KB.
_BODY_RULE = "SizeRestrictions_BODY"
_FOR_TEXT = ("URL_DECODE", "HTML_ENTITY_DECODE")
_FOR_JSON = ("JS_DECODE", "HTML_ENTITY_DECODE")  # JSON escapes characters as JavaScript does


@dataclass(frozen=True, kw_only=True)
class WebFirewallArgs:
    """One web ACL.

    `name` is the ACL's, without the environment. `protects` are the ARNs of what a REGIONAL ACL stands before, such as
    stages of REST APIs, by logical name; a distribution names its CLOUDFRONT ACL itself. `requests_per_five_minutes`
    is what one address may send. `injection_rules` adds rules against SQL injection and cross-site scripting.
    `body_kb` is the longest body in KB that an API Gateway stage takes, and all of it is inspected; None leaves it at
    the 8 KB of the common rules. `log_bucket_arn` is that of a bucket whose name begins with aws-waf-logs-, and
    `needs` are what has to be there before logs can be delivered, such as the bucket's policy.
    """

    naming: Naming
    name: str
    scope: Scope
    description: str
    requests_per_five_minutes: int
    injection_rules: bool
    log_bucket_arn: pulumi.Input[str]
    needs: tuple[pulumi.Resource, ...] = ()
    protects: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    body_kb: Literal[16, 32, 48, 64] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError where a CLOUDFRONT ACL is asked for what only a REGIONAL one can do."""
        if self.scope == "CLOUDFRONT" and self.protects:
            raise ValueError("protects: given; allowed: none, since a distribution names its CLOUDFRONT ACL itself")
        if self.scope == "CLOUDFRONT" and self.body_kb is not None:
            raise ValueError(f"body_kb: {self.body_kb} given; allowed: none, since it is about API Gateway stages")


class WebFirewall(pulumi.ComponentResource):
    """A web ACL that lets through what no rule blocks, and logs every request. `arn` is the ACL's."""

    def __init__(self, name: str, args: WebFirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:WebFirewall", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        region = GLOBAL_REGION if args.scope == "CLOUDFRONT" else None
        acl_name = args.naming.exact("web_acl", args.name)
        self.resource = aws.wafv2.WebAcl(
            f"{name}-acl",
            name=acl_name,
            description=args.description,
            scope=args.scope,
            region=region,
            default_action={"allow": {}},
            rules=list(_rules(args, acl_name)),
            association_config=_inspected(args.body_kb) if args.body_kb else None,
            visibility_config=_visibility(acl_name),
            opts=child,
        )
        self.arn: pulumi.Output[str] = self.resource.arn
        aws.wafv2.WebAclLoggingConfiguration(
            f"{name}-logs",
            resource_arn=self.arn,
            log_destination_configs=[args.log_bucket_arn],
            redacted_fields=[{"single_header": {"name": header}} for header in SECRET_HEADERS],
            region=region,
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=list(args.needs))),
        )
        for protected, arn in args.protects.items():
            aws.wafv2.WebAclAssociation(f"{name}-{protected}", resource_arn=arn, web_acl_arn=self.arn, opts=child)
        self.register_outputs({"arn": self.arn})


def _visibility(metric: str) -> aws.wafv2.WebAclVisibilityConfigArgsDict:
    # Samples show requests with all their headers, and the logs have every request without the secret ones.
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": False}


def _inspected(kilobytes: int) -> aws.wafv2.WebAclAssociationConfigArgsDict:
    return {"request_bodies": [{"api_gateway": {"default_size_inspection_limit": f"KB_{kilobytes}"}}]}


def _rules(args: WebFirewallArgs, acl_name: str) -> Iterator[aws.wafv2.WebAclRuleArgsDict]:
    """Yield the rules in the order in which they look at a request: the cheapest to decide first."""
    for priority, (name, statement) in enumerate(_statements(args).items()):
        rule: aws.wafv2.WebAclRuleArgsDict = {
            "name": name,
            "priority": priority,
            "statement": statement,
            "visibility_config": _visibility(f"{acl_name}-{name}"),
        }
        # The rules of a group have actions of their own, which stand.
        if "managed_rule_group_statement" in statement:
            rule["override_action"] = {"none": {}}
        else:
            rule["action"] = {"block": {}}
        yield rule


def _statements(args: WebFirewallArgs) -> dict[str, aws.wafv2.WebAclRuleStatementArgsDict]:
    found: dict[str, aws.wafv2.WebAclRuleStatementArgsDict] = {
        "ip-reputation": _group("AWSManagedRulesAmazonIpReputationList"),
        "rate": {
            "rate_based_statement": {
                "limit": args.requests_per_five_minutes,
                "evaluation_window_sec": _WINDOW_SECONDS,
                "aggregate_key_type": "IP",
            }
        },
    }
    if args.body_kb is not None:
        found["body-size"] = _larger_body(args.body_kb)
    counted = (_BODY_RULE,) if args.body_kb is not None else ()
    found["common"] = _group("AWSManagedRulesCommonRuleSet", counted)
    found["known-bad-inputs"] = _group("AWSManagedRulesKnownBadInputsRuleSet")
    if args.injection_rules:
        found["sql-injection"] = _group("AWSManagedRulesSQLiRuleSet")
        found["cross-site-scripting"] = _scripts()
    return found


def _group(name: str, counted: tuple[str, ...] = ()) -> aws.wafv2.WebAclRuleStatementArgsDict:
    """Return a managed group, of which the rules that are named count and do not block."""
    group: aws.wafv2.WebAclRuleStatementManagedRuleGroupStatementArgsDict = {"vendor_name": "AWS", "name": name}
    if counted:
        group["rule_action_overrides"] = [{"name": rule, "action_to_use": {"count": {}}} for rule in counted]
    return {"managed_rule_group_statement": group}


def _larger_body(kilobytes: int) -> aws.wafv2.WebAclRuleStatementArgsDict:
    return {
        "size_constraint_statement": {
            # A body of which WAF sees the beginning alone is larger than that too.
            "field_to_match": {"body": {"oversize_handling": "MATCH"}},
            "comparison_operator": "GT",
            "size": kilobytes * 1024,
            "text_transformations": _transformations(("NONE",)),
        }
    }


def _scripts() -> aws.wafv2.WebAclRuleStatementArgsDict:
    fields: list[tuple[aws.wafv2.WebAclRuleStatementXssMatchStatementFieldToMatchArgsDict, tuple[str, ...]]] = [
        ({"uri_path": {}}, _FOR_TEXT),
        ({"query_string": {}}, _FOR_TEXT),
        # Bodies that are too large to be seen whole are stopped by another rule.
        ({"body": {"oversize_handling": "CONTINUE"}}, _FOR_JSON),
    ]
    statements: list[aws.wafv2.WebAclRuleStatementArgsDict] = [
        {"xss_match_statement": {"field_to_match": place, "text_transformations": _transformations(types)}}
        for place, types in fields
    ]
    return {"or_statement": {"statements": statements}}


def _transformations(types: tuple[str, ...]) -> list[Any]:
    """Return transformations in the order in which they are applied. Each kind of statement has a type of its own."""
    return [{"priority": priority, "type": type_} for priority, type_ in enumerate(types)]
