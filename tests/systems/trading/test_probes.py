"""The trading system's probes: what they find in both stacks, and that they leave nothing out."""

from __future__ import annotations

from collections import Counter

import pytest

from plumbline.probing import WORDS, Probed, runner
from plumbline.probing.report import line
from tests.evaluations import ROOT, deployed

PROBES = runner.find(ROOT, "trading")
GROUPS = list(dict.fromkeys(probe.group for probe in PROBES))


def test_the_groups_are_those_that_are_asked_for() -> None:
    assert GROUPS == [
        "tables",
        "buckets",
        "keys",
        "secrets",
        "users",
        "api",
        "dns",
        "messages",
        "events",
        "alarms",
        "log metrics",
        "state machines",
    ]


def test_nothing_fails(stack: str) -> None:
    assert [line(result) for result in deployed(stack).results if result.word == "failed"] == []


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_finds_something(stack: str, group: str) -> None:
    found = Counter(result.word for result in deployed(stack).results if result.group == group)
    assert found["passed"] + found["not_observable"] > 0


def test_every_probe_that_is_not_optional_finds_something(stack: str) -> None:
    found = {(result.group, result.probe) for result in deployed(stack).results}
    assert [probe.name for probe in PROBES if not probe.optional and (probe.group, probe.name) not in found] == []


def test_what_is_not_observable_says_why(stack: str) -> None:
    hidden = [result for result in deployed(stack).results if result.word == "not_observable"]
    assert hidden
    assert [line(result) for result in hidden if not result.trial.why] == []


def test_every_table_queue_and_machine_is_probed(stack: str) -> None:
    graph, results = deployed(stack).evaluation.graph, deployed(stack).results
    probed = {result.urn for result in results}
    types = (
        "aws:dynamodb/table:Table",
        "aws:s3/bucket:Bucket",
        "aws:sqs/queue:Queue",
        "aws:sns/topic:Topic",
        "aws:kms/key:Key",
        "aws:secretsmanager/secret:Secret",
        "aws:sfn/stateMachine:StateMachine",
        "aws:cloudwatch/eventRule:EventRule",
        "aws:scheduler/schedule:Schedule",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        "aws:route53/record:Record",
    )
    assert [resource.name for resource in graph.of_type(*types) if resource.urn not in probed] == []


def test_no_evidence_holds_a_secret(stack: str) -> None:
    graph, results = deployed(stack).evaluation.graph, deployed(stack).results
    secrets = {
        resource.inputs["secretString"].value
        for resource in graph.of_type("aws:secretsmanager/secretVersion:SecretVersion")
    } | {resource.outputs["value"] for resource in graph.of_type("aws:apigateway/apiKey:ApiKey")}
    texts = [text for result in results for text in (result.trial.tried, result.trial.evidence, result.trial.why)]
    assert secrets
    assert [text for text in texts if any(str(secret) in text for secret in secrets)] == []


def test_documents_have_every_result() -> None:
    results = deployed("test").results
    summary = Probed(PROBES, results).summary()
    assert sum(summary[word] for word in WORDS) == len(results)
    assert list(summary["groups"]) == GROUPS
