"""The document about the sandbox is what the stacks and the registries show."""

from __future__ import annotations

from plumbline.graph import Resource, StackGraph
from plumbline.project import Project
from plumbline.sandbox.reference import PATH, counts, markdown
from tests.evaluations import ROOT, preview


def graph(*types: str) -> StackGraph:
    resources = [Resource(urn=f"urn:{number}", type=type_, name=f"n{number}") for number, type_ in enumerate(types)]
    return StackGraph.of("a", "p", resources, {})


def test_the_document_is_up_to_date() -> None:
    stacks = {name: preview(name).graph for name in Project(ROOT).stacks()}
    assert (ROOT / PATH).read_text(encoding="utf-8") == markdown(stacks), "run make docs"


def test_providers_and_components_are_not_counted() -> None:
    whole = graph("aws:sqs/queue:Queue", "pulumi:providers:aws")
    component = Resource(urn="urn:c", type="tests:index:Pair", name="c", custom=False)
    assert counts(StackGraph.of("a", "p", [*whole, component], {})) == {"aws:sqs/queue:Queue": 1}


def test_shares_and_verbs_are_those_of_the_registries() -> None:
    made, simulated = "aws:sqs/queuePolicy:QueuePolicy", "aws:cloudfront/cachePolicy:CachePolicy"
    lines = markdown({"a": graph(made, made, made, simulated), "b": graph(simulated)}).splitlines()
    assert "| a | 4 | 3 | 1 | 75.0% |" in lines
    assert "| b | 1 | 0 | 1 | 0.0% |" in lines
    assert f"| `{made}` | 3 |  | materialised | yes | yes | yes | yes |  |" in lines
    assert f"| `{simulated}` | 1 | 1 | simulated |  |  |  |  |  |" in lines


def test_what_moto_does_not_tell_is_named() -> None:
    (line,) = [
        line
        for line in markdown({"a": graph("aws:s3/bucket:Bucket")}).splitlines()
        if line.startswith("| `aws:s3/bucket:Bucket`")
    ]
    assert line.endswith("| `forceDestroy` |")
