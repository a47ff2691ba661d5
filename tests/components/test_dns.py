"""components.dns: alias records with and without failover, and health checks."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from components.dns import AliasTarget, Checks, ChecksArgs, CheckSpec, Failover, Records, RecordsArgs, RecordSpec
from plumbline.constraints import check
from plumbline.graph import UNKNOWN, StackGraph
from tests.components.programs import component_urn, graph_of, named, needs, only, present

RECORD = "aws:route53/record:Record"
CHECK = "aws:route53/healthCheck:HealthCheck"
ZONE_ID = "Z0123456789ABCDEFGHIJ"
PAGES = AliasTarget(name="d1.cloudfront.net", zone_id="Z2FDTNDATAQYW2", evaluate_health=False)
API = AliasTarget(name="d-1.execute-api.us-east-1.amazonaws.com", zone_id="Z1UJRXOUMOOFQ8", evaluate_health=True)
ASKS = {"api": CheckSpec(domain="us-east-1.api.example.com", path="/health")}


def inputs(graph: StackGraph) -> dict[str, Any]:
    return {record.name: present(dict(record.inputs)) for record in graph.of_type(RECORD)}


def answer(domain: str, type_: str, target: AliasTarget, **more: Any) -> dict[str, Any]:
    alias = {"name": target.name, "zoneId": target.zone_id, "evaluateTargetHealth": target.evaluate_health}
    return {"zoneId": ZONE_ID, "name": domain, "type": type_, "aliases": [alias], **more}


def simple() -> None:
    records = {"frontend": RecordSpec(domain="app.example.com", target=PAGES)}
    Records("records", RecordsArgs(zone_id=ZONE_ID, records=records))


def failing_over() -> None:
    checks = Checks("checks", ChecksArgs(checks=ASKS)).checks
    failover = Failover(secondary=PAGES, health_check=checks["api"])
    records = {"api": RecordSpec(domain="api.example.com", target=API, failover=failover)}
    Records("records", RecordsArgs(zone_id=ZONE_ID, records=records))


def test_a_domain_is_an_alias_over_both_protocols() -> None:
    graph = graph_of(simple)
    assert inputs(graph) == {
        "records-frontend-a": answer("app.example.com", "A", PAGES),
        "records-frontend-aaaa": answer("app.example.com", "AAAA", PAGES),
    }
    assert {record.parent for record in graph.of_type(RECORD)} == {component_urn("Records", "records")}
    assert graph.resources[component_urn("Records", "records")].outputs == {"domains": ["app.example.com"]}


def role(name: str, **more: Any) -> dict[str, Any]:
    return {"setIdentifier": name, "failoverRoutingPolicies": [{"type": name.upper()}], **more}


def test_a_domain_that_fails_over_is_a_pair_whose_primary_follows_the_check() -> None:
    graph = graph_of(failing_over)
    follows = {"healthCheckId": UNKNOWN}
    assert inputs(graph) == {
        "records-api-a-primary": answer("api.example.com", "A", API, **role("primary", **follows)),
        "records-api-aaaa-primary": answer("api.example.com", "AAAA", API, **role("primary", **follows)),
        "records-api-a-secondary": answer("api.example.com", "A", PAGES, **role("secondary")),
        "records-api-aaaa-secondary": answer("api.example.com", "AAAA", PAGES, **role("secondary")),
    }
    assert needs(named(graph, "records-api-a-primary")) == {"healthCheckId": ("checks-api",)}
    assert needs(named(graph, "records-api-a-secondary")) == {}


def test_a_check_asks_every_half_minute_over_https_and_by_name() -> None:
    found = only(graph_of(failing_over), CHECK)
    assert present(dict(found.inputs)) == {
        "type": "HTTPS",
        "fqdn": "us-east-1.api.example.com",
        "port": 443,
        "resourcePath": "/health",
        "enableSni": True,
        "requestInterval": 30,
        "failureThreshold": 3,
    }
    assert found.parent == component_urn("Checks", "checks")


def test_outputs_of_checks_are_their_names() -> None:
    assert graph_of(failing_over).resources[component_urn("Checks", "checks")].outputs == {"checks": ["api"]}


def test_no_check_is_an_empty_component() -> None:
    graph = graph_of(lambda: Checks("checks", ChecksArgs(checks={})))
    assert [resource.urn for resource in graph] == [component_urn("Checks", "checks")]


def test_nothing_of_it_would_be_refused() -> None:
    assert check(graph_of(simple)) == check(graph_of(failing_over)) == []


def test_targets_that_are_outputs_are_what_the_record_needs() -> None:
    def program() -> None:
        zone = aws.route53.Zone("zone", name="example.com")
        domain = aws.apigateway.DomainName("domain", domain_name="api.example.com")
        target = AliasTarget(name=domain.regional_domain_name, zone_id=domain.regional_zone_id, evaluate_health=True)
        records = {"api": RecordSpec(domain="api.example.com", target=target)}
        Records("records", RecordsArgs(zone_id=zone.zone_id, records=records))

    record = named(graph_of(program), "records-api-a")
    assert needs(record) == {"aliases": ("domain",), "zoneId": ("zone",)}
