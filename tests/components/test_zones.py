"""components.zones: hosted zones, their signatures, and the records that delegate from one to those below it."""

from __future__ import annotations

from typing import Any

from components.keys import ADMINISTRATION
from components.zones import Zones, ZonesArgs, ZoneSpec
from plumbline.constraints import check
from plumbline.graph import UNKNOWN, StackGraph
from tests.components.programs import (
    ACCOUNT,
    NAMING,
    child_urn,
    component_urn,
    document,
    graph_of,
    named,
    names,
    needs,
    only,
    policy,
    present,
    statement,
)

ZONE = "aws:route53/zone:Zone"
RECORD = "aws:route53/record:Record"
SERVERS = ("ns-1.dns.net", "ns-2.dns.net")


def zones(**specs: ZoneSpec) -> StackGraph:
    """Evaluate zones; underscores stand for dots."""
    given = {domain.replace("_", "."): spec for domain, spec in specs.items()}
    return graph_of(lambda: Zones("zones", ZonesArgs(account=ACCOUNT, naming=NAMING, zones=given)))


def spec(**delegations: tuple[str, ...]) -> ZoneSpec:
    return ZoneSpec(description="Domains", delegations={k.replace("_", "."): v for k, v in delegations.items()})


def records(graph: StackGraph) -> dict[str, Any]:
    return {record.name: present(record.inputs) for record in graph.of_type(RECORD)}


def test_a_zone_has_its_domain_and_says_what_it_is_for() -> None:
    graph = zones(trading_com=ZoneSpec(description="Domains of trading"))
    zone = graph.resources[child_urn("Zones", ZONE, "zones-trading.com")]
    assert present(zone.inputs) == {"name": "trading.com", "comment": "Domains of trading"}
    assert zone.parent == component_urn("Zones", "zones")
    assert len(graph) == 2


def test_name_servers_are_outputs_by_domain() -> None:
    graph = zones(trading_com=spec(), other_net=spec())
    outputs = graph.resources[component_urn("Zones", "zones")].outputs
    assert outputs == {"name_servers": {"trading.com": UNKNOWN, "other.net": UNKNOWN}, "ds_records": {}}


def test_a_zone_below_another_of_the_stack_is_delegated_by_its_own_name_servers() -> None:
    graph = zones(trading_com=spec(), test_trading_com=spec())
    assert records(graph) == {
        "zones-trading.com-test.trading.com": {
            "zoneId": UNKNOWN,
            "name": "test.trading.com",
            "type": "NS",
            "ttl": 3600,
            "records": UNKNOWN,
        }
    }
    [record] = graph.of_type(RECORD)
    assert needs(record) == {"zoneId": ("zones-trading.com",), "records": ("zones-test.trading.com",)}


def test_a_zone_in_another_account_is_delegated_to_the_name_servers_given() -> None:
    graph = zones(trading_com=spec(test_trading_com=SERVERS))
    assert records(graph) == {
        "zones-trading.com-test.trading.com": {
            "zoneId": UNKNOWN,
            "name": "test.trading.com",
            "type": "NS",
            "ttl": 3600,
            "records": list(SERVERS),
        }
    }
    assert len(graph.of_type(ZONE)) == 1


def test_a_zone_is_delegated_by_the_nearest_above_it_only() -> None:
    graph = zones(com=spec(), trading_com=spec(), test_trading_com=spec(), a_test_trading_com=spec())
    assert sorted(records(graph)) == [
        "zones-com-trading.com",
        "zones-test.trading.com-a.test.trading.com",
        "zones-trading.com-test.trading.com",
    ]


def test_a_zone_is_delegated_past_levels_that_have_no_zone() -> None:
    assert list(records(zones(trading_com=spec(), a_b_trading_com=spec()))) == ["zones-trading.com-a.b.trading.com"]


def test_the_order_of_the_zones_does_not_matter() -> None:
    one = zones(trading_com=spec(), test_trading_com=spec())
    other = zones(test_trading_com=spec(), trading_com=spec())
    assert records(one) == records(other)


def test_a_domain_that_only_ends_alike_is_not_below() -> None:
    assert records(zones(trading_com=spec(), mytrading_com=spec())) == {}


def test_zones_without_entries_are_an_empty_component() -> None:
    graph = zones()
    assert [resource.urn for resource in graph] == [component_urn("Zones", "zones")]


KEY = "aws:kms/key:Key"
SIGNER = {"Service": "dnssec-route53.amazonaws.com"}
SIGNED = ZoneSpec(description="Domains", signed=True)


def test_only_what_is_to_be_signed_is_signed() -> None:
    graph = zones(trading_com=SIGNED, other_net=spec())
    [key] = graph.of_type("aws:route53/keySigningKey:KeySigningKey")
    [signing] = graph.of_type("aws:route53/hostedZoneDnsSec:HostedZoneDnsSec")
    assert present(dict(key.inputs)) == {
        "hostedZoneId": UNKNOWN,
        "keyManagementServiceArn": UNKNOWN,
        "name": "signing",
        "status": "ACTIVE",
    }
    assert needs(key) == {"hostedZoneId": ("zones-trading.com",), "keyManagementServiceArn": ("zones-signing",)}
    assert present(dict(signing.inputs)) == {"hostedZoneId": UNKNOWN, "signingStatus": "SIGNING"}
    assert names(signing.dependencies) == ("zones-trading.com", "zones-trading.com-key")
    outputs = graph.resources[component_urn("Zones", "zones")].outputs
    assert outputs["ds_records"] == {"trading.com": UNKNOWN}


def test_signed_zones_share_one_key_of_the_curve_in_the_region_for_it() -> None:
    graph = zones(trading_com=SIGNED, other_net=SIGNED)
    key = only(graph, KEY)
    assert {name: value for name, value in present(dict(key.inputs)).items() if name != "policy"} == {
        "description": "Signs zones of Route 53 (DNSSEC)",
        "customerMasterKeySpec": "ECC_NIST_P256",
        "keyUsage": "SIGN_VERIFY",
        "enableKeyRotation": False,
        "region": "us-east-1",
    }
    alias = named(graph, "zones-signing-alias")
    assert present(dict(alias.inputs)) == {
        "name": "alias/test-dnssec",
        "targetKeyId": UNKNOWN,
        "region": "us-east-1",
    }


def test_key_signs_for_the_accounts_zones_and_nothing_else() -> None:
    any_ = ["*"]
    source = {
        "StringEquals": {"aws:SourceAccount": "111111111111"},
        "ArnLike": {"aws:SourceArn": "arn:aws:route53:::hostedzone/*"},
    }
    granted = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    root = {"AWS": "arn:aws:iam::111111111111:root"}
    uses = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"]
    assert document(only(zones(trading_com=SIGNED), KEY)) == policy(
        statement("AccountAdministers", [*ADMINISTRATION, "kms:GetPublicKey"], any_, Principal=root),
        statement("Route53Signs", uses, any_, Principal=SIGNER, Condition=source),
        statement("Route53HoldsGrants", ["kms:CreateGrant"], any_, Principal=SIGNER, Condition=granted),
    )


def test_a_signed_zone_would_not_be_refused() -> None:
    assert check(zones(trading_com=SIGNED)) == []
