"""components.tags: four tags on every resource that takes tags."""

from __future__ import annotations

import functools
from typing import Any

import pulumi
import pulumi_aws as aws

from components.tags import tagged
from components.transforms import change_everything
from plumbline.graph import Resource
from tests.evaluations import run_program

TAGS = {"Environment": "test", "Owner": "platform"}
TABLE = "aws:dynamodb/table:Table"
GROUP = "aws:autoscaling/group:Group"


def element(key: str, value: str, *, inherited: bool) -> dict[str, Any]:
    return {"key": key, "value": value, "propagateAtLaunch": inherited}


def program() -> None:
    change_everything(tagged(TAGS))
    pulumi.ComponentResource("test:index:Parent", "parent")
    key: Any = {"hash_key": "id", "attributes": [{"name": "id", "type": "S"}]}
    aws.dynamodb.Table("plain", name="test-plain", **key)
    aws.dynamodb.Table("own", name="test-own", tags={"Owner": "team", "Extra": "1"}, **key)
    aws.dynamodb.Table("later", name="test-later", tags=pulumi.Output.from_input({"Owner": "team"}), **key)
    aws.autoscaling.Group("group", min_size=1, max_size=1)
    own = {"key": "Owner", "value": "team", "propagate_at_launch": False}
    aws.autoscaling.Group("own-group", min_size=1, max_size=1, tags=[own])
    aws.iam.RolePolicy("policy", name="p", role="r", policy="{}")


@functools.cache
def resource(name: str) -> Resource:
    evaluation = run_program(program)
    assert evaluation.mistakes == ()
    [found] = [resource for resource in evaluation.graph if resource.name == name]
    return found


def table_inputs(name: str, tags: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "hashKey": "id", "attributes": [{"name": "id", "type": "S"}], "tags": tags}


def test_type_with_a_map_of_tags_gets_them() -> None:
    assert dict(resource("plain").inputs) == table_inputs("test-plain", TAGS)


def test_own_tags_win_in_a_map_and_are_kept() -> None:
    tags = {"Environment": "test", "Owner": "team", "Extra": "1"}
    assert dict(resource("own").inputs) == table_inputs("test-own", tags)


def test_own_tags_given_as_an_output_win_too() -> None:
    tags = {"Environment": "test", "Owner": "team"}
    assert dict(resource("later").inputs) == table_inputs("test-later", tags)


def test_type_with_a_list_of_tags_gets_them_for_its_instances_too() -> None:
    assert dict(resource("group").inputs) == {
        "minSize": 1,
        "maxSize": 1,
        "tags": [element("Environment", "test", inherited=True), element("Owner", "platform", inherited=True)],
    }


def test_own_tags_win_in_a_list() -> None:
    assert dict(resource("own-group").inputs) == {
        "minSize": 1,
        "maxSize": 1,
        "tags": [element("Owner", "team", inherited=False), element("Environment", "test", inherited=True)],
    }


def test_type_without_tags_gets_none() -> None:
    assert dict(resource("policy").inputs) == {"name": "p", "role": "r", "policy": "{}"}


def test_component_gets_no_tags() -> None:
    assert dict(resource("parent").inputs) == {}


def test_without_the_transform_nothing_is_tagged() -> None:
    def untagged() -> None:
        aws.sqs.Queue("queue", name="test-queue")

    [queue] = run_program(untagged).graph
    assert dict(queue.inputs) == {"name": "test-queue"}
