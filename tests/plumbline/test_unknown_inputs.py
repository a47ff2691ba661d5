"""The checks of API Gateway, Cognito, Step Functions, EventBridge, SNS, CloudWatch, Timestream, Budgets, WAF,
CloudFront and ACM say nothing about what only AWS decides: each input of each right program in turn becomes unknown."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from plumbline.constraints import (
    alarms,
    api,
    api_requests,
    api_stages,
    budgets,
    cdn,
    cdn_parts,
    certificates,
    cognito,
    dashboards,
    events,
    firewall,
    metric_filters,
    registry,
    schedule_targets,
    schedules,
    timeseries,
    topics,
    workflows,
)
from plumbline.graph import UNKNOWN, Path, Resource, StackGraph, path_text, reveal, walk
from tests.evaluations import run_program
from tests.plumbline.wrong_alarms import SOUND_ALARMS
from tests.plumbline.wrong_api import SOUND_API
from tests.plumbline.wrong_cdn import SOUND_CDN
from tests.plumbline.wrong_cognito import SOUND_COGNITO
from tests.plumbline.wrong_costs import SOUND_COSTS
from tests.plumbline.wrong_events import SOUND_EVENTS
from tests.plumbline.wrong_firewall import SOUND_FIREWALL
from tests.plumbline.wrong_logs import SOUND_LOGS
from tests.plumbline.wrong_requests import SOUND_REQUESTS
from tests.plumbline.wrong_stages import SOUND_STAGES
from tests.plumbline.wrong_topics import SOUND_TOPICS
from tests.plumbline.wrong_workflows import SOUND_WORKFLOWS

MODULES = {
    module.__name__
    for module in (
        *(alarms, api, api_requests, api_stages, budgets, cognito, dashboards, events, metric_filters, schedules),
        *(cdn, cdn_parts, certificates, firewall, schedule_targets, timeseries, topics, workflows),
    )
}
PROGRAMS: dict[str, Callable[[], Any]] = {
    **SOUND_ALARMS,
    **SOUND_API,
    **SOUND_CDN,
    **SOUND_COGNITO,
    **SOUND_COSTS,
    **SOUND_EVENTS,
    **SOUND_FIREWALL,
    **SOUND_LOGS,
    **SOUND_REQUESTS,
    **SOUND_STAGES,
    **SOUND_TOPICS,
    **SOUND_WORKFLOWS,
}
for alike in ("299 resources", "seventy-five behaviours"):  # a thousand inputs that are all alike
    del PROGRAMS[alike]


def replaced(value: Any, path: Path) -> Any:
    """Return a property value in which the part at a path is unknown."""
    if not path:
        return UNKNOWN
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {key: replaced(item, rest) if key == step else item for key, item in value.items()}
    return [replaced(item, rest) if index == step else item for index, item in enumerate(value)]


def places(resource: Resource) -> set[Path]:
    """Return the places of an input and of all that is in it."""
    return {path[:length] for path, _ in walk(resource.inputs) for length in range(1, len(path) + 1)}


def variants(graph: StackGraph) -> Iterator[tuple[str, StackGraph]]:
    """Yield the graph with each part of each input unknown in turn."""
    for resource in graph:
        if not resource.custom or resource.type.startswith("pulumi:"):
            continue
        inputs = reveal(resource.inputs)
        for path in sorted(places(resource), key=path_text):
            changed = dataclasses.replace(resource, inputs=replaced(inputs, path))
            resources = {**graph.resources, resource.urn: changed}
            yield f"{resource.display}: {path_text(path)}", StackGraph(graph.stack, graph.project, resources)


def findings(graph: StackGraph) -> list[tuple[str, str]]:
    """Return what the checks of the modules above find."""
    return [
        found
        for resource in graph
        for check in registry._BY_TYPE.get(resource.type, ())
        if check.__module__ in MODULES
        for found in check(resource, graph)
    ]


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=list(PROGRAMS))
def test_nothing_is_said_about_an_input_that_is_not_known(program: Callable[[], Any]) -> None:
    graph = run_program(program).graph
    said = {place: found for place, variant in variants(graph) if (found := findings(variant))}
    assert said == {}
