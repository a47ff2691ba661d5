"""A remote component through the whole monitor: as the real engine has it, in a preview and in the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_awsx as awsx
import pytest

from plumbline.evaluate import Evaluation
from plumbline.graph import UNKNOWN, Resource, Secret, StackGraph
from plumbline.sandbox import Sandbox
from tests.evaluations import run_program
from tests.plumbline.small_programs import place, sound

VPC = "awsx:ec2:Vpc"
NETWORK = "probe:index:Network"
SPECS: Any = [{"type": kind, "cidr_mask": mask} for kind, mask in (("Public", 24), ("Private", 20), ("Isolated", 24))]
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")

# What the real engine showed with the real awsx 3.11 for the program below: resources whose dependencies, parent and
# provider are numbers of others in the same list.
PREVIEWS = json.loads((Path(__file__).parent / "data" / "awsx_preview.json").read_text(encoding="utf-8"))


class Network(pulumi.ComponentResource):
    def __init__(self) -> None:
        super().__init__(NETWORK, "network")


def owned(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Add a tag to whatever of EC2 has tags."""
    if not args.type_.startswith("aws:ec2") or args.type_.endswith((":Route", ":RouteTableAssociation")):
        return None
    tags = {**(args.props.get("tags") or {}), "Owner": "o"}
    return pulumi.ResourceTransformResult(props={**args.props, "tags": tags}, opts=args.opts)


def vpc_in(component: pulumi.Resource | None, provider: aws.Provider, **changes: Any) -> awsx.ec2.Vpc:
    opts = pulumi.ResourceOptions(parent=component, providers={"aws": provider})
    arguments: dict[str, Any] = {
        "cidr_block": "10.10.0.0/16",
        "availability_zone_names": ["us-east-1a", "us-east-1b"],
        "nat_gateways": {"strategy": "Single"},
        "subnet_strategy": "Auto",
        "subnet_specs": SPECS,
        "enable_dns_hostnames": True,
        "enable_dns_support": True,
        "tags": {"Project": "x"},
        "opts": opts,
    }
    return awsx.ec2.Vpc("network-vpc", **{**arguments, **changes})


def users(component: pulumi.Resource, provider: aws.Provider, vpc: awsx.ec2.Vpc) -> None:
    """Register what uses a VPC's outputs, each in another way."""
    alone = pulumi.ResourceOptions(provider=provider)
    opts = pulumi.ResourceOptions.merge(alone, pulumi.ResourceOptions(parent=component))

    def after(name: str, needed: Any) -> None:
        aws.sqs.Queue(name, opts=pulumi.ResourceOptions.merge(alone, pulumi.ResourceOptions(depends_on=needed)))

    group = aws.ec2.SecurityGroup("sg", vpc_id=vpc.vpc_id, opts=opts)
    aws.ec2.VpcEndpoint(
        "s3",
        vpc_id=vpc.vpc_id,
        service_name="com.amazonaws.us-east-1.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=vpc.route_tables.apply(lambda tables: pulumi.Output.all(*[table.id for table in tables])),
        opts=opts,
    )
    aws.ec2.VpcEndpoint(
        "sqs",
        vpc_id=vpc.vpc.id,
        service_name="com.amazonaws.us-east-1.sqs",
        vpc_endpoint_type="Interface",
        subnet_ids=vpc.isolated_subnet_ids,
        security_group_ids=[group.id],
        opts=opts,
    )
    aws.ec2.FlowLog(
        "flow",
        vpc_id=vpc.vpc.apply(lambda resource: resource.id),
        traffic_type="ALL",
        log_destination="arn:aws:s3:::x",
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[vpc])),
    )
    aws.ec2.RouteTableAssociation(
        "first", subnet_id=vpc.private_subnet_ids[0], route_table_id=vpc.route_tables[0].id, opts=opts
    )
    aws.ec2.Subnet(
        "ref",
        vpc_id="v",
        cidr_block=vpc.vpc.cidr_block,
        availability_zone=vpc.subnet_layout.apply(lambda layout: str(len(layout))),
        opts=alone,
    )
    aws.ec2.Route(
        "len",
        route_table_id=vpc.route_tables.apply(lambda tables: tables[0].id),
        destination_cidr_block="1.1.1.1/32",
        gateway_id=vpc.internet_gateway.id,
        opts=alone,
    )
    after("after_vpc", [vpc])
    after("after_rt", vpc.route_tables)


def program(*, use: bool = True, role: bool = False, **changes: Any) -> Callable[[], None]:
    def run() -> None:
        pulumi.runtime.register_resource_transform(owned)
        provider = aws.Provider("aws", region="us-east-1", allowed_account_ids=["123456789012"])
        component = Network()
        given = dict(changes)
        if role:
            opts = pulumi.ResourceOptions(provider=provider)
            given["tags"] = {"Project": aws.iam.Role("tagrole", assume_role_policy="{}", name="known", opts=opts).name}
        vpc = vpc_in(component, provider, **given)
        if use:
            users(component, provider, vpc)
        pulumi.export("vpc_id", vpc.vpc_id)
        pulumi.export("private", vpc.private_subnet_ids)
        pulumi.export("tables", vpc.route_tables.apply(lambda tables: [table.id for table in tables]))

    return run


def evaluated(deployer: Sandbox | None = None, **changes: Any) -> Evaluation:
    evaluation = run_program(program(**changes), stack="dev", project="probe", deployer=deployer)
    assert (evaluation.mistakes, evaluation.warnings) == ((), ())
    return evaluation


def short(urn: str) -> str:
    return urn.removeprefix("urn:pulumi:dev::probe::")


def shown(value: Any) -> Any:
    """Return a value as the recording writes it: unknowns as a question mark."""
    if isinstance(value, Mapping):
        return {key: shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return "?" if value is UNKNOWN else value


def recorded(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    urns = [row["urn"] for row in rows]
    return {
        row["urn"]: {
            "parent": urns[row["parent"]] if "parent" in row else "",
            "inputs": row.get("inputs"),
            "dependencies": sorted(urns[number] for number in row.get("dependencies", [])),
            "properties": {
                key: sorted(urns[number] for number in numbers) for key, numbers in row.get("properties", {}).items()
            },
            "provider": urns[row["provider"]] if "provider" in row else "",
        }
        for row in rows
    }


def comparable(resource: Resource) -> dict[str, Any]:
    return {
        "parent": short(resource.parent),
        # What the SDK tells the engine about a provider differs between versions of the engine.
        "inputs": None if resource.type == "pulumi:providers:aws" else shown(resource.inputs),
        "dependencies": sorted(map(short, resource.dependencies)),
        "properties": {key: sorted(map(short, urns)) for key, urns in resource.property_dependencies.items() if urns},
        "provider": short(resource.options.provider.rpartition("::")[0]),
    }


@pytest.mark.parametrize(
    ("name", "zones", "changes"),
    [
        ("single2", 2, {}),
        ("oneperaz3", 3, {"nat_gateways": {"strategy": "OnePerAz"}}),
        ("none2", 2, {"nat_gateways": {"strategy": "None"}}),
        ("tags_known", 2, {"role": True}),
    ],
)
def test_a_preview_is_the_one_of_the_real_engine_with_the_real_component(
    name: str, zones: int, changes: dict[str, Any]
) -> None:
    graph = evaluated(availability_zone_names=list(ZONES[:zones]), **changes).graph
    real = recorded(PREVIEWS[name])
    offline = {short(resource.urn): comparable(resource) for resource in graph}
    assert offline.keys() == real.keys()
    assert {urn: offline[urn] for urn in real if offline[urn] != real[urn]} == {}


@pytest.mark.parametrize("way", ["provider", "parent"])
def test_a_provider_reaches_the_children_by_every_way(way: str) -> None:
    def run() -> None:
        provider = aws.Provider("aws", region="us-east-1")
        parent = pulumi.ResourceOptions(providers={"aws": provider}) if way == "parent" else None
        component = pulumi.ComponentResource(NETWORK, "network", None, parent)
        given = pulumi.ResourceOptions(parent=component, provider=provider if way == "provider" else None)
        vpc_in(component, provider, opts=given)

    graph = run_program(run, stack="dev", project="probe").graph
    children = {urn: row["provider"] for urn, row in recorded(PREVIEWS["single2"]).items() if VPC + "$" in urn}
    found = {short(resource.urn): comparable(resource)["provider"] for resource in graph}
    assert {urn: found[urn] for urn in children} == children


# What a preview knows of the outputs.


def test_ids_are_unknown_in_a_preview_and_no_apply_runs_on_them() -> None:
    ran: list[str] = []

    def run() -> None:
        provider = aws.Provider("aws", region="us-east-1")
        vpc = vpc_in(None, provider)
        vpc.vpc_id.apply(lambda _: ran.append("vpc_id"))
        for kind in ("public", "private", "isolated"):
            getattr(vpc, f"{kind}_subnet_ids").apply(lambda _, kind=kind: ran.append(kind))
        vpc.route_tables.apply(lambda tables: ran.append(f"{len(tables)} route tables"))
        vpc.nat_gateways.apply(lambda gateways: ran.append(f"{len(gateways)} NAT gateways"))

    sound(run_program(run))
    assert sorted(ran) == ["1 NAT gateways", "6 route tables"]


def test_route_tables_are_known_resources_whose_ids_are_not() -> None:
    seen: list[str] = []

    def run() -> None:
        vpc = vpc_in(None, aws.Provider("aws", region="us-east-1"))
        pulumi.export("ids", vpc.route_tables.apply(lambda tables: pulumi.Output.all(*[table.id for table in tables])))
        pulumi.export("tags", vpc.route_tables[0].tags)
        vpc.route_tables.apply(lambda tables: [table.urn.apply(seen.append) for table in tables])

    evaluation = run_program(run)
    sound(evaluation)
    tables = sorted(resource.urn for resource in evaluation.graph.of_type("aws:ec2/routeTable:RouteTable"))
    assert (sorted(seen), len(seen)) == (tables, 6)
    assert evaluation.graph.outputs == {
        "ids": UNKNOWN,
        "tags": {"Name": "network-vpc-public-1", "Project": "x", "SubnetType": "Public"},
    }


# What the children get from the component's options and transforms.


def below(graph: StackGraph) -> list[Resource]:
    """Return the children of the remote component."""
    return [resource for resource in graph if f"{VPC}$" in resource.urn]


def vpc_alone(opts: pulumi.ResourceOptions) -> StackGraph:
    def run() -> None:
        provider = aws.Provider("aws", region="us-east-1")
        both = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=provider))
        vpc_in(None, provider, opts=both)

    evaluation = run_program(run)
    assert (evaluation.mistakes, evaluation.warnings) == ((), ())
    return evaluation.graph


@pytest.mark.parametrize(
    ("opts", "expected"),
    [
        (pulumi.ResourceOptions(protect=True), (True, False)),
        (pulumi.ResourceOptions(retain_on_delete=True), (False, True)),
        (pulumi.ResourceOptions(), (False, False)),
    ],
)
def test_children_inherit_protection_from_the_component(
    opts: pulumi.ResourceOptions, expected: tuple[bool, bool]
) -> None:
    graph = vpc_alone(opts)
    found = [(resource.options.protect, resource.options.retain_on_delete) for resource in below(graph)]
    assert found == [expected] * 26


def test_a_transform_of_the_components_own_changes_its_children() -> None:
    def private(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if not args.type_.endswith(":Subnet"):
            return None
        return pulumi.ResourceTransformResult(props={**args.props, "mapPublicIpOnLaunch": False}, opts=args.opts)

    graph = vpc_alone(pulumi.ResourceOptions(transforms=[private]))
    subnets = [resource for resource in below(graph) if resource.type.endswith(":Subnet")]
    assert [subnet.get("mapPublicIpOnLaunch") for subnet in subnets] == [False] * 6


def test_a_transform_of_the_component_changes_what_it_expands_to() -> None:
    def owned_by_component(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != VPC:
            return None
        return pulumi.ResourceTransformResult(props={**args.props, "tags": {"Owner": "o"}}, opts=args.opts)

    graph = vpc_alone(pulumi.ResourceOptions(transforms=[owned_by_component]))
    [vpc] = graph.of_type("aws:ec2/vpc:Vpc")
    assert vpc.get("tags") == {"Name": "network-vpc", "Owner": "o"}


def test_a_secret_value_of_a_tag_stays_secret_in_every_child() -> None:
    def run() -> None:
        vpc_in(None, aws.Provider("aws", region="us-east-1"), tags={"Project": pulumi.Output.secret("geheim")})

    evaluation = run_program(run)
    sound(evaluation)
    tagged = [resource for resource in below(evaluation.graph) if resource.get("tags") is not None]
    assert [resource.get("tags.Project") for resource in tagged] == [Secret("geheim")] * 16
    assert "geheim" not in repr(evaluation)


def test_children_have_the_place_of_the_components_registration() -> None:
    def run() -> None:
        opts = pulumi.ResourceOptions(provider=aws.Provider("aws", region="us-east-1"))
        awsx.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", subnet_strategy="Auto", subnet_specs=SPECS, opts=opts)  # a VPC

    graph = run_program(run).graph
    assert {resource.source for resource in below(graph)} == {place(__file__, "a VPC")}


# In the sandbox.


def test_in_the_sandbox_outputs_are_those_of_what_was_made() -> None:
    with Sandbox() as sandbox:
        graph = evaluated(sandbox, use=False).graph
    made = {(resource.type.rpartition(":")[2], resource.name): resource.id for resource in below(graph)}
    [component] = graph.of_type(VPC)
    names = [f"network-vpc-{kind}-{zone}" for zone in (1, 2) for kind in ("public", "private", "isolated")]
    assert component.inputs == {}
    assert all(made.values())
    assert graph.outputs == {
        "vpc_id": made["Vpc", "network-vpc"],
        "private": [made["Subnet", f"network-vpc-private-{zone}"] for zone in (1, 2)],
        "tables": [made["RouteTable", name] for name in names],
    }


def test_in_the_sandbox_a_gateway_endpoint_gets_the_route_tables() -> None:
    def run() -> None:
        provider = aws.Provider("aws", region="us-east-1", allowed_account_ids=["123456789012"])
        vpc = vpc_in(None, provider)
        aws.ec2.VpcEndpoint(
            "s3",
            vpc_id=vpc.vpc_id,
            service_name="com.amazonaws.us-east-1.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=vpc.route_tables.apply(lambda tables: pulumi.Output.all(*[table.id for table in tables])),
            opts=pulumi.ResourceOptions(provider=provider),
        )

    with Sandbox() as sandbox:
        evaluation = run_program(run, deployer=sandbox)
    assert (evaluation.mistakes, evaluation.warnings) == ((), ())
    [endpoint] = evaluation.graph.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
    tables = evaluation.graph.of_type("aws:ec2/routeTable:RouteTable")
    assert sorted(endpoint.inputs["routeTableIds"]) == sorted(table.id for table in tables)
    assert len(tables) == 6


# What cannot be expanded.


def test_inputs_without_expansion_are_one_line_with_its_place() -> None:
    def run() -> None:
        awsx.ec2.Vpc("plain", cidr_block="10.0.0.0/16")  # a plain VPC

    said = "no offline expansion but of cidrBlock and subnetSpecs with subnetStrategy Auto"
    assert run_program(run).mistakes == (f"{place(__file__, 'a plain VPC')}: {VPC} plain: {said}",)


def test_what_uses_a_component_that_was_not_expanded_adds_no_mistake() -> None:
    def run() -> None:
        vpc = awsx.ec2.Vpc("plain", cidr_block="10.0.0.0/16")
        aws.ec2.SecurityGroup("group", vpc_id=vpc.vpc_id)

    assert len(run_program(run).mistakes) == 1


def test_a_remote_component_without_expansion_is_one_line() -> None:
    def run() -> None:
        awsx.cloudtrail.Trail("trail")  # a trail

    said = "no offline expansion of this component"
    assert run_program(run).mistakes == (f"{place(__file__, 'a trail')}: awsx:cloudtrail:Trail trail: {said}",)
