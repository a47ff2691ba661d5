"""systems.network: addresses, zones and endpoints that are refused, and those that are laid out."""

from __future__ import annotations

import ipaddress
import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.expansions import EXPANDERS, NotExpanded
from systems.network import NetworkSettings, network_mistakes
from systems.settings import SettingsError, load
from systems.trading.settings import Settings
from tests.systems.test_settings import AT, changed

PRIVATE = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"


def network(**changes: Any) -> NetworkSettings:
    values = {
        "cidr_block": "10.10.0.0/16",
        "zones": ("us-east-1a", "us-east-1b"),
        "nat": "single",
        "interface_endpoints": ("logs",),
    }
    return NetworkSettings(**{**values, **changes})


def mistakes(siblings: Mapping[str, Mapping[str, Any]] | None = None, **changes: Any) -> list[str]:
    return list(network_mistakes(network(**changes), "us-east-1", siblings or {}))


# Addresses.


@pytest.mark.parametrize("block", ["10.10.0.0/16", "172.31.0.0/16", "192.168.0.0/16", "10.255.255.0/24"])
def test_private_block_of_a_good_size_is_accepted(block: str) -> None:
    masks = {"public_mask": 27, "private_mask": 27, "isolated_mask": 27}
    assert mistakes(cidr_block=block, **masks) == []


@pytest.mark.parametrize(
    "block", ["11.0.0.0/16", "172.15.0.0/16", "172.32.0.0/16", "192.169.0.0/16", "100.64.0.0/16", "0.0.0.0/16"]
)
def test_block_that_is_not_private_is_told(block: str) -> None:
    assert mistakes(cidr_block=block) == [f"network.cidr_block: {block} given; allowed: a part of {PRIVATE}"]


@pytest.mark.parametrize("block", ["10.10.0.1/16", "10.10.1.0/16", "300.10.0.0/16", "10.10.0.0/33"])
def test_block_that_is_not_one_by_its_first_address_is_told(block: str) -> None:
    expected = f"network.cidr_block: {block} given; allowed: a block by its first address, as 10.10.0.0/16"
    assert mistakes(cidr_block=block) == [expected]


def test_block_that_is_larger_than_a_vpc_is_told() -> None:
    assert mistakes(cidr_block="10.0.0.0/15") == ["network.cidr_block: /15 given; allowed: /16 to /24"]


def test_block_that_leaves_no_room_to_grow_is_told() -> None:
    masks = {"public_mask": 28, "private_mask": 28, "isolated_mask": 28}
    assert mistakes(cidr_block="10.10.0.0/25", **masks) == ["network.cidr_block: /25 given; allowed: /16 to /24"]


def test_block_that_does_not_hold_the_subnets_of_a_zone_is_told() -> None:
    assert mistakes(cidr_block="10.10.0.0/19") == [
        "network.cidr_block: 10.10.0.0/19 given; allowed: one whose /20 per zone holds subnets of /24, /20, /24"
    ]


def test_three_zones_share_the_block_like_four() -> None:
    zones = ("us-east-1a", "us-east-1b", "us-east-1c")
    masks = {"public_mask": 20, "private_mask": 19, "isolated_mask": 20}
    assert mistakes(cidr_block="10.10.0.0/16", zones=zones, **masks) == [
        "network.cidr_block: 10.10.0.0/16 given; allowed: one whose /18 per zone holds subnets of /20, /19, /20"
    ]
    assert mistakes(cidr_block="10.10.0.0/16", zones=zones[:2], **masks) == []


def test_subnet_that_must_move_to_its_boundary_takes_what_it_leaves_out() -> None:
    # 16 + 240 left out + 256 addresses, and then 128 more: they fit into 1,024 and not into 512.
    masks = {"public_mask": 28, "private_mask": 24, "isolated_mask": 25}
    assert mistakes(cidr_block="10.10.0.0/21", **masks) == []
    assert mistakes(cidr_block="10.10.0.0/22", **masks) == [
        "network.cidr_block: 10.10.0.0/22 given; allowed: one whose /23 per zone holds subnets of /28, /24, /25"
    ]


# Zones.


@pytest.mark.parametrize("zone", ["eu-west-1a", "us-east-1", "us-east-1aa", "us-east-11", "use1-az1"])
def test_zone_of_another_region_or_form_is_told(zone: str) -> None:
    assert mistakes(zones=("us-east-1a", zone)) == [
        f"network.zones: {zone} given; allowed: zones of us-east-1, such as us-east-1a"
    ]


def test_zone_that_is_given_twice_is_told_once_and_hides_no_other_mistake() -> None:
    assert mistakes(zones=("us-east-1a", "us-east-1a", "us-east-1a", "eu-west-1a")) == [
        "network.zones: us-east-1a given more than once",
        "network.zones: eu-west-1a given; allowed: zones of us-east-1, such as us-east-1a",
    ]


# Other stacks of the system.


@pytest.mark.parametrize("other", ["10.10.0.0/16", "10.10.128.0/20", "10.0.0.0/8"])
def test_addresses_of_another_stack_are_told(other: str) -> None:
    assert mistakes({"prod": {"network": {"cidr_block": other}}}) == [
        f"network.cidr_block: 10.10.0.0/16 given; allowed: addresses that stack prod ({other}) does not use"
    ]


@pytest.mark.parametrize(
    "sibling",
    [
        {"network": {"cidr_block": "10.11.0.0/16"}},
        {"network": {"cidr_block": "10.10.0.1/16"}},  # wrong itself, which its own evaluation tells
        {"network": {}},
        {"network": "10.10.0.0/16"},
        {},
    ],
)
def test_stack_with_other_addresses_or_with_none_is_no_mistake(sibling: dict[str, Any]) -> None:
    assert mistakes({"prod": sibling}) == []


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: plumbline\n")
    return tmp_path


def write_stack(project: Path, stack: str, settings: Any, system: str = "trading") -> None:
    config = {"plumbline:system": system, "plumbline:settings": settings}
    (project / f"Pulumi.{stack}.yaml").write_text(json.dumps({"config": config}))


def refused(stack: str) -> list[str]:
    """Return the lines that a stack's good settings are refused with, [] where they are not."""
    try:
        load(Settings, json.dumps(changed({})), stack)
    except SettingsError as error:
        return str(error).splitlines()
    return []


def test_addresses_of_another_stack_file_are_told(project: Path) -> None:
    write_stack(project, "test", changed({}))
    write_stack(project, "other", changed({"network.cidr_block": "10.10.64.0/18"}))
    assert refused("test") == [
        f"{AT}.network.cidr_block: 10.10.0.0/16 given; allowed: addresses that stack other (10.10.64.0/18) does not use"
    ]


def test_stack_file_with_other_addresses_is_accepted(project: Path) -> None:
    write_stack(project, "test", changed({}))
    write_stack(project, "other", changed({"network.cidr_block": "10.11.0.0/16"}))
    assert refused("test") == []


def test_stack_is_not_compared_with_itself_or_with_another_system(project: Path) -> None:
    write_stack(project, "test", changed({}))
    write_stack(project, "other", changed({}), system="momentum")
    assert refused("test") == []


@pytest.mark.parametrize("text", ["config: [", "config: {plumbline:system: trading, plumbline:settings: [1]}", "x: 1"])
def test_stack_file_that_cannot_be_read_is_compared_with_nothing(project: Path, text: str) -> None:
    write_stack(project, "test", changed({}))
    (project / "Pulumi.other.yaml").write_text(text)
    assert refused("test") == []


def test_stack_without_a_file_is_compared_with_nothing(project: Path) -> None:
    write_stack(project, "other", changed({}))
    assert refused("test") == []


# Endpoints.


def endpoint_mistakes(*given: str, called: tuple[str, ...] = ()) -> list[str]:
    return list(network(interface_endpoints=given).endpoint_mistakes(called))


def test_service_that_functions_call_without_an_endpoint_is_told() -> None:
    assert endpoint_mistakes("logs", called=("elasticache", "secretsmanager")) == [
        "network.interface_endpoints: elasticache missing; functions call it",
        "network.interface_endpoints: secretsmanager missing; functions call it",
    ]


def test_endpoint_that_is_given_twice_is_told_once() -> None:
    assert endpoint_mistakes("sns", "logs", "sns", "sns") == ["network.interface_endpoints: sns given twice"]


@pytest.mark.parametrize("service", ["dynamodb", "s3"])
def test_interface_endpoint_of_a_service_with_a_gateway_is_told(service: str) -> None:
    assert endpoint_mistakes(service) == [
        f"network.interface_endpoints: {service} given, which has a gateway endpoint already"
    ]


def test_endpoints_of_all_called_services_and_more_are_accepted() -> None:
    assert endpoint_mistakes("logs", "elasticache", called=("elasticache",)) == []


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("cidr_block", "11.0.0.0/16", f".cidr_block: 11.0.0.0/16 given; allowed: a part of {PRIVATE}"),
        (
            "zones",
            ["us-east-1a", "us-east-1a"],
            ".zones: us-east-1a given more than once",
        ),
        (
            "interface_endpoints",
            ["elasticache", "events"],
            ".interface_endpoints: secretsmanager missing; functions call it",
        ),
    ],
)
def test_mistake_of_the_network_is_told_with_its_file(project: Path, path: str, value: Any, line: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(Settings, json.dumps(changed({f"network.{path}": value})), "test")
    assert str(raised.value) == f"{AT}.network{line}"


# What is accepted can be laid out.

PREFIXES = st.integers(16, 24)
MASKS = st.integers(16, 28)
ADDRESSES = st.sampled_from(PRIVATE.split(", ")).flatmap(lambda block: st.ip_addresses(v=4, network=block))


@settings(database=None, deadline=None, max_examples=300)
@given(
    address=ADDRESSES,
    prefix=PREFIXES,
    zones=st.integers(2, 6),
    masks=st.tuples(MASKS, MASKS, MASKS),
    nat=st.sampled_from(["Single", "OnePerAz"]),
)
def test_block_is_accepted_exactly_where_disjoint_subnets_fit_into_it(
    address: ipaddress.IPv4Address, prefix: int, zones: int, masks: tuple[int, int, int], nat: str
) -> None:
    block = ipaddress.IPv4Network((address, prefix), strict=False)
    names = [f"us-east-1{letter}" for letter in "abcdef"[:zones]]
    of_kind = dict(zip(("public_mask", "private_mask", "isolated_mask"), masks, strict=True))
    told = mistakes(cidr_block=str(block), zones=tuple(names), **of_kind)
    inputs = {
        "cidrBlock": str(block),
        "availabilityZoneNames": names,
        "natGateways": {"strategy": nat},
        "subnetStrategy": "Auto",
        "subnetSpecs": [
            {"type": kind, "cidrMask": mask}
            for kind, mask in zip(("Public", "Private", "Isolated"), masks, strict=True)
        ],
    }
    try:
        expansion = EXPANDERS["awsx:ec2:Vpc"]("vpc", inputs, "us-east-1")
    except NotExpanded:
        assert told != []
        return
    assert told == []
    subnets = [child.inputs for child in expansion.children if child.type == "aws:ec2/subnet:Subnet"]
    blocks = [ipaddress.IPv4Network(subnet["cidrBlock"]) for subnet in subnets]
    assert len(blocks) == 3 * zones
    assert all(part.subnet_of(block) for part in blocks)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(blocks, 2))
    assert sorted(part.prefixlen for part in blocks) == sorted([*masks] * zones)
    assert sorted(subnet["availabilityZone"] for subnet in subnets) == sorted(names * 3)
