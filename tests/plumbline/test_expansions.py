"""plumbline.expansions: the VPC as recordings of the real component have it, and what has no expansion.

With it what plumbline.invokes makes up in place of AWS: passwords.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.expansions import EXPANDERS, Child, Expansion, NotExpanded, Ref, Reference
from plumbline.graph import UNKNOWN, Secret, walk
from plumbline.invokes import answer

NAME = "network-vpc"
SUBNET = "aws:ec2/subnet:Subnet"
RECORDINGS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "awsx_vpc.json").read_text(encoding="utf-8")
)
SPECS = [{"type": "Public", "cidrMask": 24}, {"type": "Private", "cidrMask": 20}]
INPUTS: dict[str, Any] = {
    "cidrBlock": "10.10.0.0/16",
    "availabilityZoneNames": ["us-east-1a", "us-east-1b"],
    "subnetStrategy": "Auto",
    "subnetSpecs": SPECS,
}


def expand(inputs: dict[str, Any], region: str = "us-east-1") -> Expansion:
    return EXPANDERS["awsx:ec2:Vpc"](NAME, inputs, region)


def camel(value: Any) -> Any:
    """Write the keys of arguments as the wire has them."""
    if isinstance(value, dict):
        return {re.sub(r"_([a-z])", lambda found: found[1].upper(), key): camel(item) for key, item in value.items()}
    return [camel(item) for item in value] if isinstance(value, list) else value


def told(recording: dict[str, Any]) -> str:
    args = recording["args"]
    specs = "+".join(spec["type"] for spec in args["subnet_specs"])
    return f"{args['nat_gateways']['strategy']}-{args['number_of_availability_zones']}-{specs}"


def as_recorded(expansion: Expansion) -> list[dict[str, Any]]:
    """Return the children in the form of the recordings, which have no other references than to ids."""
    by_key = {child.key: child for child in expansion.children}

    def written(value: Any) -> Any:
        if isinstance(value, Ref):
            return {"$id_of": by_key[value.child].name}
        if isinstance(value, dict):
            return {key: written(item) for key, item in value.items() if getattr(item, "property", "id") == "id"}
        return value

    return [
        {
            "type": child.type,
            "name": child.name,
            "parent": by_key[child.parent].name if child.parent else NAME,
            "inputs": written(child.inputs),
        }
        for child in expansion.children
    ]


def in_any_order(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


# The recordings.


def test_there_are_ten_different_recordings() -> None:
    assert len({told(recording) for recording in RECORDINGS}) == len(RECORDINGS) == 10


@pytest.mark.parametrize("recording", RECORDINGS, ids=told)
def test_an_expansion_registers_what_the_real_component_does(recording: dict[str, Any]) -> None:
    component, *children = recording["resources"]
    assert (component["type"], component["name"], component["inputs"]) == ("awsx:ec2:Vpc", NAME, {})
    assert in_any_order(as_recorded(expand(camel(recording["args"])))) == in_any_order(children)


@pytest.mark.parametrize("recording", RECORDINGS, ids=told)
def test_zones_may_be_named_instead_of_counted(recording: dict[str, Any]) -> None:
    args = camel(recording["args"])
    counted = expand(args)
    del args["numberOfAvailabilityZones"]
    named = expand({**args, "availabilityZoneNames": recording["availability_zones"]}, region="")
    assert named == counted


@pytest.mark.parametrize("recording", RECORDINGS, ids=told)
def test_every_child_comes_after_what_it_needs(recording: dict[str, Any]) -> None:
    seen: set[str] = set()
    for child in expand(camel(recording["args"])).children:
        refs = {leaf.child for _, leaf in walk(child.inputs) if isinstance(leaf, Ref)}
        assert refs | set(child.after) | ({child.parent} - {""}) <= seen
        assert child.key not in seen
        seen.add(child.key)


@pytest.mark.parametrize("recording", RECORDINGS, ids=told)
def test_every_output_says_what_it_needs(recording: dict[str, Any]) -> None:
    expansion = expand(camel(recording["args"]))
    keys = {child.key for child in expansion.children}
    assert expansion.needs.keys() == expansion.outputs.keys()
    for name, value in expansion.outputs.items():
        mentioned = {leaf.child for _, leaf in walk(value) if isinstance(leaf, Ref | Reference)}
        assert mentioned <= set(expansion.needs[name]) <= keys


# Defaults and references that the recordings do not have.


def child(expansion: Expansion, key: str) -> Child:
    [found] = [child for child in expansion.children if child.key == key]
    return found


def test_three_zones_with_a_nat_gateway_each_are_the_default() -> None:
    inputs = {key: value for key, value in INPUTS.items() if key != "availabilityZoneNames"}
    given_out = {**inputs, "numberOfAvailabilityZones": 3, "natGateways": {"strategy": "OnePerAz"}}
    assert expand(inputs, "eu-west-1") == expand(given_out, "eu-west-1")
    zones = [made.inputs["availabilityZone"] for made in expand(inputs, "eu-west-1").children if made.type == SUBNET]
    assert zones == ["eu-west-1a", "eu-west-1a", "eu-west-1b", "eu-west-1b", "eu-west-1c", "eu-west-1c"]


def test_references_to_other_properties_than_ids() -> None:
    expansion = expand(INPUTS)
    assert child(expansion, "nat 1").inputs["allocationId"] == Ref("eip 1", "allocationId")
    subnets = [made.inputs["ipv6CidrBlock"] for made in expansion.children if made.type == SUBNET]
    assert subnets == [Ref("vpc", "ipv6CidrBlock", only_waits=True)] * 4


def test_what_the_vpc_takes_is_passed_on_to_it_alone() -> None:
    passed = {
        "enableDnsHostnames": False,
        "enableDnsSupport": True,
        "enableNetworkAddressUsageMetrics": True,
        "instanceTenancy": "dedicated",
    }
    expansion, plain = expand({**INPUTS, **passed}), expand(INPUTS)
    assert child(expansion, "vpc").inputs == {"cidrBlock": "10.10.0.0/16", **passed, "tags": {"Name": NAME}}
    assert expansion.children[1:] == plain.children[1:]


def test_a_tag_of_the_users_named_name_does_not_rename_subnets() -> None:
    expansion = expand({**INPUTS, "tags": {"Name": "mine"}})
    assert child(expansion, "vpc").inputs["tags"] == {"Name": "mine"}
    assert child(expansion, f"subnet {NAME}-public-1").inputs["tags"] == {
        "Name": f"{NAME}-public-1",
        "SubnetType": "Public",
    }


def test_unused_space_keeps_addresses_free_and_has_no_subnet() -> None:
    specs = [SPECS[0], {"type": "Unused", "cidrMask": 19}, SPECS[1]]
    blocks = [m.inputs["cidrBlock"] for m in expand({**INPUTS, "subnetSpecs": specs}).children if m.type == SUBNET]
    assert blocks == ["10.10.0.0/24", "10.10.64.0/20", "10.10.128.0/24", "10.10.192.0/20"]


# What has no expansion.


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cidrBlock": UNKNOWN}, "cidrBlock: not known before the deployment, and the children are made of it"),
        ({"tags": {"a": UNKNOWN}}, "tags: not known before the deployment, and the children are made of it"),
        (
            {"cidrBlock": Secret("10.0.0.0/16")},
            "cidrBlock: a secret given; allowed: what may be shown, and secret values of tags",
        ),
        (
            {"tags": Secret({"a": "b"})},
            "tags: a secret given; allowed: what may be shown, and secret values of tags",
        ),
        ({"subnetStrategy": None}, "no offline expansion but of cidrBlock and subnetSpecs with subnetStrategy Auto"),
        (
            {"subnetStrategy": "Exact"},
            "no offline expansion but of cidrBlock and subnetSpecs with subnetStrategy Auto",
        ),
        ({"subnetSpecs": []}, "no offline expansion but of cidrBlock and subnetSpecs with subnetStrategy Auto"),
        ({"cidrBlock": None}, "no offline expansion but of cidrBlock and subnetSpecs with subnetStrategy Auto"),
        (
            {"numberOfAvailabilityZones": 2},
            "availabilityZoneNames and numberOfAvailabilityZones given; allowed: one of them",
        ),
        (
            {"availabilityZoneNames": None, "numberOfAvailabilityZones": 7},
            "numberOfAvailabilityZones: 7 given; allowed: 1 to 6",
        ),
        (
            {"availabilityZoneNames": None, "numberOfAvailabilityZones": 0},
            "numberOfAvailabilityZones: 0 given; allowed: 1 to 6",
        ),
        (
            {"subnetSpecs": [{"type": "Public", "cidrMask": 24, "name": "edge"}]},
            "subnetSpecs[0]: no offline expansion but of cidrMask with type Public, Private, Isolated, Unused",
        ),
        (
            {"subnetSpecs": [SPECS[0], {"type": "Private", "size": 4096}]},
            "subnetSpecs[1]: no offline expansion but of cidrMask with type Public, Private, Isolated, Unused",
        ),
        (
            {"subnetSpecs": [{"type": "public", "cidrMask": 24}]},
            "subnetSpecs[0]: no offline expansion but of cidrMask with type Public, Private, Isolated, Unused",
        ),
        (
            {"subnetSpecs": [{"cidrMask": 24}]},
            "subnetSpecs[0]: no offline expansion but of cidrMask with type Public, Private, Isolated, Unused",
        ),
        (
            {"subnetSpecs": [SPECS[0], {"type": "Private", "cidrMask": 29}]},
            "subnetSpecs[1].cidrMask: 29 given; allowed: 16 to 28",
        ),
        ({"subnetSpecs": [*SPECS, SPECS[0]]}, "subnetSpecs[2].type: Public given twice; allowed: each type once"),
        (
            {"subnetSpecs": [{"type": "Public", "cidrMask": 18}, {"type": "Private", "cidrMask": 17}]},
            "subnetSpecs: the subnets of a zone do not fit into 10.10.0.0/17",
        ),
        (
            {"natGateways": {"strategy": "Double"}},
            "natGateways: no offline expansion but of strategy OnePerAz, Single, None",
        ),
        (
            {"natGateways": {"strategy": "Single", "elasticIpAllocationIds": ["eipalloc-1"]}},
            "natGateways: no offline expansion but of strategy OnePerAz, Single, None",
        ),
        (
            {"subnetSpecs": [SPECS[1]]},
            "natGateways: NAT gateways need public subnets, and private or isolated ones behind them",
        ),
        (
            {"subnetSpecs": [SPECS[0]]},
            "natGateways: NAT gateways need public subnets, and private or isolated ones behind them",
        ),
        (
            {"cidrBlock": "10.0.0.1/16"},
            "cidrBlock: 10.0.0.1/16 has host bits set; allowed: a block such as 10.0.0.0/16",
        ),
    ],
)
def test_inputs_without_expansion_are_refused_in_one_line(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(NotExpanded, match=f"^{re.escape(said)}$"):
        expand({**INPUTS, **changes})


@pytest.mark.parametrize(
    "key", ["vpcEndpointSpecs", "ipv4IpamPoolId", "assignGeneratedIpv6CidrBlock", "availabilityZoneCidrMask"]
)
def test_inputs_that_the_expansion_does_not_know_are_refused_by_name(key: str) -> None:
    with pytest.raises(NotExpanded, match=f"^{key}: no offline expansion; allowed: availabilityZoneNames, "):
        expand({**INPUTS, key: "x"})


def test_an_input_that_is_null_is_not_given() -> None:
    assert expand({**INPUTS, "vpcEndpointSpecs": None}) == expand(INPUTS)


def test_counted_zones_need_a_region() -> None:
    inputs = {key: value for key, value in INPUTS.items() if key != "availabilityZoneNames"}
    with pytest.raises(NotExpanded, match=r"^availabilityZoneNames: missing, and no provider in `providers` says"):
        expand(inputs, region="")


# The layout of the subnets.


MASKS = st.integers(min_value=20, max_value=28)


@settings(max_examples=150, deadline=None)
@given(
    prefix=st.integers(min_value=16, max_value=22),
    zones=st.integers(min_value=1, max_value=6),
    public=MASKS,
    private=MASKS,
    isolated=MASKS,
)
def test_subnets_are_disjoint_and_inside_the_vpc_and_each_zone_has_a_part_of_its_own(
    prefix: int, zones: int, public: int, private: int, isolated: int
) -> None:
    kinds = {"Public": public, "Private": private, "Isolated": isolated}
    inputs = {
        **INPUTS,
        "cidrBlock": f"10.64.0.0/{prefix}",
        "availabilityZoneNames": [f"us-east-1{letter}" for letter in "abcdef"[:zones]],
        "subnetSpecs": [{"type": kind, "cidrMask": mask} for kind, mask in kinds.items()],
    }
    vpc = ipaddress.IPv4Network(inputs["cidrBlock"])
    parts = [*vpc.subnets(prefixlen_diff=(zones - 1).bit_length())][:zones]
    try:
        expansion = expand(inputs)
    except NotExpanded as error:
        assert str(error) == f"subnetSpecs: the subnets of a zone do not fit into {parts[0]}"
        # Refused only where they do not fit: the next multiples of each size end behind the part.
        end = 0
        for mask in kinds.values():
            size = 2 ** (32 - mask)
            end = (end + size - 1) // size * size + size
        assert end > parts[0].num_addresses
        return
    subnets = [made for made in expansion.children if made.type == SUBNET]
    blocks = [ipaddress.IPv4Network(made.inputs["cidrBlock"]) for made in subnets]  # strict: each is aligned
    ordered = sorted(blocks)
    assert not [(one, two) for one, two in itertools.pairwise(ordered) if one.overlaps(two)]
    assert [block.prefixlen for block in blocks] == [public, private, isolated] * zones
    for number, part in enumerate(parts):
        assert all(block.subnet_of(part) for block in blocks[number * 3 : number * 3 + 3])


# Passwords.


@given(length=st.integers(min_value=1, max_value=4096))
def test_a_password_has_the_asked_length_and_only_letters_and_digits(length: int) -> None:
    found = answer("aws:secretsmanager/getRandomPassword:getRandomPassword", {"passwordLength": length}, None)
    assert found is not None
    assert re.fullmatch(rf"[A-Za-z0-9]{{{length}}}", found["randomPassword"])
    assert found == answer("aws:secretsmanager/getRandomPassword:getRandomPassword", {"passwordLength": length}, None)


def test_a_password_without_a_length_has_the_one_of_aws() -> None:
    found = answer("aws:secretsmanager/getRandomPassword:getRandomPassword", {}, None)
    assert found is not None
    assert len(found["randomPassword"]) == 32
