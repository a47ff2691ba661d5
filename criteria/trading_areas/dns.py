"""Requirement 18: zones, records, health checks, failover and DNSSEC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from criteria.common.domains import CERTIFICATE, DOMAIN, MAPPING, maps, plain
from criteria.common.lookups import KEY, Link, Word, best, worst
from criteria.common.rest_api import HEALTH, routes
from criteria.common.rights import one
from criteria.trading_areas.api_domains import domain_of
from plumbline.graph import UNKNOWN, Resource, StackGraph, reveal
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

ZONE = "aws:route53/zone:Zone"
RECORD = "aws:route53/record:Record"
CHECK = "aws:route53/healthCheck:HealthCheck"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
_SIGNING_KEY = "aws:route53/keySigningKey:KeySigningKey"
_SIGNING = "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec"
_ALIAS = "aliases.0"


@criterion("TRADING-18.1")
def zones(subject: Subject) -> Verdict:
    """The bootstrap stack has the settings' zone, in which the domains are, and all records of the stack lie there.

    All records name one zone by its id. Which zone has this id, their full names tell once they are made.
    """
    base, zone = subject.base(), domain_of(subject, "zone")
    if base is None or not zone:
        return Verdict("fail", "no bootstrap stack is named, or no zone")
    own = [row for row in base.of_type(ZONE) if row.get("name") is UNKNOWN or plain(row.get("name")) == zone]
    findings = [Finding(row, "name", "unknown" if row.get("name") is UNKNOWN else "pass") for row in own]
    outside = [name for name in ("frontend", "api") if not _is_in(domain_of(subject, name), zone)]
    if not own or outside:
        return Verdict("fail", f"not in a zone of the bootstrap stack: {', '.join(outside) or zone}")
    findings += [claim(row, "vpcs", lambda vpcs: not vpcs, default=[]) for row in own]
    records = subject.graph.of_type(RECORD)
    ids = {row.get("zoneId") for row in records if isinstance(row.get("zoneId"), str)}
    for record in records:
        findings.append(claim(record, "zoneId", lambda given: len(ids) == 1 and given in ids))
        findings.append(Finding(record, "name", _lies_in(subject.graph, record, zone)))
    return combine(findings, "zones and records", f"are {zone} and in it") if records else Verdict("fail", "no records")


def _lies_in(graph: StackGraph, record: Resource, zone: str) -> Word:
    """Say whether a record lies in a zone: by its full name where that is known, and else by its name.

    ACM chooses the names of records that validate certificates, below the domains that the certificates are for.
    """
    full = reveal(record.outputs.get("fqdn"))
    name = full if isinstance(full, str) else record.get("name")
    if name is UNKNOWN:
        needed = (graph.resources.get(urn) for urn in record.property_dependencies.get("name", ()))
        validates = any(target is not None and target.type == CERTIFICATE for target in needed)
        return "pass" if validates else "unknown"
    return "pass" if isinstance(name, str) and _is_in(plain(name), zone) else "fail"


def _is_in(name: str, zone: str) -> bool:
    return bool(zone) and (name == zone or name.endswith(f".{zone}"))


@criterion("TRADING-18.2")
def frontend_record(subject: Subject) -> Verdict:
    """An alias of type A leads from the front end's domain to a distribution that answers to it."""
    return _led_to(subject, "frontend", DISTRIBUTION, "CloudFront")


@criterion("TRADING-18.3")
def api_record(subject: Subject) -> Verdict:
    """An alias of type A leads from the API's domain to its domain in API Gateway; with failover, the primary one."""
    return _led_to(subject, "api", DOMAIN, "API Gateway")


def _led_to(subject: Subject, name: str, type_: str, what: str) -> Verdict:
    wanted = domain_of(subject, name)
    findings = []
    for record in _records(subject, wanted):
        if _role(record) != "SECONDARY":
            findings.append(Finding(record, "aliases", _leads_to(subject.graph, record, type_, wanted)))
            findings.append(claim(record, "name", lambda given: plain(given) == wanted))
    return combine(findings, f"A records of {wanted or 'a domain'}", f"lead to {what}")


def _records(subject: Subject, domain: str) -> list[Resource]:
    """Return the A records of a domain, and those that may be such."""
    return [
        row
        for row in subject.graph.of_type(RECORD)
        if row.get("type") in ("A", UNKNOWN) and (row.get("name") is UNKNOWN or plain(row.get("name")) == domain)
    ]


def _role(record: Resource) -> Any:
    return record.get("failoverRoutingPolicies.0.type")


def _target(graph: StackGraph, record: Resource, *types: str) -> Link:
    """Return what an alias leads to: by its host name where that is known, and else by the record's dependencies."""
    name = reveal(record.get(f"{_ALIAS}.name"))
    if name is None:
        return Link()
    if isinstance(name, str):
        found = tuple(row for row in graph.of_type(*types) if plain(name) in _hosts(row))
        return Link(found, foreign=not found)
    urns = record.property_dependencies.get("aliases", ())
    needed = [target for urn in urns if (target := graph.resources.get(urn)) is not None and target.custom]
    return Link(tuple(row for row in needed if row.type in types), certain=len(needed) == 1)


def _hosts(resource: Resource) -> list[str]:
    return [
        plain(reveal(resource.outputs.get(name)))
        for name in ("domainName", "regionalDomainName")
        if resource.outputs.get(name)
    ]


def _leads_to(graph: StackGraph, record: Resource, type_: str, domain: str) -> Word:
    """Say whether an alias leads to something of a type, and that answers to the domain."""
    link = _target(graph, record, type_)
    if not link.certain:
        return "unknown"
    return worst(_answers_to(target, domain) for target in link.to) if link.to else "fail"


def _answers_to(target: Resource, domain: str) -> Word:
    if target.type == DOMAIN:
        return claim(target, "domainName", lambda name: plain(name) == domain).word
    return claim(target, "aliases", lambda names: domain in [plain(name) for name in names], default=[]).word


@criterion("TRADING-18.4")
def health_checks(subject: Subject) -> Verdict:
    """Health checks ask for the pages and the API over HTTPS, the API for a path that answers without credentials.

    Under the API's own domain or, where that fails over, under another one of API Gateway's for the same stage.
    """
    graph = subject.graph
    findings = []
    served = {plain(row.get("domainName")) for row in _served_alike(subject)}
    for name, hosts, path in (
        ("frontend", {domain_of(subject, "frontend")}, "/"),
        ("api", served, HEALTH),
    ):
        words = [_checks(subject, check, hosts, path) for check in graph.of_type(CHECK)]
        if not words or best(words) == "fail":
            return Verdict("fail", f"no health check of the {name}")
    for check in graph.of_type(CHECK):
        findings.append(claim(check, "disabled", lambda off: off is False, default=False))
        findings.append(claim(check, "invertHealthcheck", lambda on: on is False, default=False))
        hosts = {domain_of(subject, "frontend"), *served}
        findings.append(Finding(check, "fqdn", best(_checks(subject, check, hosts, path) for path in ("/", HEALTH))))
    if not any(route.is_health_check for route in routes(graph)):
        return Verdict("fail", f"the API has no open GET {HEALTH}")
    return combine(findings, "health checks", "ask for the pages and the API over HTTPS")


def _served_alike(subject: Subject) -> Iterator[Resource]:
    """Yield the domains of API Gateway that lead where the API's own domain does."""
    for domain in subject.graph.of_type(DOMAIN):
        if any(maps(subject, mapping, domain) == "pass" for mapping in subject.graph.of_type(MAPPING)):
            yield domain


def _checks(subject: Subject, check: Resource, hosts: set[str], path: str) -> Word:
    return worst(
        [
            claim(check, "type", lambda type_: type_ in ("HTTPS", "HTTPS_STR_MATCH")).word,
            claim(check, "fqdn", lambda host: plain(host) in hosts - {""}, default="").word,
            claim(check, "resourcePath", lambda given: given == path, default="/").word,
            claim(check, "enableSni", lambda on: on is True, default=False).word,
        ]
    )


@criterion("TRADING-18.5")
def failover(subject: Subject) -> Verdict:
    """The API's domain has a primary record that follows a health check, and a secondary that leads elsewhere.

    The secondary leads to another region where the settings name one, and else to an answer that says that the API
    is under maintenance. The pages have no failover: of CloudFront's edge locations each is another's.
    """
    wanted = domain_of(subject, "api")
    findings = []
    by_role: dict[str, list[Resource]] = {"PRIMARY": [], "SECONDARY": []}
    for record in _records(subject, wanted):
        role = _role(record)
        if role is UNKNOWN:
            findings.append(Finding(record, "failoverRoutingPolicies", "unknown"))
        elif role in by_role:
            by_role[role].append(record)
        else:
            findings.append(Finding(record, "failoverRoutingPolicies", "fail"))
    if not findings and not (len(by_role["PRIMARY"]) == len(by_role["SECONDARY"]) == 1):
        return Verdict("fail", f"{wanted or 'the API'} has no primary and secondary record")
    for record in by_role["PRIMARY"]:
        check, word = one(subject.graph, record, "healthCheckId", CHECK)
        # One that asks by the record's own name follows the failover that it caused.
        elsewhere = claim(check, "fqdn", lambda host: plain(host) != wanted).word if check is not None else word
        findings.append(Finding(record, "healthCheckId", worst([word, elsewhere])))
    for record in by_role["SECONDARY"]:
        findings.append(Finding(record, "aliases", _is_elsewhere(subject, record, wanted)))
    return combine(findings, f"records of {wanted}", "fail over")


def _is_elsewhere(subject: Subject, record: Resource, wanted: str) -> Word:
    settings = subject.settings.get("domains")
    given = settings.get("failover") if isinstance(settings, dict) else None
    secondary = plain(given.get("secondary")) if isinstance(given, dict) else ""
    if secondary:
        return claim(record, _ALIAS, lambda row: plain(row.get("name")) == secondary, default={}).word
    return _leads_to(subject.graph, record, DISTRIBUTION, wanted)


@criterion("TRADING-18.6")
def dnssec(subject: Subject) -> Verdict:
    """The bootstrap stack signs the settings' zone, with an active key of its own."""
    base, wanted = subject.base(), domain_of(subject, "zone")
    if base is None:
        return Verdict("fail", "no bootstrap stack is named")
    findings = []
    for zone in base.of_type(ZONE):
        if zone.get("name") is not UNKNOWN and plain(zone.get("name")) != wanted:
            continue
        signing = [
            (row, claim(row, "signingStatus", _is("SIGNING"), default="SIGNING")) for row in base.of_type(_SIGNING)
        ]
        findings.append(Finding(zone, "", best(_of(base, row, zone, given.word) for row, given in signing)))
        keys = [(row, claim(row, "status", _is("ACTIVE"), default="ACTIVE")) for row in base.of_type(_SIGNING_KEY)]
        words = [_of(base, row, zone, worst([given.word, _signs(base, row)])) for row, given in keys]
        findings.append(Finding(zone, "", best(words)))
    return combine(findings, f"settings of zone {wanted}", "sign its answers")


def _is(word: str) -> Callable[[Any], bool]:
    return lambda given: given == word


def _of(graph: StackGraph, row: Resource, zone: Resource, word: Word) -> Word:
    """Return what is known of a part of a zone, fail where it is another zone's."""
    target, known = one(graph, row, "hostedZoneId", ZONE)
    return worst([known, word]) if target is zone else known if target is None else "fail"


def _signs(graph: StackGraph, row: Resource) -> Word:
    key, known = one(graph, row, "keyManagementServiceArn", KEY)
    if key is None:
        return known
    spec = claim(key, "customerMasterKeySpec", _is("ECC_NIST_P256"), default="SYMMETRIC_DEFAULT").word
    return worst([known, spec, claim(key, "keyUsage", _is("SIGN_VERIFY"), default="ENCRYPT_DECRYPT").word])
