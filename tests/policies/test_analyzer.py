"""The packs' servicer answers as pulumi-policy's own does, message by message, on whole and on damaged stacks."""

from __future__ import annotations

import dataclasses
import random
from typing import Any, cast

import pytest
from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerStub
from pulumi_policy import EnforcementLevel
from pulumi_policy import policy as sdk

from plumbline.graph import UNKNOWN, Resource, StackGraph
from policies import acceptance, engine, server
from policies.analyzer import Analyzer
from policies.client import Client, Told
from policies.rules.model import PACKS
from tests.evaluations import preview


class InProcess:
    """Calls a servicer as a stub calls a server."""

    def __init__(self, servicer: Any) -> None:
        self.Analyze = lambda request: servicer.Analyze(request, None)
        self.AnalyzeStack = lambda request: servicer.AnalyzeStack(request, None)
        self.Configure = lambda request: servicer.Configure(request, None)
        self.Remediate = lambda request: servicer.Remediate(request, None)


def client(servicer: Any) -> Client:
    seen: engine.Seen = {}
    policies = [*server.policies("pack", PACKS, seen), *acceptance.policies(seen)]
    return Client(cast(AnalyzerStub, InProcess(servicer("pack", "1", policies, EnforcementLevel.ADVISORY))))


def damaged(graph: StackGraph) -> StackGraph:
    """Return a stack with a property taken away, unknown or changed at each third resource."""
    dice = random.Random(7)

    def changed(resource: Resource) -> Resource:
        inputs = dict(resource.inputs)
        if inputs and dice.random() < 0.3:
            key = dice.choice(sorted(inputs))
            value = inputs.pop(key)
            way = dice.random()
            if way > 0.7:
                inputs[key] = UNKNOWN
            elif way > 0.3:
                inputs[key] = not value if isinstance(value, bool) else "*" if isinstance(value, str) else None
        return dataclasses.replace(resource, inputs=inputs, outputs={**resource.outputs, **inputs})

    return dataclasses.replace(graph, resources={urn: changed(each) for urn, each in graph.resources.items()})


def told(graph: StackGraph) -> tuple[list[Told], list[Told]]:
    ours, theirs = (client(servicer).judge(graph) for servicer in (Analyzer, sdk._PolicyAnalyzerServicer))
    return ours, theirs


def test_it_answers_as_the_sdk_does_on_a_damaged_stack() -> None:
    ours, theirs = told(damaged(preview("test").graph))
    assert ours == theirs
    assert len(ours) > 100


def test_it_answers_as_the_sdk_does_on_the_stack_as_it_is() -> None:
    ours, theirs = told(preview("bootstrap-prod").graph)
    assert (ours, theirs) == ([], [])


@pytest.mark.parametrize("level", ["disabled", "advisory", "remediate"])
def test_levels_are_those_of_the_config(level: str) -> None:
    graph = damaged(preview("bootstrap-prod").graph)
    answers = []
    for servicer in (Analyzer, sdk._PolicyAnalyzerServicer):
        asked = client(servicer)
        asked.configure({"pack-mandatory": (level, {}), "pack-mandatory-stack": (level, {})})
        answers.append(asked.judge(graph))
    assert answers[0] == answers[1]
    assert bool(answers[0]) == (level != "disabled")
