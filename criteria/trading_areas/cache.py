"""Requirement 08: Redis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from criteria.common.lookups import FUNCTION, REPLICATION_GROUP, SECURITY_GROUP, Word, follow, worst
from criteria.trading_areas import topology
from criteria.trading_areas.traffic import EGRESS, INGRESS, OLD_RULE, astray, no_inline_rules, rules
from plumbline.graph import UNKNOWN, Resource, StackGraph, walk
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

SUBNET_GROUP = "aws:elasticache/subnetGroup:SubnetGroup"
_CLUSTER = "aws:elasticache/cluster:Cluster"
_PORT = 6379  # Redis's own, which the provider takes where none is given


@criterion("TRADING-08.1")
def redis(subject: Subject) -> Verdict:
    wanted = subject.facts["engine"]
    return _every(subject, "engine", lambda engine: engine == wanted, f"run {wanted}", default="redis")


@criterion("TRADING-08.2")
def subnets(subject: Subject) -> Verdict:
    """The cache lies in private subnets. Which ones its group names is known once they exist."""
    graph = subject.graph
    findings = []
    for cache in graph.of_type(REPLICATION_GROUP):
        link = follow(graph, cache, "subnetGroupName", SUBNET_GROUP)
        words = [topology.private_word(graph, group, "subnetIds") for group in link.to]
        if not link.to:
            words.append("fail" if link.certain else "unknown")
        where = link.to[0] if link.to else cache
        findings.append(Finding(where, "subnetIds" if link.to else "subnetGroupName", worst(words)))
    return combine(findings, "subnet groups of the cache", "consist of private subnets only")


@criterion("TRADING-08.3a")
def at_rest(subject: Subject) -> Verdict:
    return _every(subject, "atRestEncryptionEnabled", lambda on: on is True, "encrypt what they store", default=False)


@criterion("TRADING-08.3b")
def in_transit(subject: Subject) -> Verdict:
    """Clients must use TLS; in the mode "preferred" they might not."""
    graph = subject.graph
    findings = [
        finding
        for cache in graph.of_type(REPLICATION_GROUP)
        for finding in (
            claim(cache, "transitEncryptionEnabled", lambda on: on is True, default=False),
            claim(cache, "transitEncryptionMode", lambda mode: mode == "required", default="required"),
        )
    ]
    return combine(findings, "settings of the cache", "encrypt every connection")


@criterion("TRADING-08.4")
def size_in_test(subject: Subject) -> Verdict:
    nodes, node_type = subject.facts["nodes"], subject.facts["node_type"]
    findings = [claim(cache, "nodeType", lambda given: given == node_type) for cache in _caches(subject)]
    counts = [_nodes(cache) for cache in _caches(subject)]
    word: Word = "unknown" if UNKNOWN in counts else "pass" if sum(counts) == nodes else "fail"
    findings += [Finding(cache, "numCacheClusters", word) for cache in _caches(subject)]
    return combine(findings, "settings of the cache", f"come to {nodes} node of type {node_type}")


def _caches(subject: Subject) -> list[Resource]:
    return subject.graph.of_type(REPLICATION_GROUP, _CLUSTER)


def _nodes(cache: Resource) -> Any:
    """Return the number of nodes, UNKNOWN where it is not known yet: shards, each with its replicas, or all in one."""
    if cache.type == _CLUSTER:
        return cache.get("numCacheNodes", 1)
    shards, replicas = cache.get("numNodeGroups"), cache.get("replicasPerNodeGroup", 0)
    given = (shards, replicas, cache.get("numCacheClusters"))
    if UNKNOWN in given:
        return UNKNOWN
    return shards * (replicas + 1) if shards is not None else cache.get("numCacheClusters", 1)


@criterion("TRADING-08.5a")
def multi_az(subject: Subject) -> Verdict:
    """Multi-AZ is on, and there is a second node for the second zone."""
    findings = []
    for cache in subject.graph.of_type(REPLICATION_GROUP):
        count = _nodes(cache)
        several: Word = "unknown" if count is UNKNOWN else "pass" if count > 1 else "fail"
        findings += [
            claim(cache, "multiAzEnabled", lambda on: on is True, default=False),
            Finding(cache, "numCacheClusters", several),
        ]
    return combine(findings, "settings of the cache", "spread it over availability zones")


@criterion("TRADING-08.5b")
def failover(subject: Subject) -> Verdict:
    return _every(subject, "automaticFailoverEnabled", lambda on: on is True, "fail over by themselves", default=False)


@criterion("TRADING-08.6")
def inbound(subject: Subject) -> Verdict:
    """The cache's groups take connections to its port from groups in which there are functions and nothing else."""
    graph = subject.graph
    findings: list[Finding] = []
    for cache in graph.of_type(REPLICATION_GROUP):
        groups = follow(graph, cache, "securityGroupIds", SECURITY_GROUP)
        named = "fail" if groups.foreign else "pass"
        findings.append(Finding(cache, "securityGroupIds", worst([named, "pass" if groups.certain else "unknown"])))
        taken = [rule for group in groups.to for rule in rules(graph, group, INGRESS)]
        findings += [] if taken else [Finding(cache, "securityGroupIds", "fail")]
        findings += [_from_functions(graph, rule, cache.get("port", _PORT)) for rule in taken]
        for group in groups.to:
            findings += no_inline_rules(graph, group)
        findings += astray(graph)
    return combine(findings, "groups and rules of the cache", "let functions in and nothing else")


def _from_functions(graph: StackGraph, rule: Resource, port: Any) -> Finding:
    for name in ("cidrIpv4", "cidrIpv6", "prefixListId"):
        if rule.get(name) is not None:
            return Finding(rule, name, "fail")
    source = follow(graph, rule, "referencedSecurityGroupId", SECURITY_GROUP)
    words: list[str] = [claim(rule, "ipProtocol", lambda given: given in ("tcp", "6")).word]
    words += [claim(rule, name, lambda given: given == port).word for name in ("fromPort", "toPort")]
    words.append("fail" if not source.to and source.certain else "pass" if source.certain else "unknown")
    for group in source.to:
        members = list(_members(graph, group))
        alone = bool(members) and all(member.type == FUNCTION for member in members)
        words.append("pass" if alone else "fail")
    return Finding(rule, "referencedSecurityGroupId", worst(words))


def _members(graph: StackGraph, group: Resource) -> Iterator[Resource]:
    """Yield what lies in a security group: whatever names it, but for the rules."""
    for resource in graph:
        if resource.type not in (INGRESS, EGRESS, OLD_RULE):
            depends = any(group.urn in urns for urns in resource.property_dependencies.values())
            if depends or (group.id and any(leaf == group.id for _, leaf in walk(resource.inputs))):
                yield resource


@criterion("TRADING-08.7")
def backups(subject: Subject) -> Verdict:
    days = subject.facts["backup_retention_days"]
    return _every(
        subject, "snapshotRetentionLimit", lambda given: given == days, f"keep daily snapshots {days} days", default=0
    )


def _every(subject: Subject, path: str, holds: Any, says: str, default: Any = None) -> Verdict:
    findings = [claim(cache, path, holds, default) for cache in _caches(subject)]
    return combine(findings, "caches", says)
