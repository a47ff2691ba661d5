"""components.zones: hosted zones, and the records that delegate from one to those below it."""

from __future__ import annotations

from typing import Any

from components.zones import Zones, ZonesArgs, ZoneSpec
from plumbline.graph import UNKNOWN, StackGraph
from tests.components.programs import child_urn, component_urn, graph_of, needs, present

ZONE = "aws:route53/zone:Zone"
RECORD = "aws:route53/record:Record"
SERVERS = ("ns-1.dns.net", "ns-2.dns.net")


def zones(**specs: ZoneSpec) -> StackGraph:
    """Evaluate zones; underscores stand for dots."""
    given = {domain.replace("_", "."): spec for domain, spec in specs.items()}
    return graph_of(lambda: Zones("zones", ZonesArgs(zones=given)))


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
    assert outputs == {"name_servers": {"trading.com": UNKNOWN, "other.net": UNKNOWN}}


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
