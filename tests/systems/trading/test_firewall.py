"""systems.trading.firewall: what stands before the API and the pages of the real stacks."""

from __future__ import annotations

import pytest

from plumbline.constraints.firewall_rules import capacities, capacity
from plumbline.graph import Resource
from tests.components.programs import named, names, needs
from tests.evaluations import preview

ACL = "aws:wafv2/webAcl:WebAcl"
_BOTH = ["ip-reputation", "rate", "common", "known-bad-inputs"]
_INJECTION = ["sql-injection", "cross-site-scripting"]
INJECTION = {"test": [], "prod": _INJECTION}


def acl(stack: str, name: str) -> Resource:
    found = named(preview(stack).graph, f"firewall-{name}-acl")
    assert found.type == ACL
    return found


def rules(stack: str, name: str) -> list[str]:
    return [rule["name"] for rule in acl(stack, name).inputs["rules"]]


def test_the_rules_of_the_pages_are_those_of_the_settings(stack: str) -> None:
    assert rules(stack, "cdn") == [*_BOTH, *INJECTION[stack]]


def test_the_api_takes_longer_bodies_than_the_common_rules_let_through(stack: str) -> None:
    assert rules(stack, "api") == [
        "ip-reputation",
        "rate",
        "body-size",
        "common",
        "known-bad-inputs",
        *INJECTION[stack],
    ]


@pytest.mark.parametrize("name", ["api", "cdn"])
def test_the_rules_take_no_more_capacity_than_is_included(stack: str, name: str) -> None:
    units = capacity(acl(stack, name).inputs["rules"])
    assert units is not None
    assert 900 < units <= capacities()["included"]


def test_each_environment_has_an_acl_of_each_scope(stack: str) -> None:
    found = {a.get("name"): (a.get("scope"), a.get("region")) for a in preview(stack).graph.of_type(ACL)}
    assert found == {f"{stack}-api": ("REGIONAL", None), f"{stack}-cdn": ("CLOUDFRONT", "us-east-1")}


def test_the_regional_acl_stands_before_the_stage(stack: str) -> None:
    association = named(preview(stack).graph, "firewall-api-stage")
    assert needs(association) == {"resourceArn": ("api-stage",), "webAclArn": ("firewall-api-acl",)}


@pytest.mark.parametrize("name", ["api", "cdn"])
def test_logs_go_to_the_bucket_for_them_once_its_policy_lets_them(stack: str, name: str) -> None:
    logs = named(preview(stack).graph, f"firewall-{name}-logs")
    assert needs(logs)["logDestinationConfigs"] == ("buckets-waf-logs",)
    assert "buckets-waf-logs-policy" in names(logs.dependencies)


def test_every_distribution_names_the_acl_for_cloudfront(stack: str) -> None:
    found = preview(stack).graph.of_type("aws:cloudfront/distribution:Distribution")
    assert found
    assert {needs(distribution)["webAclId"] for distribution in found} == {("firewall-cdn-acl",)}
