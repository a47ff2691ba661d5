"""The in-process AWS holds what an account has: its identities, policies and services."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from plumbline.contract import encode
from tests.plumbline.rehearsals import ACCOUNT, REGION, TRUST, part, readers, rehearse

STATEMENT = {"Effect": "Allow", "Action": ["logs:PutLogEvents"], "Resource": "*"}
POLICY = {"Version": "2012-10-17", "Statement": [STATEMENT]}
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
ISSUER = "token.actions.githubusercontent.com"
TEAM = [{"Key": "Owner", "Value": "team"}]


def account() -> None:
    """Register the settings of an account, and those that moto has nothing of."""
    provider = aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT])
    opts = pulumi.ResourceOptions(provider=provider)
    tags = {"Owner": "team"}
    role = aws.iam.Role("role", name="role", assume_role_policy=TRUST, opts=opts)
    policy = aws.iam.Policy(
        "policy",
        name="write-logs",
        path="/team/",
        description="Logs",
        policy=json.dumps(POLICY),
        tags=tags,
        opts=opts,
    )
    aws.iam.RolePolicyAttachment("own", role=role.name, policy_arn=policy.arn, opts=opts)
    aws.iam.RolePolicyAttachment("managed", role=role.name, policy_arn=BASIC, opts=opts)
    aws.iam.OpenIdConnectProvider(
        "pipeline", url=f"https://{ISSUER}", client_id_lists=["sts.amazonaws.com"], tags=tags, opts=opts
    )
    aws.apigateway.Account("gateway", cloudwatch_role_arn=role.arn, opts=opts)
    aws.securityhub.Account("hub", enable_default_standards=False, opts=opts)
    aws.guardduty.Detector(
        "detector",
        enable=True,
        finding_publishing_frequency="ONE_HOUR",
        datasources={"s3_logs": {"enable": True}},
        tags=tags,
        opts=opts,
    )
    aws.accessanalyzer.Analyzer("analyzer", analyzer_name="analyzer", opts=opts)
    aws.backup.RegionSettings("backup", resource_type_opt_in_preference={"DynamoDB": True}, opts=opts)
    aws.costexplorer.CostAllocationTag("tag", status="Active", tag_key="Owner", opts=opts)
    aws.costexplorer.AnomalyMonitor(
        "monitor", name="monitor", monitor_type="DIMENSIONAL", monitor_dimension="SERVICE", opts=opts
    )
    aws.elasticache.ParameterGroup("parameters", name="parameters", family="valkey8", opts=opts)


def look() -> dict[str, Any]:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION)
    iam, guardduty = session.client("iam"), session.client("guardduty")
    policy = iam.get_policy(PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/team/write-logs")["Policy"]
    attached = iam.list_attached_role_policies(RoleName="role")["AttachedPolicies"]
    managed = iam.get_policy(PolicyArn=BASIC)["Policy"]
    (detector,) = guardduty.list_detectors()["DetectorIds"]
    return {
        "policy": policy,
        "document": iam.get_policy_version(PolicyArn=policy["Arn"], VersionId="v1")["PolicyVersion"]["Document"],
        "attached": {row["PolicyName"]: row["PolicyArn"] for row in attached},
        "managed": iam.get_policy_version(PolicyArn=BASIC, VersionId=managed["DefaultVersionId"])["PolicyVersion"],
        "pipeline": iam.get_open_id_connect_provider(
            OpenIDConnectProviderArn=f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
        ),
        "gateway": session.client("apigateway").get_account(),
        "hub": session.client("securityhub").describe_hub(),
        "detector": {"id": detector, **guardduty.get_detector(DetectorId=detector)},
    }


whole, seen, identity, outputs = readers(account, look)


def test_what_moto_has_nothing_of_is_simulated_and_counted() -> None:
    assert whole().simulated == {
        "aws:accessanalyzer/analyzer:Analyzer": 1,
        "aws:backup/regionSettings:RegionSettings": 1,
        "aws:costexplorer/costAllocationTag:CostAllocationTag": 1,
        "aws:costexplorer/anomalyMonitor:AnomalyMonitor": 1,
        "aws:elasticache/parameterGroup:ParameterGroup": 1,
    }


def test_a_policy_stands_under_its_path() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/team/write-logs"
    expected = {"Arn": arn, "Path": "/team/", "Description": "Logs", "Tags": TEAM, "AttachmentCount": 1}
    assert part(seen("policy"), expected) == expected
    assert seen("document") == POLICY
    assert identity("policy") == arn
    assert outputs("policy") == {"arn": arn, "policyId": seen("policy")["PolicyId"], "attachmentCount": 0}


def test_a_role_has_its_own_and_managed_policies() -> None:
    own = outputs("policy")["arn"]
    assert seen("attached") == {"write-logs": own, "AWSLambdaBasicExecutionRole": BASIC}
    (statement,) = seen("managed")["Document"]["Statement"]
    assert set(statement["Action"]) == {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}
    assert (identity("own"), identity("managed")) == (f"role/{own}", f"role/{BASIC}")


def test_a_pipeline_is_trusted_by_its_issuer() -> None:
    expected = {"Url": ISSUER, "ClientIDList": ["sts.amazonaws.com"], "Tags": TEAM}
    assert part(seen("pipeline"), expected) == expected
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
    assert (identity("pipeline"), outputs("pipeline")) == (arn, {"arn": arn})


def test_api_gateway_writes_logs_with_the_role() -> None:
    assert seen("gateway")["cloudwatchRoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/role"
    assert identity("gateway") == "api-gateway-account"
    assert outputs("gateway")["throttleSettings"] == [{"burstLimit": 5000, "rateLimit": 10000.0}]


def test_findings_are_collected() -> None:
    hub = f"arn:aws:securityhub:{REGION}:{ACCOUNT}:hub/default"
    assert seen("hub")["HubArn"] == hub
    assert (identity("hub"), outputs("hub")) == (ACCOUNT, {"arn": hub})
    expected = {
        "id": identity("detector"),
        "Status": "ENABLED",
        "FindingPublishingFrequency": "ONE_HOUR",
        "Tags": {"Owner": "team"},
        "DataSources": {"S3Logs": {"Status": "ENABLED"}},
    }
    assert part(seen("detector"), expected) == expected
    arn = f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/{identity('detector')}"
    assert outputs("detector") == {"arn": arn, "accountId": ACCOUNT}


def test_the_same_account_twice_has_the_same_ids() -> None:
    again = rehearse(account)
    assert again.evaluation.mistakes == ()
    for first, second in zip(whole().evaluation.graph, again.evaluation.graph, strict=True):
        assert (first.urn, first.id, encode(first.outputs)) == (second.urn, second.id, encode(second.outputs))


def unknown_policy() -> None:
    role = aws.iam.Role("role", name="role", assume_role_policy=TRUST)
    aws.iam.RolePolicyAttachment("it", role=role.name, policy_arn="arn:aws:iam::aws:policy/NoSuchPolicy")


def unknown_role() -> None:
    aws.iam.RolePolicyAttachment("it", role="none", policy_arn=BASIC)


def broken_policy() -> None:
    aws.iam.Policy("it", name="it", policy='{"Version": ')


def broken_issuer() -> None:
    aws.iam.OpenIdConnectProvider("it", url="github.com", client_id_lists=["sts.amazonaws.com"])


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (unknown_policy, "NoSuchEntity: Policy arn:aws:iam::aws:policy/NoSuchPolicy does not exist"),
        (unknown_role, "NoSuchEntity: "),
        (broken_policy, "MalformedPolicyDocument: "),
        (broken_issuer, "ValidationError: "),
    ],
)
def test_a_mistake_is_one_line(program: Callable[[], None], words: str) -> None:
    (line,) = rehearse(program).evaluation.mistakes
    assert f" it: {words}" in line
    assert "\n" not in line
