"""Requirement 18, 07.8a and 07.8b cannot be fooled: what breaks a domain fails its criterion."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from plumbline.graph import UNKNOWN, Resource
from tests.criteria.breaking import (
    KEY,
    Change,
    Row,
    add,
    base,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    refer,
    set_,
    together,
    verdict,
    whole,
)

_ZONE = "aws:route53/zone:Zone"
_RECORD = "aws:route53/record:Record"
_CHECK = "aws:route53/healthCheck:HealthCheck"
_DOMAIN = "aws:apigateway/domainName:DomainName"
_MAPPING = "aws:apigateway/basePathMapping:BasePathMapping"
_API = "aws:apigateway/restApi:RestApi"
_METHOD = "aws:apigateway/method:Method"
_INTEGRATION = "aws:apigateway/integration:Integration"
_DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
_CERTIFICATE = "aws:acm/certificate:Certificate"
_VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
_SIGNING_KEY = "aws:route53/keySigningKey:KeySigningKey"
_SIGNING = "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec"
_OWN, _LEADS = "api-domain-domain", "api-domain-mapping"
_PAGES, _PRIMARY, _SECONDARY = "records-frontend-a", "records-api-a-primary", "records-api-a-secondary"


def _domains(**changed: Any) -> Change:
    return lambda old: dataclasses.replace(
        old, settings={**old.settings, "domains": {**old.settings["domains"], **changed}}
    )


def _led(name: str, type_: str, end: str) -> Change:
    """Let the alias of a record lead to another resource."""
    unknown = [{"name": UNKNOWN, "zoneId": UNKNOWN, "evaluateTargetHealth": False}]
    return refer(_RECORD, name, "aliases", (type_, end), value=unknown)


def _to(name: str, host: str) -> Change:
    return set_(_RECORD, name, aliases=[{"name": host, "zoneId": "Z1", "evaluateTargetHealth": False}])


def _full_name(name: str, full: str) -> Change:
    return edit(_RECORD, name, lambda r: dataclasses.replace(r, outputs={**r.outputs, "fqdn": full}))


def _no_failover(name: str) -> Change:
    return set_(_RECORD, name, failoverRoutingPolicies=None, setIdentifier=None)


def _own_by_wildcard(r: Resource) -> Resource:
    return dataclasses.replace(r, inputs={**r.inputs, "domainName": "*.trading.example.com"})


BROKEN: list[Row] = [
    ("07.8a", "prod", "no domain", drop(_DOMAIN, _OWN)),
    ("07.8a", "prod", "another domain in the settings", _domains(api="x.example.com")),
    ("07.8a", "prod", "no domain in the settings", _domains(api=None)),
    ("07.8a", "prod", "at the edge", set_(_DOMAIN, _OWN, endpointConfiguration={"types": "EDGE"})),
    ("07.8a", "prod", "no mapping", drop(_MAPPING, _LEADS)),
    ("07.8a", "prod", "a mapping of some paths", set_(_MAPPING, _LEADS, basePath="v1")),
    ("07.8a", "prod", "a mapping to no stage", set_(_MAPPING, _LEADS, stageName=None)),
    ("07.8a", "prod", "a mapping to another stage", set_(_MAPPING, _LEADS, stageName="v2")),
    ("07.8a", "test up", "a mapping to another API", set_(_MAPPING, _LEADS, restApi="0123456789")),
    ("07.8a", "prod", "a mapping of another domain", set_(_MAPPING, _LEADS, domainName="x.example.com")),
    ("07.8a", "prod", "AWS's own address too", set_(_API, "api-api", disableExecuteApiEndpoint=False)),
    ("07.8a", "prod", "nothing said of it", set_(_API, "api-api", disableExecuteApiEndpoint=None)),
    ("07.8b", "prod", "no certificate", set_(_DOMAIN, _OWN, regionalCertificateArn=None)),
    ("07.8b", "test up", "a foreign certificate", set_(
        _DOMAIN, _OWN, regionalCertificateArn="arn:aws:acm:us-east-1:1:certificate/x"
    )),
    ("07.8b", "prod", "another domain's certificate", refer(
        _DOMAIN, _OWN, "regionalCertificateArn", (_VALIDATION, "certificates-frontend-validation")
    )),
    ("07.8b", "test up", "no certificate of the stack", drop(_CERTIFICATE, "certificates-api")),
    ("07.8b", "test up", "a certificate that is never validated", drop(_VALIDATION, "certificates-api-validation")),
    ("07.8b", "prod", "a name above", set_(
        _CERTIFICATE, "certificates-api", domainName="trading.example.com", subjectAlternativeNames=None
    )),
    ("07.8b", "prod", "old TLS", set_(_DOMAIN, _OWN, securityPolicy="TLS_1_0")),
    ("07.8b", "prod", "nothing said of TLS", set_(_DOMAIN, _OWN, securityPolicy=None)),
    ("18.1", "prod", "no bootstrap stack", base(None)),
    ("18.1", "prod", "no zone", base(drop(_ZONE, ""))),
    ("18.1", "prod", "another zone", base(set_(_ZONE, "", name="other.example.com"))),
    ("18.1", "prod", "a private zone", base(set_(_ZONE, "", vpcs=[{"vpcId": "vpc-1"}]))),
    ("18.1", "prod", "a domain outside", _domains(api="api.example.net")),
    ("18.1", "prod", "a domain that only ends alike", _domains(frontend="apptrading.example.com")),
    ("18.1", "prod", "no zone in the settings", _domains(zone="")),
    ("18.1", "prod", "a record outside", set_(_RECORD, _PAGES, name="app.example.net")),
    ("18.1", "prod", "records in two zones", set_(_RECORD, _PAGES, zoneId="Z0")),
    ("18.1", "test up", "a name that became another", _full_name(_PAGES, "app.test.trading.example.com.other.net")),
    ("18.1", "prod", "no records", drop(_RECORD, "")),
    ("18.2", "prod", "no record", drop(_RECORD, _PAGES)),
    ("18.2", "prod", "another name", set_(_RECORD, _PAGES, name="www.trading.example.com")),
    ("18.2", "prod", "no alias", set_(_RECORD, _PAGES, aliases=None, records=["192.0.2.1"])),
    ("18.2", "prod", "another type", set_(_RECORD, _PAGES, type="CNAME")),
    ("18.2", "prod", "to the API", _led(_PAGES, _DOMAIN, _OWN)),
    ("18.2", "prod", "to another distribution", _led(_PAGES, _DISTRIBUTION, "maintenance-distribution")),
    ("18.2", "test up", "to somebody else", _to(_PAGES, "d111111abcdef8.cloudfront.net")),
    ("18.2", "prod", "a distribution without the name", set_(_DISTRIBUTION, "cdn-distribution", aliases=None)),
    ("18.3", "prod", "no record", drop(_RECORD, _PRIMARY)),
    ("18.3", "prod", "to the pages", _led(_PRIMARY, _DISTRIBUTION, "cdn-distribution")),
    ("18.3", "prod", "to another domain of the API", _led(_PRIMARY, _DOMAIN, "api-regional-domain")),
    ("18.3", "test up", "to somebody else", _to("records-api-a", "d-1.execute-api.us-east-1.amazonaws.com")),
    ("18.3", "prod", "only the secondary", set_(
        _RECORD, _PRIMARY, failoverRoutingPolicies=[{"type": "SECONDARY"}]
    )),
    ("18.3", "prod", "another domain in the settings", _domains(api="x.trading.example.com")),
    ("18.4", "prod", "none", drop(_CHECK, "")),
    ("18.4", "prod", "none of the pages", drop(_CHECK, "checks-frontend")),
    ("18.4", "prod", "none of the API", drop(_CHECK, "checks-api")),
    ("18.4", "prod", "without TLS", set_(_CHECK, "checks-api", type="HTTP")),
    ("18.4", "prod", "without host name", set_(_CHECK, "checks-api", enableSni=None)),
    ("18.4", "prod", "of somebody else", set_(_CHECK, "checks-api", fqdn="example.com")),
    ("18.4", "prod", "of a path that needs a key", set_(_CHECK, "checks-api", resourcePath="/audit")),
    ("18.4", "prod", "switched off", set_(_CHECK, "checks-frontend", disabled=True)),
    ("18.4", "prod", "the wrong way round", set_(_CHECK, "checks-frontend", invertHealthcheck=True)),
    ("18.4", "prod", "one more of somebody else", add(
        _CHECK, "more", type="HTTPS", fqdn="example.com", resourcePath="/", enableSni=True
    )),
    ("18.4", "prod", "no path that is open", drop(_METHOD, "api-health-get")),
    ("18.4", "prod", "of a domain that leads nowhere", drop(_MAPPING, "api-regional-mapping")),
    ("18.5", "prod", "no failover", together(_no_failover(_PRIMARY), drop(_RECORD, _SECONDARY))),
    ("18.5", "prod", "no secondary", drop(_RECORD, _SECONDARY)),
    ("18.5", "prod", "no primary", drop(_RECORD, _PRIMARY)),
    ("18.5", "prod", "two primaries", set_(_RECORD, _SECONDARY, failoverRoutingPolicies=[{"type": "PRIMARY"}])),
    ("18.5", "prod", "another policy", set_(
        _RECORD, _SECONDARY, failoverRoutingPolicies=None, weightedRoutingPolicies=[{"weight": 1}]
    )),
    ("18.5", "prod", "no check", set_(_RECORD, _PRIMARY, healthCheckId=None)),
    ("18.5", "prod", "a check of its own name", set_(_CHECK, "checks-api", fqdn="api.trading.example.com")),
    ("18.5", "prod", "to the same domain", _led(_SECONDARY, _DOMAIN, _OWN)),
    ("18.5", "prod", "to the pages", _led(_SECONDARY, _DISTRIBUTION, "cdn-distribution")),
    ("18.5", "prod", "elsewhere than the settings say", together(
        _domains(failover={"secondary": "d-2.execute-api.us-west-2.amazonaws.com"}), _to(_SECONDARY, "d-3.example.com")
    )),
    ("18.6", "prod", "no bootstrap stack", base(None)),
    ("18.6", "prod", "not signed", base(drop(_SIGNING, ""))),
    ("18.6", "prod", "no longer signed", base(set_(_SIGNING, "", signingStatus="NOT_SIGNING"))),
    ("18.6", "prod", "no key", base(drop(_SIGNING_KEY, ""))),
    ("18.6", "prod", "a key that is off", base(set_(_SIGNING_KEY, "", status="INACTIVE"))),
    ("18.6", "prod", "a key of another kind", base(set_(KEY, "zones-signing", customerMasterKeySpec=None))),
    ("18.6", "prod", "a key for other things", base(set_(KEY, "zones-signing", keyUsage="ENCRYPT_DECRYPT"))),
    ("18.6", "prod", "another zone", base(set_(_ZONE, "", name="other.example.com"))),
]  # fmt: skip
OPEN: list[Row] = [
    ("07.8a", "prod", "a name", set_(_DOMAIN, _OWN, domainName=UNKNOWN)),
    ("07.8a", "prod", "a stage", set_(_MAPPING, _LEADS, stageName=UNKNOWN)),
    ("07.8a", "prod", "an API", refer(_MAPPING, _LEADS, "restApi")),
    ("07.8b", "prod", "a certificate", refer(_DOMAIN, _OWN, "regionalCertificateArn")),
    ("07.8b", "prod", "a policy", set_(_DOMAIN, _OWN, securityPolicy=UNKNOWN)),
    ("07.8b", "prod", "a certificate's name", set_(
        _CERTIFICATE, "certificates-api", domainName=UNKNOWN, subjectAlternativeNames=None
    )),
    ("18.1", "prod", "a zone's name", base(set_(_ZONE, "", name=UNKNOWN))),
    ("18.1", "prod", "a zone of a record", set_(_RECORD, _PAGES, zoneId=UNKNOWN)),
    ("18.1", "prod", "a record's name", set_(_RECORD, _PAGES, name=UNKNOWN)),
    ("18.2", "prod", "a target", refer(_RECORD, _PAGES, "aliases", value=[{"name": UNKNOWN}])),
    ("18.2", "prod", "one of two targets", refer(
        _RECORD, _PAGES, "aliases", (_DISTRIBUTION, ""), value=[{"name": UNKNOWN}]
    )),
    ("18.2", "prod", "a record's name", set_(_RECORD, _PAGES, name=UNKNOWN)),
    ("18.3", "prod", "a target", refer(_RECORD, _PRIMARY, "aliases", value=[{"name": UNKNOWN}])),
    ("18.4", "prod", "a host", set_(_CHECK, "checks-api", fqdn=UNKNOWN)),
    ("18.4", "prod", "a path", set_(_CHECK, "checks-frontend", resourcePath=UNKNOWN)),
    ("18.5", "prod", "a policy", set_(_RECORD, _SECONDARY, failoverRoutingPolicies=UNKNOWN)),
    ("18.5", "prod", "a check", refer(_RECORD, _PRIMARY, "healthCheckId")),
    ("18.5", "prod", "a host", set_(_CHECK, "checks-api", fqdn=UNKNOWN)),
    ("18.6", "prod", "a zone", base(refer(_SIGNING, "", "hostedZoneId"))),
    ("18.6", "prod", "a status", base(set_(_SIGNING, "", signingStatus=UNKNOWN))),
    ("18.6", "prod", "a key", base(refer(_SIGNING_KEY, "", "keyManagementServiceArn"))),
]  # fmt: skip


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


@pytest.mark.parametrize("number", ["07.8a", "07.8b", "18.1", "18.2", "18.3"])
def test_deployed_domains_are_judged_by_ids_and_hosts(number: str) -> None:
    assert verdict(number, whole("test up")).word == "pass"


@pytest.mark.parametrize("number", ["18.4", "18.5", "18.6"])
def test_a_deployed_failover_is_judged_by_ids_and_hosts(number: str) -> None:
    assert verdict(number, whole("prod up")).word == "pass"


def test_a_certificate_for_all_names_below_will_do() -> None:
    wild = edit(_CERTIFICATE, "certificates-api", _own_by_wildcard)
    assert verdict("07.8b", wild(whole("prod"))).word == "pass"


def test_another_region_may_take_over() -> None:
    host = "d-2.execute-api.us-west-2.amazonaws.com"
    changed = together(_domains(failover={"secondary": host}), _to(_SECONDARY, host))
    assert verdict("18.5", changed(whole("prod"))).word == "pass"


@pytest.mark.parametrize("number", ["07.2", "07.7a", "07.7b"])
def test_only_the_gateways_own_answer_needs_no_key(number: str) -> None:
    """A path of that name which calls a handler is a method like any other."""
    calls = set_(_INTEGRATION, "api-health-get", type="AWS_PROXY")
    assert verdict(number, calls(whole("prod"))).word == "fail"
