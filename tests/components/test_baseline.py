"""components.baseline: each singleton of an account once, with exactly these inputs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.account import Account
from components.baseline import Baseline, BaselineArgs, CostWatch
from plumbline.graph import UNKNOWN, Resource, StackGraph
from tests.components.programs import ACCOUNT, NAMING, component_urn, graph_of, named, needs, present

SINGLETONS: dict[str, tuple[str, dict[str, Any]]] = {
    "baseline-public-access": (
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        {
            "accountId": "111111111111",
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
    ),
    "baseline-volumes": ("aws:ebs/encryptionByDefault:EncryptionByDefault", {"enabled": True}),
    "baseline-access-analyzer": (
        "aws:accessanalyzer/analyzer:Analyzer",
        {"analyzerName": "test-account", "type": "ACCOUNT"},
    ),
    "baseline-guardduty": (
        "aws:guardduty/detector:Detector",
        {"enable": True, "findingPublishingFrequency": "ONE_HOUR"},
    ),
    "baseline-security-hub": ("aws:securityhub/account:Account", {"enableDefaultStandards": True}),
    "baseline-api-logs": (
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {
            "role": "test-api-logs",
            "policyArn": "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        },
    ),
    "baseline-api-gateway": ("aws:apigateway/account:Account", {"cloudwatchRoleArn": UNKNOWN}),
    "baseline-backup": (
        "aws:backup/regionSettings:RegionSettings",
        {
            "resourceTypeOptInPreference": {
                "Aurora": True,
                "DynamoDB": True,
                "EBS": True,
                "EFS": True,
                "RDS": True,
                "S3": True,
            },
            "resourceTypeManagementPreference": {"DynamoDB": True, "EFS": True},
        },
    ),
    "baseline-cost-anomalies": (
        "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
        {"name": "test-services", "monitorType": "DIMENSIONAL", "monitorDimension": "SERVICE"},
    ),
    "baseline-cost-anomalies-mail": (
        "aws:costexplorer/anomalySubscription:AnomalySubscription",
        {
            "name": "test-services",
            "frequency": "DAILY",
            "monitorArnLists": [UNKNOWN],
            "subscribers": [{"type": "EMAIL", "address": "finance@example.com"}],
            "thresholdExpression": {
                "dimension": {
                    "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                    "matchOptions": ["GREATER_THAN_OR_EQUAL"],
                    "values": ["100"],
                }
            },
        },
    ),
}
PLANS = "baseline-savings-plans-budget"
ROLE = "baseline-roles-api-logs"


def baseline(account: Account = ACCOUNT, **changes: Any) -> StackGraph:
    costs = CostWatch(emails=["finance@example.com"], anomaly_usd=100, savings_plans_percent=50)
    arguments: dict[str, Any] = {"security_hub": True, "guardduty": True, "costs": costs, **changes}
    return graph_of(lambda: Baseline("baseline", BaselineArgs(account=account, naming=NAMING, **arguments)))


def made(graph: StackGraph) -> dict[str, Resource]:
    return {resource.name: resource for resource in graph if resource.custom}


def test_each_singleton_exists_once_with_these_inputs() -> None:
    resources = made(baseline())
    role, plans = resources.pop(ROLE), resources.pop(PLANS)
    assert {name: (r.type, present(r.inputs)) for name, r in resources.items()} == SINGLETONS
    assert len({r.type for r in resources.values()}) == len(resources)
    assert role.type == "aws:iam/role:Role"
    [told] = plans.inputs["notifications"]
    assert (told["threshold"], told["subscriberEmailAddresses"]) == (50, ["finance@example.com"])


def test_anomalies_are_told_of_the_monitor() -> None:
    assert needs(named(baseline(), "baseline-cost-anomalies-mail")) == {"monitorArnLists": ("baseline-cost-anomalies",)}


def test_children_belong_to_the_component() -> None:
    graph = baseline()
    role, plans = named(graph, ROLE), named(graph, PLANS)
    parents = {resource.parent for resource in graph if resource.custom and resource not in (role, plans)}
    assert parents == {component_urn("Baseline", "baseline")}
    assert {graph.resources[part.parent].parent for part in (role, plans)} == {component_urn("Baseline", "baseline")}


@pytest.mark.parametrize(
    ("setting", "name"), [("security_hub", "baseline-security-hub"), ("guardduty", "baseline-guardduty")]
)
def test_what_an_organisation_does_centrally_can_be_left_out(setting: str, name: str) -> None:
    assert made(baseline()).keys() - made(baseline(**{setting: False})).keys() == {name}


def test_api_gateway_assumes_the_role_of_the_logs_and_nobody_else() -> None:
    role = named(baseline(), ROLE)
    assert role.get("name") == "test-api-logs"
    assert json.loads(role.inputs["assumeRolePolicy"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }


def test_api_gateway_gets_the_role_once_it_may_write() -> None:
    graph = baseline()
    account, attachment = named(graph, "baseline-api-gateway"), named(graph, "baseline-api-logs")
    assert needs(account) == {"cloudwatchRoleArn": (ROLE,)}
    assert needs(attachment) == {"role": (ROLE,)}
    assert set(account.dependencies) == {attachment.urn, named(graph, ROLE).urn}


def test_the_managed_policy_is_the_one_of_the_partition() -> None:
    graph = baseline(Account(account_id="111111111111", region="cn-north-1"))
    assert named(graph, "baseline-api-logs").get("policyArn") == (
        "arn:aws-cn:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    )


def test_tags_are_activated_for_cost_allocation_only_where_given() -> None:
    tags = {
        name: present(resource.inputs)
        for name, resource in made(baseline(cost_allocation_tags=["CostCenter", "Owner"])).items()
        if name not in {*SINGLETONS, ROLE, PLANS}
    }
    assert tags == {
        "baseline-cost-tag-costcenter": {"tagKey": "CostCenter", "status": "Active"},
        "baseline-cost-tag-owner": {"tagKey": "Owner", "status": "Active"},
    }
