"""Wrong programs about Route 53: records, health checks and DNSSEC, and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import ACCOUNT, REGION, Wrong, policy_text, provider, statement

CLOUDFRONT = "Z2FDTNDATAQYW2"
API_ZONE = "ZLY8HYME6SFDD"
PLACE = "Z0123456789ABCDEFGHIJ"
HOST = "api.example.com"
CHECK = "7c1f7a3e-0000-4000-8000-000000000000"
SIGNS = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"]


def target(zone: str = API_ZONE, *, healthy: bool = True) -> list[dict[str, Any]]:
    return [{"name": "target.amazonaws.com", "zone_id": zone, "evaluate_target_health": healthy}]


def zone(domain: str = "example.com") -> aws.route53.Zone:
    return aws.route53.Zone(domain, name=domain)


def record(label: str = "it", /, **changes: Any) -> None:
    """A record with an address. An argument given as None is left out."""
    whole = {"zone_id": PLACE, "name": HOST, "type": "A", "ttl": 60, "records": ["192.0.2.1"], **changes}
    aws.route53.Record(label, **whole)


def alias(label: str = "it", /, **changes: Any) -> None:
    record(label, **{"ttl": None, "records": None, "aliases": target(), **changes})


def in_zone(name: str, *others: str, **changes: Any) -> None:
    """A record in a zone of the stack, which may have other zones beside it."""
    for other in others:
        zone(other)
    record(**{"name": name, "zone_id": zone().zone_id, **changes})


def failing_over(role: str, **changes: Any) -> None:
    policy = {"failover_routing_policies": [{"type": role}], "set_identifier": role.lower()}
    check = CHECK if role == "PRIMARY" else None
    alias(role.lower(), **{**policy, "health_check_id": check, **changes})


def pair(primary: Mapping[str, Any] | None = None, secondary: Mapping[str, Any] | None = None) -> None:
    failing_over("PRIMARY", **(primary or {}))
    failing_over("SECONDARY", **(secondary or {}))


def weighted(label: str = "it", /, **changes: Any) -> None:
    record(label, **{"set_identifier": label, "weighted_routing_policies": [{"weight": 1}], **changes})


def check(**changes: Any) -> aws.route53.HealthCheck:
    whole = {"type": "HTTPS", "fqdn": HOST, "port": 443, "resource_path": "/", "request_interval": 30, **changes}
    return aws.route53.HealthCheck("check", **whole)


def of_type(type_: str, **changes: Any) -> None:
    """A health check that watches no endpoint."""
    check(**{"type": type_, "fqdn": None, "port": None, "resource_path": None, "request_interval": None, **changes})


def checked(**changes: Any) -> None:
    """A pair whose primary follows a health check."""
    pair({"health_check_id": check(**changes).id})


def signing_policy(*actions: str) -> str:
    """Return the policy of a key with which Route 53 may do the given."""
    root, service = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"Service": "dnssec-route53.amazonaws.com"}
    administers = statement(Action="kms:*", Principal=root)
    return policy_text(administers, statement(Action=list(actions), Principal=service))


def signed(
    *,
    actions: tuple[str, ...] = (*SIGNS, "kms:CreateGrant"),
    depends: bool = True,
    signing: Mapping[str, Any] | None = None,
    zone_signing: Mapping[str, Any] | None = None,
    **changes: Any,
) -> None:
    """A zone that is signed with a key in us-east-1, from a stack of another region."""
    inside = pulumi.ResourceOptions(provider=provider())
    whole = {
        "customer_master_key_spec": "ECC_NIST_P256",
        "key_usage": "SIGN_VERIFY",
        "policy": signing_policy(*actions),
        "region": "us-east-1",
        **changes,
    }
    key, ours = aws.kms.Key("key", opts=inside, **whole), zone()
    more = {"hosted_zone_id": ours.zone_id, "key_management_service_arn": key.arn, "name": "signing", **(signing or {})}
    first = aws.route53.KeySigningKey("signing", **more)
    after = pulumi.ResourceOptions(depends_on=[first] if depends else [])
    aws.route53.HostedZoneDnsSec("signed", hosted_zone_id=ours.zone_id, opts=after, **(zone_signing or {}))


def _two_records() -> None:
    record("first")
    record("second")


def _two_identifiers() -> None:
    weighted("first", set_identifier="one")
    weighted("second", set_identifier="one")


def _mixed() -> None:
    record("first")
    weighted("second")


def _by_distribution() -> None:
    behaviour = {
        "allowed_methods": ["GET", "HEAD"],
        "cached_methods": ["GET", "HEAD"],
        "target_origin_id": "pages",
        "viewer_protocol_policy": "redirect-to-https",
        "cache_policy_id": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
    }
    pages = aws.cloudfront.Distribution(
        "pages",
        enabled=True,
        origins=[{"origin_id": "pages", "domain_name": "pages.s3.eu-west-1.amazonaws.com"}],
        default_cache_behavior=behaviour,
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate={"cloudfront_default_certificate": True},
    )
    alias(aliases=[{"name": pages.domain_name, "zone_id": pages.hosted_zone_id, "evaluate_target_health": True}])


NO_HEALTH = "true given; CloudFront distributions take false only"
WRONG_DNS: list[Wrong] = [
    Wrong("record of nothing", lambda: record(records=None, ttl=None), "records", "nothing given; exactly one of"),
    Wrong("record without time to live", lambda: record(ttl=None), "ttl", "missing; a record that is no alias"),
    Wrong("alias with time to live", lambda: alias(ttl=60), "ttl", "given, but the record is an alias"),
    Wrong("alias with values", lambda: alias(records=["192.0.2.1"]), "records", "given, but the record is an alias"),
    Wrong("two aliases", lambda: alias(aliases=[*target(), *target()]), "aliases", "2 given; allowed: one"),
    Wrong("alias of name servers", lambda: alias(type="NS"), "type", "NS given; an alias is of another type"),
    Wrong(
        "health of a distribution by its zone",
        lambda: alias(aliases=target(CLOUDFRONT)),
        "aliases[0].evaluateTargetHealth",
        NO_HEALTH,
    ),
    Wrong("health of a distribution", _by_distribution, "aliases[0].evaluateTargetHealth", NO_HEALTH),
    Wrong(
        "alias that says nothing of health",
        lambda: alias(aliases=[{"name": "target.amazonaws.com", "zone_id": API_ZONE}]),
        "aliases[0].evaluateTargetHealth",
        "missing",
    ),
    Wrong(
        "canonical name of a zone",
        lambda: in_zone("Example.com.", type="CNAME", records=["a.b.net"]),
        "name",
        "'Example.com.' given, the zone's own name",
    ),
    Wrong("name of another zone", lambda: in_zone("www.other.net", "other.net"), "name", "is not in the zone example"),
    Wrong("whole name elsewhere", lambda: in_zone("www.other.net."), "name", "is not in the zone example.com"),
    Wrong("policy without identifier", lambda: weighted(set_identifier=None), "setIdentifier", "missing; weighted"),
    Wrong("identifier without policy", lambda: record(set_identifier="one"), "setIdentifier", "given, but the record"),
    Wrong(
        "two policies",
        lambda: weighted(latency_routing_policies=[{"region": REGION}]),
        "weightedRoutingPolicies",
        "latencyRoutingPolicies and weightedRoutingPolicies given; allowed: one",
    ),
    Wrong("record twice", _two_records, "name", "the same as that of aws:route53/record:Record first"),
    Wrong("identifier twice", _two_identifiers, "setIdentifier", "the same as that of aws:route53/record:Record first"),
    Wrong("policy beside none", _mixed, "name", "has this name and type with another routing policy"),
    Wrong(
        "primary alone",
        lambda: failing_over("PRIMARY"),
        "failoverRoutingPolicies",
        "PRIMARY given, but no record of this name and type is SECONDARY",
    ),
    Wrong(
        "secondary of another type",
        lambda: pair(secondary={"type": "AAAA"}),
        "failoverRoutingPolicies",
        "PRIMARY given, but no record",
        also=(("failoverRoutingPolicies", "SECONDARY given, but no record"),),
    ),
    Wrong(
        "primary that cannot fail",
        lambda: pair({"health_check_id": None, "aliases": target(healthy=False)}),
        "healthCheckId",
        "missing; a primary record needs it",
    ),
    Wrong(
        "role in a failover",
        lambda: failing_over("THIRD"),
        "failoverRoutingPolicies[0].type",
        "'THIRD' given; allowed: PRIMARY, SECONDARY",
    ),
    Wrong(
        "failover from distribution to distribution",
        lambda: pair(*[{"aliases": target(CLOUDFRONT, healthy=False)}] * 2),
        "aliases",
        "CloudFront given, as for aws:route53/record:Record primary",
    ),
    Wrong("check of its own records", checked, "healthCheckId", "asks 'api.example.com', the record's own name"),
    Wrong("type of a check", lambda: check(type="ICMP"), "type", "'ICMP' given; allowed: HTTP, HTTPS"),
    Wrong("check of nothing", lambda: check(fqdn=None), "fqdn", "missing; a check of an endpoint needs it"),
    Wrong(
        "check of an alarm",
        lambda: of_type("CLOUDWATCH_METRIC", cloudwatch_alarm_name="a"),
        "cloudwatchAlarmRegion",
        "missing; a check of type CLOUDWATCH_METRIC needs it",
    ),
    Wrong(
        "alarm of an endpoint",
        lambda: check(cloudwatch_alarm_name="a"),
        "cloudwatchAlarmName",
        "given, but the check is of type HTTPS",
    ),
    Wrong("port of a check", lambda: check(type="TCP", port=None, resource_path=None), "port", "missing; a check of"),
    Wrong("no port", lambda: check(port=0), "port", "0 given; allowed: at least 1"),
    Wrong("words to look for", lambda: check(type="HTTPS_STR_MATCH"), "searchString", "missing; a check of type HTTPS"),
    Wrong("words that nobody looks for", lambda: check(search_string="ok"), "searchString", "given with type HTTPS"),
    Wrong("seconds between checks", lambda: check(request_interval=20), "requestInterval", "20 given; allowed: 10, 30"),
    Wrong(
        "check without interval", lambda: check(request_interval=None), "requestInterval", "missing; a check of type"
    ),
    Wrong(
        "failures of a check", lambda: check(failure_threshold=11), "failureThreshold", "11 given; allowed: at most 10"
    ),
    Wrong("path over TCP", lambda: check(type="TCP"), "resourcePath", "given, but a check of type TCP"),
    Wrong("host name without TLS", lambda: check(type="HTTP", enable_sni=True), "enableSni", "type HTTP has no TLS"),
    Wrong("regions of a check", lambda: check(regions=["us-east-1", "us-west-1"]), "regions", "2 given; allowed: at"),
    Wrong(
        "region of a check",
        lambda: check(regions=["us-east-1", "us-west-1", "eu-central-1"]),
        "regions[2]",
        "'eu-central-1' given; allowed: us-east-1",
    ),
    Wrong("name of a signing key", lambda: signed(signing={"name": "a-b"}), "name", "'a-b' given; allowed: 3 to 128"),
    Wrong("state of a signing key", lambda: signed(signing={"status": "ON"}), "status", "'ON' given; allowed: ACTIVE"),
    Wrong(
        "state of signing",
        lambda: signed(zone_signing={"signing_status": "ON"}),
        "signingStatus",
        "'ON' given; allowed: SIGNING",
    ),
    Wrong(
        "signing key elsewhere",
        lambda: signed(region=None),
        "keyManagementServiceArn",
        f"a key in {REGION} given; one in us-east-1",
    ),
    Wrong(
        "signing key by its alias",
        lambda: signed(signing={"key_management_service_arn": "alias/signing"}),
        "keyManagementServiceArn",
        "the ARN of a key is needed",
    ),
    Wrong(
        "curve of a signing key",
        lambda: signed(customer_master_key_spec="ECC_NIST_P384"),
        "keyManagementServiceArn",
        "customerMasterKeySpec ECC_NIST_P384; ECC_NIST_P256 is needed",
    ),
    Wrong(
        "use of a signing key",
        lambda: signed(key_usage="KEY_AGREEMENT"),
        "keyManagementServiceArn",
        "keyUsage KEY_AGREEMENT; SIGN_VERIFY is needed",
    ),
    Wrong(
        "signing key that may not be used",
        lambda: signed(actions=tuple(SIGNS)),
        "keyManagementServiceArn",
        "must allow kms:CreateGrant to dnssec-route53.amazonaws.com",
    ),
    Wrong("signed without key", lambda: signed(signing={"status": "INACTIVE"}), "hostedZoneId", "has no active key"),
    Wrong("signed before its key", lambda: signed(depends=False), "", "must depend on aws:route53/keySigningKey"),
]
SOUND_DNS: dict[str, Callable[[], Any]] = {
    "record in its zone": lambda: in_zone("www.example.com", "other.net"),
    "record by the beginning of its name": lambda: in_zone("www"),
    "alias of an API": alias,
    "weighted records": lambda: [weighted(name) for name in ("first", "second")],
    "failover": pair,
    "failover by the target's own health": lambda: pair({"health_check_id": None}),
    "failover to a distribution": lambda: pair(secondary={"aliases": target(CLOUDFRONT, healthy=False)}),
    "failover by a check of the endpoint": lambda: checked(fqdn="eu-west-1.example.com"),
    "failover by a check of the address": lambda: checked(ip_address="192.0.2.1"),
    "check of TCP": lambda: check(type="TCP", resource_path=None),
    "check of other checks": lambda: of_type("CALCULATED", child_healthchecks=[CHECK], child_health_threshold=1),
    "signed zone": signed,
    "zone that is not signed": lambda: signed(
        signing={"status": "INACTIVE"}, zone_signing={"signing_status": "NOT_SIGNING"}
    ),
}
