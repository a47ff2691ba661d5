"""What a program is answered: by the provider's settings in a preview, by a deployer in an `up`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from plumbline.graph import UNKNOWN, Resource
from plumbline.monitor import DeployError
from tests.evaluations import run_program
from tests.plumbline.small_programs import QUEUE, Pair, place, queue, sound


def test_region_and_account_are_answered_from_the_provider() -> None:
    def program() -> None:
        provider = aws.Provider("aws", region="eu-west-1", allowed_account_ids=["012345678901"])
        through = pulumi.InvokeOptions(provider=provider)
        account, region = aws.get_caller_identity(opts=through), aws.get_region(opts=through)
        pulumi.export("account", account.account_id)
        pulumi.export("region", region.region)
        pulumi.export("later", aws.get_region_output(opts=through).region)
        pulumi.export("partition", aws.get_partition(opts=through).partition)

    evaluation = run_program(program)
    sound(evaluation)
    assert evaluation.graph.outputs == {
        "account": "012345678901",
        "region": "eu-west-1",
        "later": "eu-west-1",
        "partition": "aws",
    }


def zone(name: str, **changes: Any) -> Any:
    return aws.route53.get_zone_output(name=name, **{"private_zone": False, **changes})


def test_a_zone_of_another_stack_has_an_id_that_follows_from_its_name() -> None:
    def program() -> None:
        for name in ("example.com", "example.com.", "example.net"):
            pulumi.export(name, zone(name).zone_id)

    evaluation = run_program(program)
    sound(evaluation)
    outputs = evaluation.graph.outputs
    assert outputs["example.com"] == outputs["example.com."] != outputs["example.net"]
    assert [id_ for id_ in outputs.values() if not re.fullmatch("Z[0-9A-F]{20}", id_)] == []


@pytest.mark.parametrize(
    "changes",
    [{"private_zone": True}, {"vpc_id": "vpc-1"}, {"tags": {"Owner": "team"}}],
    ids=["private", "of a network", "by tags"],
)
def test_a_zone_that_the_name_does_not_tell_is_not_answered(changes: dict[str, Any]) -> None:
    mistakes = run_program(lambda: pulumi.export("id", zone("example.com", **changes).zone_id)).mistakes
    assert mistakes[0].startswith("aws:route53/getZone:getZone: nothing answers it offline")


def test_a_deployer_is_told_what_was_found() -> None:
    deployer = Fake()
    evaluation = run_program(lambda: pulumi.export("id", zone("example.com").zone_id), deployer=deployer)
    sound(evaluation)
    [(token, answer)] = deployer.told
    assert token == "aws:route53/getZone:getZone"
    assert (answer["name"], answer["zoneId"]) == ("example.com", evaluation.graph.outputs["id"])


@pytest.mark.parametrize("through_provider", [True, False])
def test_an_invoke_that_nothing_answers_is_a_mistake(through_provider: bool) -> None:
    token = "aws:index/getAvailabilityZones:getAvailabilityZones"

    def program() -> None:
        provider = aws.Provider("aws", region="eu-west-1") if through_provider else None
        aws.get_availability_zones(opts=pulumi.InvokeOptions(provider=provider))

    mistakes = run_program(program).mistakes
    assert mistakes[0].startswith(f"{token}: nothing answers ")
    assert [mistake for mistake in mistakes if token not in mistake] == []


def test_reading_an_existing_resource_is_a_mistake() -> None:
    def program() -> None:
        aws.dynamodb.Table.get("orders", "orders-id")

    assert run_program(program).mistakes == (
        "aws:dynamodb/table:Table orders: reads an existing resource, which is not possible offline",
    )


class Fake:
    """A deployer that makes everything but what is called `broken`."""

    parallel = 1

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.told: list[tuple[str, dict[str, Any]]] = []

    def create(self, resource: Resource) -> tuple[str, Mapping[str, Any]]:
        self.asked.append(resource.name)
        if resource.name == "broken":
            raise DeployError("AWS says no")
        return f"id-{resource.name}", {**resource.inputs, "arn": f"arn:{resource.name}"}

    def found(self, token: str, answer: Mapping[str, Any]) -> None:
        self.told.append((token, dict(answer)))


def test_a_deployer_decides_ids_and_outputs() -> None:
    def program() -> None:
        first = queue("first")
        queue("second", tags={"arn": first.arn, "id": first.id})
        pulumi.export("arn", first.arn)

    deployer = Fake()
    evaluation = run_program(program, deployer=deployer)
    second = sound(evaluation)["second"]
    assert deployer.asked == ["first", "second"]
    assert second.inputs == {"name": "second", "tags": {"arn": "arn:first", "id": "id-first"}}
    assert (second.id, second.outputs) == ("id-second", {**second.inputs, "arn": "arn:second"})
    assert evaluation.graph.outputs == {"arn": "arn:first"}


def test_a_component_is_not_deployed() -> None:
    deployer = Fake()
    evaluation = run_program(lambda: Pair("pair"), deployer=deployer)
    pair = sound(evaluation)["pair"]
    assert deployer.asked == ["pair-first", "pair-second"]
    assert (pair.id, pair.outputs) == ("", {"arn": "arn:pair-second", "name": "after-pair-first"})


def test_a_failed_deployment_is_one_mistake_and_the_rest_goes_on() -> None:
    def program() -> None:
        broken = aws.sqs.Queue("broken", name="broken")  # fails
        queue("independent")
        pulumi.export("arn", broken.arn)

    deployer = Fake()
    evaluation = run_program(program, deployer=deployer)
    assert evaluation.mistakes == (f"{place(__file__, 'fails')}: {QUEUE} broken: AWS says no",)
    assert sorted(deployer.asked) == ["broken", "independent"]
    assert evaluation.graph.outputs == {"arn": UNKNOWN}


def test_what_needs_a_failed_resource_is_skipped_without_mistakes_of_its_own() -> None:
    def program() -> None:
        broken = aws.sqs.Queue("broken", name="broken")  # fails first
        by_value = queue("by-value", tags={"of": broken.arn})
        queue("by-order", pulumi.ResourceOptions(depends_on=[by_value]))
        queue("independent")

    deployer = Fake()
    evaluation = run_program(program, deployer=deployer)
    assert evaluation.mistakes == (f"{place(__file__, 'fails first')}: {QUEUE} broken: AWS says no",)
    assert sorted(deployer.asked) == ["broken", "independent"]


def test_an_account_that_is_unknown_is_a_mistake_that_names_the_invoke() -> None:
    def program() -> None:
        provider = aws.Provider("aws", region="eu-west-1", allowed_account_ids=[queue("a").arn])
        pulumi.export("id", aws.get_caller_identity_output(opts=pulumi.InvokeOptions(provider=provider)).account_id)

    mistakes = run_program(program).mistakes
    assert mistakes and all("getCallerIdentity" in mistake for mistake in mistakes)
