"""The in-process AWS holds the web ACLs that a program declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from tests.plumbline.rehearsals import ACCOUNT, REGION, client, inside, part, readers, rehearse

BUCKET = "arn:aws:s3:::aws-waf-logs-shop"
METRIC = {"CloudWatchMetricsEnabled": True, "MetricName": "front", "SampledRequestsEnabled": False}
STEPS = [{"Priority": 0, "Type": "URL_DECODE"}]
COUNT = {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}
RULES: list[dict[str, Any]] = [
    {
        "Name": "common",
        "Priority": 0,
        "OverrideAction": {"None": {}},
        "VisibilityConfig": METRIC,
        "Statement": {
            "ManagedRuleGroupStatement": {
                "VendorName": "AWS",
                "Name": "AWSManagedRulesCommonRuleSet",
                "RuleActionOverrides": [COUNT],
            }
        },
    },
    {
        "Name": "scripts",
        "Priority": 1,
        "Action": {"Block": {}},
        "VisibilityConfig": METRIC,
        "Statement": {
            "OrStatement": {
                "Statements": [
                    {"XssMatchStatement": {"FieldToMatch": {"UriPath": {}}, "TextTransformations": STEPS}},
                    {
                        "XssMatchStatement": {
                            "FieldToMatch": {"Body": {"OversizeHandling": "CONTINUE"}},
                            "TextTransformations": STEPS,
                        }
                    },
                ]
            }
        },
    },
    {
        "Name": "rate",
        "Priority": 2,
        "Action": {"Block": {}},
        "VisibilityConfig": METRIC,
        "Statement": {"RateBasedStatement": {"Limit": 2000, "EvaluationWindowSec": 300, "AggregateKeyType": "IP"}},
    },
]


def declared(place: dict[str, Any]) -> dict[str, Any]:
    steps = [{"priority": 0, "type": "URL_DECODE"}]
    return {"xss_match_statement": {"field_to_match": place, "text_transformations": steps}}


def a_stage(opts: pulumi.ResourceOptions) -> aws.apigateway.Stage:
    rest = aws.apigateway.RestApi("rest", name="orders", opts=opts)
    place = {"rest_api": rest.id, "resource_id": rest.root_resource_id, "http_method": "GET"}
    get = aws.apigateway.Method("get", authorization="NONE", **place, opts=opts)
    mock = aws.apigateway.Integration(
        "mock", type="MOCK", **place, opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[get]))
    )
    deployment = aws.apigateway.Deployment(
        "deployment",
        rest_api=rest.id,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[mock])),
    )
    return aws.apigateway.Stage("stage", rest_api=rest.id, deployment=deployment.id, stage_name="v1", opts=opts)


def firewalls() -> None:
    """Register an ACL of each scope, with logs, and put one before a stage."""
    opts = inside()
    bucket = aws.s3.Bucket("bucket", bucket="aws-waf-logs-shop", opts=opts)
    metric = {"cloudwatch_metrics_enabled": True, "metric_name": "front", "sampled_requests_enabled": False}
    counted = [{"name": "SizeRestrictions_BODY", "action_to_use": {"count": {}}}]
    group = {"vendor_name": "AWS", "name": "AWSManagedRulesCommonRuleSet", "rule_action_overrides": counted}
    scripts = [declared({"uri_path": {}}), declared({"body": {"oversize_handling": "CONTINUE"}})]
    rate = {"limit": 2000, "evaluation_window_sec": 300, "aggregate_key_type": "IP"}
    regional = aws.wafv2.WebAcl(
        "regional",
        name="front",
        description="Before the API",
        scope="REGIONAL",
        default_action={"allow": {}},
        visibility_config=metric,
        association_config={"request_bodies": [{"api_gateway": {"default_size_inspection_limit": "KB_64"}}]},
        rules=[
            {
                "name": "common",
                "priority": 0,
                "override_action": {"none": {}},
                "visibility_config": metric,
                "statement": {"managed_rule_group_statement": group},
            },
            {
                "name": "scripts",
                "priority": 1,
                "action": {"block": {}},
                "visibility_config": metric,
                "statement": {"or_statement": {"statements": scripts}},
            },
            {
                "name": "rate",
                "priority": 2,
                "action": {"block": {}},
                "visibility_config": metric,
                "statement": {"rate_based_statement": rate},
            },
        ],
        tags={"Owner": "team"},
        opts=opts,
    )
    aws.wafv2.WebAclAssociation("front", resource_arn=a_stage(opts).arn, web_acl_arn=regional.arn, opts=opts)
    cloudfront = aws.wafv2.WebAcl(
        "cloudfront",
        name="front",
        scope="CLOUDFRONT",
        region="us-east-1",
        default_action={"block": {}},
        visibility_config=metric,
        opts=opts,
    )
    for acl, name, region in ((regional, "regional", None), (cloudfront, "cloudfront", "us-east-1")):
        aws.wafv2.WebAclLoggingConfiguration(
            f"{name}-logs",
            resource_arn=acl.arn,
            log_destination_configs=[bucket.arn],
            redacted_fields=[{"single_header": {"name": "cookie"}}, {"query_string": {}}],
            region=region,
            opts=opts,
        )


def look() -> dict[str, Any]:
    """Ask the sandbox for everything, with clients of our own."""
    waf, gateway = client("wafv2"), client("apigateway")
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
    central = session.client("wafv2")
    [row] = waf.list_web_acls(Scope="REGIONAL")["WebACLs"]
    [other] = central.list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
    [api] = gateway.get_rest_apis()["items"]
    return {
        "regional": waf.get_web_acl(Name="front", Scope="REGIONAL", Id=row["Id"])["WebACL"],
        "cloudfront": central.get_web_acl(Name="front", Scope="CLOUDFRONT", Id=other["Id"])["WebACL"],
        "tags": waf.list_tags_for_resource(ResourceARN=row["ARN"])["TagInfoForResource"]["TagList"],
        "stage": gateway.get_stage(restApiId=api["id"], stageName="v1")["webAclArn"],
        "logs": waf.get_logging_configuration(ResourceArn=row["ARN"])["LoggingConfiguration"],
        "other logs": central.get_logging_configuration(ResourceArn=other["ARN"])["LoggingConfiguration"],
    }


whole, seen, identity, outputs = readers(firewalls, look)


def test_an_acl_holds_its_rules_as_aws_writes_them() -> None:
    expected = {
        "Name": "front",
        "Description": "Before the API",
        "DefaultAction": {"Allow": {}},
        "VisibilityConfig": METRIC,
        "AssociationConfig": {"RequestBody": {"API_GATEWAY": {"DefaultSizeInspectionLimit": "KB_64"}}},
        "Rules": RULES,
    }
    assert part(seen("regional"), expected) == expected
    assert seen("tags") == [{"Key": "Owner", "Value": "team"}]


def test_an_acl_for_cloudfront_is_a_global_one_of_us_east_1() -> None:
    assert seen("cloudfront")["DefaultAction"] == {"Block": {}}
    expected = f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/front/{identity('cloudfront')}"
    assert outputs("cloudfront")["arn"] == expected


def test_an_acl_stands_before_the_stage() -> None:
    arn = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/front/{identity('regional')}"
    assert (outputs("regional")["arn"], seen("stage")) == (arn, arn)
    assert identity("front") == f"{arn},{outputs('stage')['arn']}"


@pytest.mark.parametrize(("name", "logs"), [("regional", "logs"), ("cloudfront", "other logs")])
def test_acls_log_to_the_bucket_without_what_is_redacted(name: str, logs: str) -> None:
    expected = {
        "ResourceArn": outputs(name)["arn"],
        "LogDestinationConfigs": [BUCKET],
        "RedactedFields": [{"SingleHeader": {"Name": "cookie"}}, {"QueryString": {}}],
    }
    assert part(seen(logs), expected) == expected
    assert identity(f"{name}-logs") == outputs(name)["arn"]


def an_acl() -> aws.wafv2.WebAcl:
    metric = {"cloudwatch_metrics_enabled": True, "metric_name": "front", "sampled_requests_enabled": False}
    return aws.wafv2.WebAcl(
        "acl", name="front", scope="REGIONAL", default_action={"allow": {}}, visibility_config=metric, opts=inside()
    )


def before_no_stage() -> None:
    stage = f"arn:aws:apigateway:{REGION}::/restapis/a1b2c3/stages/v1"
    aws.wafv2.WebAclAssociation("front", resource_arn=stage, web_acl_arn=an_acl().arn)


def logs_of_no_acl() -> None:
    acl = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/front/1"
    aws.wafv2.WebAclLoggingConfiguration("logs", resource_arn=acl, log_destination_configs=[BUCKET], opts=inside())


def logs_to_no_bucket() -> None:
    aws.wafv2.WebAclLoggingConfiguration("logs", resource_arn=an_acl().arn, log_destination_configs=[BUCKET])


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (before_no_stage, "Invalid Rest API Id specified"),
        (logs_of_no_acl, "WAFNonexistentItemException"),
        (logs_to_no_bucket, "NoSuchBucket"),
    ],
)
def test_what_moto_would_take_for_granted_is_refused(program: Callable[[], None], says: str) -> None:
    [mistake] = rehearse(program).evaluation.mistakes
    assert says in str(mistake)
