"""components.security_groups: groups without rules, and the rules of each edge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from components.naming import NameRefused
from components.security_groups import SecurityGroup, SecurityGroups, SecurityGroupsArgs
from plumbline.graph import UNKNOWN, Options, StackGraph
from tests.components.programs import NAMING, component_urn, graph_of, named, needs

GROUPS_URN = component_urn("SecurityGroups", "groups")
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
Groups = Mapping[str, SecurityGroup]


def groups(use: Callable[[Groups], Any] = lambda _: None, **described: str) -> StackGraph:
    described = described or {"functions": "The functions", "redis": "The cache"}

    def program() -> None:
        use(SecurityGroups("groups", SecurityGroupsArgs(naming=NAMING, vpc_id="vpc-1", groups=described)).groups)

    return graph_of(program)


def rules(graph: StackGraph) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return type and inputs of all rules by logical name."""
    return {rule.name: (rule.type, dict(rule.inputs)) for rule in graph.of_type(INGRESS, EGRESS)}


def rule(port: int, description: str, **peer: Any) -> dict[str, Any]:
    common = {"securityGroupId": UNKNOWN, "ipProtocol": "tcp", "fromPort": port, "toPort": port}
    return {**common, "description": description, **peer}


def test_group_has_exactly_these_inputs_and_so_no_inline_rule() -> None:
    group = named(groups(), "groups-functions")
    assert (group.type, dict(group.inputs)) == (
        GROUP,
        {"name": "test-functions", "description": "The functions", "vpcId": "vpc-1"},
    )
    assert (group.parent, group.dependencies, group.options) == (GROUPS_URN, (), Options())


def test_groups_without_edges_have_no_rules() -> None:
    assert rules(groups()) == {}


def test_edge_between_two_groups_is_one_rule_out_and_one_in() -> None:
    graph = groups(lambda made: made["functions"].allow_to(made["redis"], 6379))
    same = rule(6379, "functions to redis, port 6379", referencedSecurityGroupId=UNKNOWN)
    assert rules(graph) == {
        "groups-functions-redis-6379-out": (EGRESS, same),
        "groups-functions-redis-6379-in": (INGRESS, same),
    }


def test_rules_of_an_edge_lead_out_of_the_first_group_and_into_the_second() -> None:
    graph = groups(lambda made: made["functions"].allow_to(made["redis"], 6379))
    assert needs(named(graph, "groups-functions-redis-6379-out")) == {
        "securityGroupId": ("groups-functions",),
        "referencedSecurityGroupId": ("groups-redis",),
    }
    assert needs(named(graph, "groups-functions-redis-6379-in")) == {
        "securityGroupId": ("groups-redis",),
        "referencedSecurityGroupId": ("groups-functions",),
    }


def test_edge_to_a_service_is_one_rule_out_to_its_prefix_list() -> None:
    graph = groups(lambda made: made["functions"].allow_to_service("s3", "pl-1"))
    expected = rule(443, "functions to s3, port 443", prefixListId="pl-1")
    assert rules(graph) == {"groups-functions-s3-443-out": (EGRESS, expected)}


def test_edge_to_the_internet_is_one_rule_out_for_https() -> None:
    graph = groups(lambda made: made["functions"].allow_to_internet())
    expected = rule(443, "functions to any address, port 443", cidrIpv4="0.0.0.0/0")
    assert rules(graph) == {"groups-functions-internet-443-out": (EGRESS, expected)}


def test_rules_are_children_of_the_component() -> None:
    def use(made: Groups) -> None:
        made["functions"].allow_to(made["redis"], 443)
        made["functions"].allow_to(made["redis"], 6379)
        made["redis"].allow_to_internet()

    found = groups(use).of_type(INGRESS, EGRESS)
    assert (len(found), {(rule.parent, rule.options) for rule in found}) == (5, {(GROUPS_URN, Options())})


def test_component_gives_the_ids_as_outputs() -> None:
    assert groups().resources[GROUPS_URN].outputs == {"ids": {"functions": UNKNOWN, "redis": UNKNOWN}}


def test_name_that_is_too_long_is_refused() -> None:
    def program() -> None:
        with pytest.raises(NameRefused, match="a security_group name at most 255"):
            SecurityGroups("groups", SecurityGroupsArgs(naming=NAMING, vpc_id="vpc-1", groups={"g" * 251: "Long"}))

    graph_of(program)
