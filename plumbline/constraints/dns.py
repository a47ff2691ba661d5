"""Route 53 records: their content, alias targets and routing (Route 53 Developer Guide, "Choosing a routing policy").

Types, lengths and roles of failover are in the service model (data/aws_shapes.yaml).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from plumbline.constraints.networks import earlier, known_rows
from plumbline.constraints.registry import Finding, for_types
from plumbline.constraints.resource_policies import behind
from plumbline.graph import UNKNOWN, Resource, StackGraph

ZONE = "aws:route53/zone:Zone"
RECORD = "aws:route53/record:Record"
HEALTH_CHECK = "aws:route53/healthCheck:HealthCheck"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"
_ROUTING = (
    "cidrRoutingPolicy",
    "failoverRoutingPolicies",
    "geolocationRoutingPolicies",
    "geoproximityRoutingPolicy",
    "latencyRoutingPolicies",
    "multivalueAnswerRoutingPolicy",
    "weightedRoutingPolicies",
)
_ROLES = {"PRIMARY": "SECONDARY", "SECONDARY": "PRIMARY"}


@for_types(RECORD)
def content(record: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A record has values and a time to live, or is an alias, which has its target's."""
    alias, values, ttl = (record.get(name) for name in ("aliases", "records", "ttl"))
    if alias is None and values is None:
        yield "records", "nothing given; exactly one of aliases, records is needed"
    elif alias is None:
        if ttl is None:
            yield "ttl", "missing; a record that is no alias needs it"
    else:
        for name, given in (("records", values), ("ttl", ttl)):
            if given is not None:
                yield name, "given, but the record is an alias, which has its target's"
    if isinstance(alias, list) and len(alias) > 1:
        yield "aliases", f"{len(alias)} given; allowed: one"


@for_types(RECORD)
def alias(record: Resource, graph: StackGraph) -> Iterator[Finding]:
    """An alias is of a type that targets have, and asks for no health where the target cannot tell it."""
    type_ = record.get("type")
    if record.get("aliases") is not None and type_ in ("NS", "SOA"):
        yield "type", f"{type_} given; an alias is of another type"
    for index, row in enumerate(known_rows(record.get("aliases"))):
        if row.get("evaluateTargetHealth") is True and _is_cloudfront(record, graph):
            yield f"aliases[{index}].evaluateTargetHealth", "true given; CloudFront distributions take false only"


@for_types(RECORD)
def name(record: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A record lies in its zone, and a CNAME not at the top of it, where the zone's own records are.

    The provider takes a name that is not below the zone for the beginning of one that is.
    """
    given = record.get("name")
    zone = behind(record, "zoneId", graph, ZONE)
    domain = zone.get("name") if zone is not None else None
    if not isinstance(given, str):
        return
    if record.get("type") == "CNAME" and (
        given in ("", "@") or (isinstance(domain, str) and _plain(given) == _plain(domain))
    ):
        yield "name", f"{given!r} given, the zone's own name; a CNAME cannot stand beside the records there"
    if not isinstance(domain, str) or _is_in(given, domain):
        return
    others = [other.get("name") for other in graph.of_type(ZONE) if other is not zone]
    if given.endswith(".") or any(isinstance(other, str) and _is_in(given, other) for other in others):
        yield "name", f"{given!r} given, which is not in the zone {_plain(domain)}"


@for_types(RECORD)
def routing(record: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A record has at most one routing policy, and an identifier where it has one, and only there."""
    # No answers by several values are what a record without a policy gives too.
    policies = [policy for policy in _ROUTING if record.get(policy) not in (None, False, [])]
    if len(policies) > 1:
        yield policies[1], f"{' and '.join(policies)} given; allowed: one of them"
    identifier = record.get("setIdentifier")
    if policies and identifier is None:
        yield "setIdentifier", f"missing; {policies[0]} needs it"
    if not policies and identifier is not None:
        yield "setIdentifier", "given, but the record has no routing policy"


@for_types(RECORD)
def once(record: Resource, graph: StackGraph) -> Iterator[Finding]:
    """Records of one name and type have one policy and identifiers of their own; without a policy there is one."""
    identifier = record.get("setIdentifier")
    for other in earlier(record, graph):
        if not _is_beside(record, other):
            continue
        if (identifier is None) != (other.get("setIdentifier") is None):
            yield "name", f"{other.display} has this name and type with another routing policy"
        elif identifier is not UNKNOWN and identifier == other.get("setIdentifier"):
            yield "name" if identifier is None else "setIdentifier", f"the same as that of {other.display}"


@for_types(RECORD)
def failover(record: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A primary record has a way to fail and a secondary one beside it, and not both lead to CloudFront."""
    role = _role(record)
    if role not in _ROLES:
        return
    asked = [row.get("evaluateTargetHealth") for row in known_rows(record.get("aliases"))]
    if role == "PRIMARY" and record.get("healthCheckId") is None and asked in ([], [False]):
        yield "healthCheckId", "missing; a primary record needs it, since nothing else tells that it fails"
    others = [other for other in graph.of_type(RECORD) if other.urn != record.urn and _is_beside(record, other)]
    if not any(_role(other) in (_ROLES[role], UNKNOWN) for other in others) and isinstance(record.get("name"), str):
        yield "failoverRoutingPolicies", f"{role} given, but no record of this name and type is {_ROLES[role]}"
    if role == "SECONDARY" and _is_cloudfront(record, graph):
        for other in others:
            if _role(other) == "PRIMARY" and _is_cloudfront(other, graph):
                yield "aliases", f"CloudFront given, as for {other.display}; one distribution only may have the domain"


@for_types(RECORD)
def checked_elsewhere(record: Resource, graph: StackGraph) -> Iterator[Finding]:
    """A health check asks by another name than that of the records it decides over (API: HealthCheckConfig)."""
    check = behind(record, "healthCheckId", graph, HEALTH_CHECK)
    asked, given = (check.get("fqdn") if check is not None else None), record.get("name")
    by_address = check is not None and check.get("ipAddress") is not None
    if isinstance(asked, str) and isinstance(given, str) and not by_address and _plain(asked) == _plain(given):
        yield (
            "healthCheckId",
            f"{check.display if check else ''} asks {asked!r}, the record's own name; another is needed",
        )


def _role(record: Resource) -> Any:
    given = record.get("failoverRoutingPolicies")
    rows = known_rows(given)
    return UNKNOWN if given is UNKNOWN else rows[0].get("type") if rows else None


def _is_beside(record: Resource, other: Resource) -> bool:
    """Say whether two records are known to have one zone, name and type."""
    place, second = (_zone(row) for row in (record, other))
    names = [row.get(name) for row in (record, other) for name in ("name", "type")]
    if UNKNOWN in names or place is None or place != second:
        return False
    return _plain(str(names[0])) == _plain(str(names[2])) and names[1] == names[3]


def _zone(record: Resource) -> object:
    """Return what tells one zone from another: what the zone's id comes from, or the id."""
    needed = record.property_dependencies.get("zoneId", ())
    given = record.get("zoneId")
    return needed or (None if given is UNKNOWN else given)


def _is_cloudfront(record: Resource, graph: StackGraph) -> bool:
    rows = known_rows(record.get("aliases"))
    if any(row.get("zoneId") == CLOUDFRONT_ZONE for row in rows):
        return True
    needed = [graph.resources.get(urn) for urn in record.property_dependencies.get("aliases", ())]
    types = {target.type for target in needed if target is not None and target.custom}
    return types == {DISTRIBUTION}


def _plain(domain: str) -> str:
    return domain.removesuffix(".").casefold()


def _is_in(given: str, domain: str) -> bool:
    return _plain(given) == _plain(domain) or _plain(given).endswith(f".{_plain(domain)}")
