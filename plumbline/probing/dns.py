"""DNS: records stand in their zone, and lead to what exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.graph import Resource
from plumbline.probing.model import NotSo, ProbeContext, Trial, probe, trial, value

RECORD = "aws:route53/record:Record"
_CHECK = "aws:route53/healthCheck:HealthCheck"
_DOMAIN = "aws:apigateway/domainName:DomainName"
_DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
_GROUP = "dns"


@probe(_GROUP, RECORD)
def record_in_zone(context: ProbeContext, record: Resource) -> Iterator[Trial]:
    """Every record stands in its zone as the stack says."""
    found = _rows(context, record)
    tried = f"ask for {value(record, 'type')} {value(record, 'name')}"
    if len(found) != 1:
        raise NotSo(f"the zone has {len(found)} such records")
    wanted = [_dotted(alias["name"]) for alias in value(record, "aliases", [])] or value(record, "records", [])
    yield trial(_targets(found[0]) == wanted, tried, ", ".join(wanted), f"it is {', '.join(_targets(found[0]))}")


@probe(_GROUP, RECORD, where=lambda record: value(record, "aliases"), optional=True)
def alias_leads_somewhere(context: ProbeContext, record: Resource) -> Iterator[Trial]:
    """Every alias leads to a domain of an API or distribution that exists, or to another record."""
    for row in _rows(context, record):
        target = row["AliasTarget"]
        found = _addresses(context).get(target["DNSName"].rstrip("."))
        tried = f"find what has the name {target['DNSName'].rstrip('.')}"
        yield trial(found is not None, tried, str(found and found[0]), "nothing of the account has it")
        if found is not None and found[1] is not None:
            good = found[1] == target["HostedZoneId"]
            yield trial(good, "ask for the zone of that name", "it is the record's", "the record names another zone")


@probe(_GROUP, RECORD, where=lambda record: value(record, "type") == "CNAME", optional=True)
def validates_certificate(context: ProbeContext, record: Resource) -> Iterator[Trial]:
    """A record that proves a domain to be ours is the one that a certificate asks for."""
    options = [option for row in _certificates(context) for option in row.get("DomainValidationOptions", [])]
    asked = {
        (_dotted(one["ResourceRecord"]["Name"]), one["ResourceRecord"]["Value"])
        for one in options
        if "ResourceRecord" in one
    }
    own = (_dotted(value(record, "name")), (value(record, "records") or [""])[0])
    yield trial(own in asked, "find the certificate that asks for it", "it exists", "no certificate asks for it")


@probe(_GROUP, RECORD, where=lambda record: value(record, "healthCheckId"), optional=True)
def health_check_exists(context: ProbeContext, record: Resource) -> Iterator[Trial]:
    """A record that stands in for another one is told by a check that exists, of a name that the stack has."""
    client = context.client("route53", record)
    found = client.get_health_check(HealthCheckId=value(record, "healthCheckId"))["HealthCheck"]["HealthCheckConfig"]
    host = found.get("FullyQualifiedDomainName")
    known = {value(other, "name").rstrip(".") for other in context.graph.of_type(RECORD)}
    tried = f"find {host}, which the check asks"
    yield trial(host in known, tried, f"{found['Type']} {found.get('ResourcePath', '')}", "no record has that name")


def _rows(context: ProbeContext, record: Resource) -> list[Mapping[str, Any]]:
    """Return the record sets of the zone that are the record."""
    key = (__name__, value(record, "zoneId"))
    if key not in context.kept:
        pages = context.client("route53", record).get_paginator("list_resource_record_sets")
        found = pages.paginate(HostedZoneId=value(record, "zoneId"))
        context.kept[key] = [row for page in found for row in page["ResourceRecordSets"]]
    wanted = (_dotted(value(record, "name")), value(record, "type"), value(record, "setIdentifier"))
    return [row for row in context.kept[key] if (row["Name"], row["Type"], row.get("SetIdentifier")) == wanted]


def _targets(row: Mapping[str, Any]) -> list[str]:
    if "AliasTarget" in row:
        return [_dotted(row["AliasTarget"]["DNSName"])]
    return [one["Value"] for one in row.get("ResourceRecords", [])]


def _addresses(context: ProbeContext) -> Mapping[str, tuple[str, str | None]]:
    """Return what has a name of its own in the account, with the zone of that name where it is known."""
    key = (__name__, "addresses")
    if key not in context.kept:
        found: dict[str, tuple[str, str | None]] = {}
        # moto makes up the zones of API Gateway; the stack has the real ones.
        zones = {
            value(one, name): value(one, zone)
            for name, zone in (("regionalDomainName", "regionalZoneId"), ("domainName", "hostedZoneId"))
            for one in context.graph.of_type(_DOMAIN, _DISTRIBUTION)
            if value(one, zone)
        }
        for row in context.account.client("apigateway").get_domain_names(limit=500)["items"]:
            if "regionalDomainName" in row:
                name = row["regionalDomainName"]
                found[name] = (f"API domain {row['domainName']}", zones.get(name))
            if "distributionDomainName" in row:
                found[row["distributionDomainName"]] = (f"API domain {row['domainName']}", None)
        for page in context.account.client("cloudfront").get_paginator("list_distributions").paginate():
            for row in page["DistributionList"].get("Items", []):
                of = ", ".join(row["Aliases"].get("Items", []))
                found[row["DomainName"]] = (f"distribution of {of}", zones.get(row["DomainName"]))
        for record in context.graph.of_type(RECORD):
            found[value(record, "name").rstrip(".")] = (f"record {record.name}", None)
        context.kept[key] = found
    return context.kept[key]


def _certificates(context: ProbeContext) -> list[Mapping[str, Any]]:
    """Return the certificates of the regions in which the stack has any."""
    key = (__name__, "certificates")
    if key not in context.kept:
        regions = {
            str(one.get("region") or context.account.region)
            for one in context.graph.of_type("aws:acm/certificate:Certificate")
        }
        rows = []
        for region in sorted(regions):
            client = context.account.client("acm", {"region": region})
            for page in client.get_paginator("list_certificates").paginate():
                rows += [
                    client.describe_certificate(CertificateArn=one["CertificateArn"])["Certificate"]
                    for one in page["CertificateSummaryList"]
                ]
        context.kept[key] = rows
    return context.kept[key]


def _dotted(name: str) -> str:
    return name if name.endswith(".") else f"{name}."
