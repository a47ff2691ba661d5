"""Requirement 08 cannot be fooled: what breaks the cache fails its criterion, and what is unknown stays open."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.graph import UNKNOWN
from plumbline.verdicts import Subject
from tests.criteria.breaking import (
    FUNCTION,
    SECURITY_GROUP,
    SUBNET,
    Change,
    Row,
    add,
    breaks,
    cases,
    drop,
    leaves_open,
    named,
    refer,
    set_,
    together,
    verdict,
    whole,
)

_CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"
_SUBNETS = "aws:elasticache/subnetGroup:SubnetGroup"
_INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_RULE = "groups-redis-clients-redis-6379-in"


def _cache(**inputs: Any) -> Change:
    return set_(_CACHE, "cache-redis", **inputs)


def _rule(**inputs: Any) -> Change:
    return set_(_INGRESS, _RULE, **inputs)


def _group_id(old: Subject, name: str) -> str:
    (group,) = (group for group in old.graph.of_type(SECURITY_GROUP) if group.name == name)
    return group.id


def _by_id(old: Subject) -> Subject:
    return add("aws:ec2/instance:Instance", "bastion", vpcSecurityGroupIds=[_group_id(old, "groups-redis-clients")])(
        old
    )


def _second_group(old: Subject) -> Subject:
    return _cache(securityGroupIds=[_group_id(old, "groups-redis"), "sg-default"])(old)


BROKEN: list[Row] = [
    (
        "08.6",
        "prod",
        "a group without members",
        together(
            add(SECURITY_GROUP, "groups-empty"),
            refer(_INGRESS, _RULE, "referencedSecurityGroupId", (SECURITY_GROUP, "groups-empty")),
        ),
    ),
    ("08.6", "test up", "others in the functions' group by its id", _by_id),
    ("08.6", "test up", "a second group of elsewhere", _second_group),
    ("08.1", "prod", "another engine", _cache(engine="valkey")),
    ("08.1", "prod", "no cache", drop(_CACHE, "cache-redis")),
    (
        "08.2",
        "test up",
        "a public subnet",
        named(_SUBNETS, "cache-subnets", "subnetIds", (SUBNET, "-isolated-1"), (SUBNET, "-public-1")),
    ),
    ("08.2", "test up", "no subnet group", _cache(subnetGroupName=None)),
    ("08.2", "test up", "another account's group", _cache(subnetGroupName="default")),
    ("08.2", "test up", "no subnet", set_(_SUBNETS, "cache-subnets", subnetIds=[])),
    ("08.3a", "prod", "not encrypted", _cache(atRestEncryptionEnabled=False)),
    ("08.3a", "prod", "the default", _cache(atRestEncryptionEnabled=None)),
    ("08.3b", "prod", "not encrypted", _cache(transitEncryptionEnabled=False)),
    ("08.3b", "prod", "encrypted if the client likes", _cache(transitEncryptionMode="preferred")),
    ("08.4", "test", "another type", _cache(nodeType="cache.t3.small")),
    ("08.4", "test", "two nodes", _cache(numCacheClusters=2)),
    ("08.4", "test", "two shards", _cache(numNodeGroups=2)),
    ("08.4", "test", "a second cache", add("aws:elasticache/cluster:Cluster", "more", nodeType="cache.t3.micro")),
    ("08.5a", "prod", "switched off", _cache(multiAzEnabled=False)),
    ("08.5a", "prod", "one node", _cache(numCacheClusters=1)),
    ("08.5b", "prod", "the default", _cache(automaticFailoverEnabled=None)),
    ("08.6", "prod", "any address", _rule(cidrIpv4="0.0.0.0/0")),
    ("08.6", "prod", "addresses of the VPC", _rule(cidrIpv4="10.20.0.0/16")),
    ("08.6", "prod", "a list of addresses", _rule(prefixListId=UNKNOWN)),
    ("08.6", "prod", "every port", _rule(fromPort=0, toPort=65535)),
    ("08.6", "prod", "every protocol", _rule(ipProtocol="-1")),
    (
        "08.6",
        "prod",
        "a group of others",
        refer(_INGRESS, _RULE, "referencedSecurityGroupId", (SECURITY_GROUP, "groups-endpoints")),
    ),
    (
        "08.6",
        "prod",
        "others in the functions' group",
        add("aws:ec2/instance:Instance", "bastion", {"vpcSecurityGroupIds": (SECURITY_GROUP, "groups-redis-clients")}),
    ),
    (
        "08.6",
        "prod",
        "a second rule",
        add(
            _INGRESS,
            "more",
            {"securityGroupId": (SECURITY_GROUP, "groups-redis")},
            ipProtocol="tcp",
            fromPort=6379,
            toPort=6379,
            cidrIpv4="10.0.0.0/8",
        ),
    ),
    ("08.6", "prod", "an inline rule", set_(SECURITY_GROUP, "groups-redis", ingress=[{"cidrBlocks": ["0.0.0.0/0"]}])),
    (
        "08.6",
        "prod",
        "a rule of the older kind",
        add(
            "aws:ec2/securityGroupRule:SecurityGroupRule", "old", {"securityGroupId": (SECURITY_GROUP, "groups-redis")}
        ),
    ),
    ("08.6", "prod", "no rule", drop(_INGRESS, _RULE)),
    ("08.6", "test up", "the VPC's default group", _cache(securityGroupIds=["sg-default"])),
    ("08.6", "prod", "no group", _cache(securityGroupIds=[])),
    ("08.7", "prod", "six days", _cache(snapshotRetentionLimit=6)),
    ("08.7", "prod", "none", _cache(snapshotRetentionLimit=None)),
]
OPEN: list[Row] = [
    ("08.6", "prod", "a rule of any group", refer(_INGRESS, "groups-functions-endpoints-443-in", "securityGroupId")),
    ("08.6", "prod", "a source", refer(_INGRESS, _RULE, "referencedSecurityGroupId")),
    ("08.1", "prod", "an engine", _cache(engine=UNKNOWN)),
    ("08.2", "prod", "subnets of a preview", lambda old: old),
    ("08.2", "prod", "a subnet group", together(drop(_SUBNETS, "cache-subnets"), _cache(subnetGroupName=UNKNOWN))),
    ("08.3a", "prod", "encryption", _cache(atRestEncryptionEnabled=UNKNOWN)),
    ("08.4", "test", "the number of nodes", _cache(numCacheClusters=UNKNOWN)),
    ("08.5a", "prod", "the number of nodes", _cache(numCacheClusters=UNKNOWN)),
    ("08.6", "prod", "a port", _rule(fromPort=UNKNOWN)),
    ("08.6", "prod", "groups", _cache(securityGroupIds=[UNKNOWN, UNKNOWN])),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


def test_the_cache_may_listen_on_another_port() -> None:
    assert verdict("08.6", together(_cache(port=6380), _rule(fromPort=6380, toPort=6380))(whole("prod"))).word == "pass"


def test_subnets_by_reference_to_private_ones_alone_are_known_before_they_exist() -> None:
    two = refer(
        _SUBNETS,
        "cache-subnets",
        "subnetIds",
        (SUBNET, "-private-1"),
        (SUBNET, "-private-2"),
        value=[UNKNOWN, UNKNOWN],
    )
    assert verdict("08.2", two(whole("test"))).word == "pass"


def test_a_group_of_functions_alone_is_one_whatever_it_is_called() -> None:
    group = (SECURITY_GROUP, "groups-internet")
    moved = refer(_INGRESS, _RULE, "referencedSecurityGroupId", group)
    assert [r.type for r in whole("prod").graph.of_type(FUNCTION)]
    assert verdict("08.6", moved(whole("prod"))).word == "pass"
