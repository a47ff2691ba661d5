"""components.firewall: what a web ACL blocks, in which order, what it protects, and what its logs leave out."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws
import pytest

from components.firewall import WebFirewall, WebFirewallArgs
from plumbline.graph import Resource, StackGraph
from tests.components.programs import NAMING, graph_of, named, names, needs, only, present

ACL = "aws:wafv2/webAcl:WebAcl"
LOGS = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
BUCKET_ARN = "arn:aws:s3:::aws-waf-logs-test"
STAGE_ARN = "arn:aws:apigateway:us-east-1::/restapis/a1b2c3/stages/v1"


def args(**changes: Any) -> WebFirewallArgs:
    whole: dict[str, Any] = {
        "naming": NAMING,
        "name": "api",
        "scope": "REGIONAL",
        "description": "Stands before the API",
        "requests_per_five_minutes": 2000,
        "injection_rules": False,
        "log_bucket_arn": BUCKET_ARN,
        **changes,
    }
    return WebFirewallArgs(**whole)


def graph(**changes: Any) -> StackGraph:
    return graph_of(lambda: WebFirewall("firewall", args(**changes)))


def acl(**changes: Any) -> Resource:
    return only(graph(**changes), ACL)


def statements(**changes: Any) -> dict[str, Any]:
    """Return the statements by the names of their rules, in the order in which they look at a request."""
    rules = sorted(present(acl(**changes).inputs["rules"]), key=lambda rule: rule["priority"])
    return {rule["name"]: rule["statement"] for rule in rules}


def group(name: str, **more: Any) -> dict[str, Any]:
    return {"managedRuleGroupStatement": {"vendorName": "AWS", "name": name, **more}}


def transformations(*types: str) -> list[dict[str, Any]]:
    return [{"priority": priority, "type": type_} for priority, type_ in enumerate(types)]


def scripts(place: dict[str, Any], first: str) -> dict[str, Any]:
    steps = transformations(first, "HTML_ENTITY_DECODE")
    return {"xssMatchStatement": {"fieldToMatch": place, "textTransformations": steps}}


def test_an_acl_lets_through_what_no_rule_blocks_and_measures_without_samples() -> None:
    inputs = present(acl().inputs)
    inputs.pop("rules")
    assert inputs == {
        "name": "test-api",
        "description": "Stands before the API",
        "scope": "REGIONAL",
        "defaultAction": {"allow": {}},
        "visibilityConfig": {
            "cloudwatchMetricsEnabled": True,
            "metricName": "test-api",
            "sampledRequestsEnabled": False,
        },
    }


def test_bad_addresses_and_too_many_requests_are_stopped_before_requests_are_inspected() -> None:
    rate = {"limit": 2000, "evaluationWindowSec": 300, "aggregateKeyType": "IP"}
    found = statements()
    assert list(found) == ["ip-reputation", "rate", "common", "known-bad-inputs"]
    assert found == {
        "ip-reputation": group("AWSManagedRulesAmazonIpReputationList"),
        "rate": {"rateBasedStatement": rate},
        "common": group("AWSManagedRulesCommonRuleSet"),
        "known-bad-inputs": group("AWSManagedRulesKnownBadInputsRuleSet"),
    }


def test_injection_rules_come_last() -> None:
    found = statements(injection_rules=True)
    assert list(found)[-2:] == ["sql-injection", "cross-site-scripting"]
    assert found["sql-injection"] == group("AWSManagedRulesSQLiRuleSet")


def test_scripts_are_sought_in_path_query_and_body_behind_their_encodings() -> None:
    places = [
        scripts({"uriPath": {}}, "URL_DECODE"),
        scripts({"queryString": {}}, "URL_DECODE"),
        scripts({"body": {"oversizeHandling": "CONTINUE"}}, "JS_DECODE"),
    ]
    assert statements(injection_rules=True)["cross-site-scripting"] == {"orStatement": {"statements": places}}


def test_a_longer_body_is_inspected_whole_and_the_common_rules_only_count_it() -> None:
    found = statements(body_kb=64)
    assert list(found) == ["ip-reputation", "rate", "body-size", "common", "known-bad-inputs"]
    assert found["body-size"] == {
        "sizeConstraintStatement": {
            "fieldToMatch": {"body": {"oversizeHandling": "MATCH"}},
            "comparisonOperator": "GT",
            "size": 65_536,
            "textTransformations": transformations("NONE"),
        }
    }
    counted = [{"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}]
    assert found["common"] == group("AWSManagedRulesCommonRuleSet", ruleActionOverrides=counted)
    assert present(acl(body_kb=64).inputs["associationConfig"]) == {
        "requestBodies": [{"apiGateway": {"defaultSizeInspectionLimit": "KB_64"}}]
    }


def test_rules_block_and_groups_keep_the_actions_of_their_rules() -> None:
    rules = present(acl(injection_rules=True, body_kb=16).inputs["rules"])
    assert {rule["name"]: (rule.get("action"), rule.get("overrideAction")) for rule in rules} == {
        "ip-reputation": (None, {"none": {}}),
        "rate": ({"block": {}}, None),
        "body-size": ({"block": {}}, None),
        "common": (None, {"none": {}}),
        "known-bad-inputs": (None, {"none": {}}),
        "sql-injection": (None, {"none": {}}),
        "cross-site-scripting": ({"block": {}}, None),
    }


def test_each_rule_has_a_metric_of_its_own() -> None:
    rules = present(acl().inputs["rules"])
    assert [rule["visibilityConfig"] for rule in rules] == [
        {"cloudwatchMetricsEnabled": True, "metricName": f"test-api-{rule['name']}", "sampledRequestsEnabled": False}
        for rule in rules
    ]


def test_every_request_is_logged_without_the_headers_that_prove_who_calls() -> None:
    found = only(graph(), LOGS)
    headers = ("authorization", "cookie", "x-api-key")
    assert {key: present(value) for key, value in found.inputs.items() if key != "resourceArn"} == {
        "logDestinationConfigs": [BUCKET_ARN],
        "redactedFields": [{"singleHeader": {"name": header}} for header in headers],
    }
    assert needs(found) == {"resourceArn": ("firewall-acl",)}


def test_logs_wait_for_what_lets_them_be_delivered() -> None:
    def program() -> None:
        bucket = aws.s3.Bucket("bucket", bucket="aws-waf-logs-test")
        WebFirewall("firewall", args(log_bucket_arn=bucket.arn, needs=(bucket,)))

    found = only(graph_of(program), LOGS)
    assert needs(found)["logDestinationConfigs"] == ("bucket",)
    assert names(found.dependencies) == ("bucket", "firewall-acl")


def test_a_regional_acl_stands_before_what_it_protects() -> None:
    made = graph(protects={"stage": STAGE_ARN})
    found = named(made, "firewall-stage")
    assert (found.type, found.inputs["resourceArn"]) == (ASSOCIATION, STAGE_ARN)
    assert needs(found) == {"webAclArn": ("firewall-acl",)}


def test_an_acl_for_cloudfront_lives_in_the_global_region_with_its_logs() -> None:
    made = graph(scope="CLOUDFRONT")
    assert [only(made, type_).inputs["region"] for type_ in (ACL, LOGS)] == ["us-east-1", "us-east-1"]
    assert only(made, ACL).inputs["scope"] == "CLOUDFRONT"
    assert made.of_type(ASSOCIATION) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"protects": {"stage": STAGE_ARN}}, "protects: given; allowed: none, since a distribution names its"),
        ({"body_kb": 64}, "body_kb: 64 given; allowed: none, since it is about API Gateway stages"),
    ],
)
def test_an_acl_for_cloudfront_is_refused_what_only_a_regional_one_does(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        args(scope="CLOUDFRONT", **changes)
