"""components.protection: what becomes of data, for everything that holds some."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.protection import data_kept, stateful
from components.transforms import change_everything
from plumbline import sdk
from plumbline.graph import Options, Resource
from tests.components.programs import graph_of, named, options, present

KEPT = Options(protect=True, retain_on_delete=True)
TABLE: dict[str, Any] = {"name": "t", "hash_key": "id", "attributes": [{"name": "id", "type": "S"}]}
Make = Callable[[pulumi.ResourceOptions | None], pulumi.Resource]
# How a resource of each type is made, its inputs, and what protected and disposable add to them.
TYPES: dict[str, tuple[Make, dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "aws:dynamodb/table:Table": (
        lambda opts: aws.dynamodb.Table("data", **TABLE, opts=opts),
        {"name": "t", "hashKey": "id", "attributes": [{"name": "id", "type": "S"}]},
        {"deletionProtectionEnabled": True},
        {"deletionProtectionEnabled": False},
    ),
    "aws:s3/bucket:Bucket": (
        lambda opts: aws.s3.Bucket("data", bucket="b-1", opts=opts),
        {"bucket": "b-1"},
        {"forceDestroy": False},
        {"forceDestroy": True},
    ),
    "aws:kms/key:Key": (
        lambda opts: aws.kms.Key("data", description="d", opts=opts),
        {"description": "d"},
        {"deletionWindowInDays": 30},
        {"deletionWindowInDays": 7},
    ),
    "aws:secretsmanager/secret:Secret": (
        lambda opts: aws.secretsmanager.Secret("data", name="s", opts=opts),
        {"name": "s"},
        {"recoveryWindowInDays": 30},
        {"recoveryWindowInDays": 0},
    ),
    "aws:route53/zone:Zone": (
        lambda opts: aws.route53.Zone("data", name="example.com", opts=opts),
        {"name": "example.com"},
        {"forceDestroy": False},
        {"forceDestroy": True},
    ),
    "aws:ecr/repository:Repository": (
        lambda opts: aws.ecr.Repository("data", name="r", opts=opts),
        {"name": "r"},
        {"forceDelete": False},
        {"forceDelete": True},
    ),
    "aws:route53/keySigningKey:KeySigningKey": (
        lambda opts: aws.route53.KeySigningKey(
            "data", hosted_zone_id="Z1", key_management_service_arn="arn", name="k", opts=opts
        ),
        {"hostedZoneId": "Z1", "keyManagementServiceArn": "arn", "name": "k"},
        {},
        {},
    ),
    "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec": (
        lambda opts: aws.route53.HostedZoneDnsSec("data", hosted_zone_id="Z1", opts=opts),
        {"hostedZoneId": "Z1"},
        {},
        {},
    ),
    "aws:cognito/userPool:UserPool": (
        lambda opts: aws.cognito.UserPool("data", name="p", opts=opts),
        {"name": "p"},
        {"deletionProtection": "ACTIVE"},
        {"deletionProtection": "INACTIVE"},
    ),
    "aws:backup/vault:Vault": (
        lambda opts: aws.backup.Vault("data", name="v-1", opts=opts),
        {"name": "v-1"},
        {"forceDestroy": False},
        {"forceDestroy": True},
    ),
}


def made(make: Make, *, protected: bool, opts: pulumi.ResourceOptions | None = None) -> Resource:
    """Return the resource `data` as a program registers it under the transform."""

    def program() -> None:
        change_everything(data_kept(protected))
        make(opts)

    return named(graph_of(program), "data")


def inputs(resource: Resource) -> dict[str, Any]:
    # The SDK writes a comment of its own into zones.
    return {key: value for key, value in present(dict(resource.inputs)).items() if key != "comment"}


@pytest.mark.parametrize("type_", TYPES)
def test_protected_data_is_kept_by_pulumi_and_refuses_deletion_in_aws(type_: str) -> None:
    make, given, protected, _ = TYPES[type_]
    found = made(make, protected=True)
    assert (found.type, inputs(found), options(found)) == (type_, {**given, **protected}, KEPT)


@pytest.mark.parametrize("type_", TYPES)
def test_disposable_data_leaves_nothing_behind(type_: str) -> None:
    make, given, _, disposable = TYPES[type_]
    found = made(make, protected=False)
    assert (found.type, inputs(found), options(found)) == (type_, {**given, **disposable}, Options())


def test_every_stateful_type_is_tested() -> None:
    assert set(TYPES) == set(stateful())


@pytest.mark.parametrize("protected", [True, False])
def test_own_property_of_a_resource_wins(protected: bool) -> None:
    found = made(lambda opts: aws.kms.Key("data", deletion_window_in_days=14, opts=opts), protected=protected)
    assert inputs(found) == {"deletionWindowInDays": 14}


@pytest.mark.parametrize("protected", [True, False])
def test_other_options_of_a_resource_stay(protected: bool) -> None:
    opts = pulumi.ResourceOptions(ignore_changes=["readCapacity"])
    found = made(TYPES["aws:dynamodb/table:Table"][0], protected=protected, opts=opts)
    expected = Options(protect=protected, retain_on_delete=protected, ignore_changes=("readCapacity",))
    assert found.options == expected


def test_disposable_keeps_the_protection_that_a_resource_asks_for_itself() -> None:
    found = made(TYPES["aws:kms/key:Key"][0], protected=False, opts=pulumi.ResourceOptions(protect=True))
    assert found.options == Options(protect=True)


@pytest.mark.parametrize("protected", [True, False])
def test_type_without_state_is_untouched(protected: bool) -> None:
    found = made(lambda opts: aws.sqs.Queue("data", name="q", opts=opts), protected=protected)
    assert (dict(found.inputs), found.options) == ({"name": "q"}, Options())


@pytest.mark.parametrize("protected", [True, False])
def test_component_is_untouched_and_its_children_are_not(protected: bool) -> None:
    def program() -> None:
        change_everything(data_kept(protected))
        parent = pulumi.ComponentResource("aws:kms/key:Key", "data")
        aws.kms.Key("key", opts=pulumi.ResourceOptions(parent=parent))

    graph = graph_of(program)
    assert (dict(named(graph, "data").inputs), named(graph, "data").options) == ({}, Options())
    assert named(graph, "key").options == Options(protect=protected, retain_on_delete=protected)


def test_without_the_transform_nothing_is_decided() -> None:
    found = named(graph_of(lambda: aws.kms.Key("data")), "data")
    assert (present(dict(found.inputs)), found.options) == ({}, Options())


# The data file.


def properties() -> Mapping[str, set[str]]:
    return {type_: {key for part in parts.values() for key in part} for type_, parts in stateful().items()}


def test_every_type_of_the_file_is_in_the_sdk() -> None:
    assert [type_ for type_ in stateful() if sdk.inputs_of(type_) is None] == []


def test_every_property_of_the_file_is_an_input_of_its_type() -> None:
    known = {type_: sdk.inputs_of(type_) for type_ in stateful()}
    wrong = [
        (type_, name)
        for type_, names in properties().items()
        for name in names
        if (found := known[type_]) is None or name not in found.properties
    ]
    assert wrong == []


def test_both_decisions_name_the_same_properties_of_a_type_with_different_values() -> None:
    for parts in stateful().values():
        assert set(parts) == {"protected", "disposable"}
        assert set(parts["protected"]) == set(parts["disposable"])
        assert all(parts["protected"][name] != parts["disposable"][name] for name in parts["protected"])
