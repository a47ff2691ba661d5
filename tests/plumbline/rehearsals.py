"""What the tests of the sandbox share: one up of a program, what is read of it, and clients of the tests' own."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import boto3
import pulumi
import pulumi_aws as aws

from plumbline.evaluate import Evaluation, evaluate
from plumbline.graph import Resource
from plumbline.sandbox import Sandbox
from tests.evaluations import ROOT

ACCOUNT = "111122223333"
REGION = "eu-west-1"
ASSUME = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [ASSUME]})


def client(service: str) -> Any:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION)
    return session.client(service)


def inside() -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT]))


@dataclass(frozen=True)
class Rehearsal:
    """One up of a program, and what was seen in its sandbox."""

    evaluation: Evaluation
    materialised: Counter[str]
    simulated: Counter[str]
    seen: dict[str, Any]
    named: list[str]

    @property
    def resources(self) -> dict[str, Resource]:
        return {resource.name: resource for resource in self.evaluation.graph}

    def identity(self, name: str) -> str:
        return self.resources[name].id

    def outputs(self, name: str) -> dict[str, Any]:
        return dict(self.resources[name].outputs)


def rehearse(program: Callable[[], None], see: Callable[[], dict[str, Any]] = dict) -> Rehearsal:
    named: list[str] = []
    with Sandbox(lambda resource: named.append(resource.name)) as sandbox:
        evaluation = evaluate(program, root=ROOT, deployer=sandbox)
        return Rehearsal(evaluation, sandbox.materialised, sandbox.simulated, see(), named)


class Readers(NamedTuple):
    """Ways to read one rehearsal, which runs once, when it is first asked for."""

    whole: Callable[[], Rehearsal]
    seen: Callable[[str], Any]
    identity: Callable[[str], str]
    outputs: Callable[[str], dict[str, Any]]


def readers(program: Callable[[], None], look: Callable[[], dict[str, Any]]) -> Readers:
    """Return the ways to read a rehearsal of a program that must give no mistakes."""

    @functools.cache
    def whole() -> Rehearsal:
        made = rehearse(program, look)
        assert made.evaluation.mistakes == ()
        return made

    return Readers(
        whole,
        lambda what: whole().seen[what],
        lambda name: whole().identity(name),
        lambda name: whole().outputs(name),
    )


def part(value: Any, like: Any) -> Any:
    """Return of `value` what `like` names, at every depth."""
    if isinstance(like, dict) and isinstance(value, dict):
        return {key: part(value.get(key), like[key]) for key in like}
    if isinstance(like, list) and isinstance(value, list) and len(like) == len(value):
        return [part(item, other) for item, other in zip(value, like, strict=True)]
    return value
