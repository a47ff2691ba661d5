"""How probes run: what becomes of errors, what is put back, and what a report shows."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from plumbline.graph import Resource, StackGraph
from plumbline.probing import NotSo, Probe, ProbeContext, Trial, failed, judged, passed, probe, report, runner
from plumbline.project import UserError
from plumbline.sandbox.adapters import Context
from tests.evaluations import ROOT

TYPE = "aws:sqs/queue:Queue"
GRAPH = StackGraph.of(
    "test",
    "p",
    [Resource(urn=f"urn:pulumi:test::p::{TYPE}::{name}", type=TYPE, name=name) for name in ("a", "b")],
    {},
)


def context() -> ProbeContext:
    return ProbeContext(GRAPH, {}, Context(account_id="111122223333", region="eu-west-1"), ROOT)


def made(run: Any, **options: Any) -> Probe:
    run.__name__, run.__doc__ = "some_probe", "All is well."
    return probe("things", TYPE, **options)(run)


def rows(*probes: Probe, of: ProbeContext | None = None) -> list[tuple[str, str, str]]:
    results = runner.run(probes, of or context()).results
    return [(result.subject.split()[-1], result.word, result.trial.evidence) for result in results]


def test_a_probe_is_asked_of_each_resource_of_its_types() -> None:
    assert rows(made(lambda context, queue: [passed("look", queue.name)])) == [
        ("a", "passed", "a"),
        ("b", "passed", "b"),
    ]


def test_name_and_claim_of_a_probe_are_those_of_its_function() -> None:
    one = made(lambda context, queue: [])
    assert (one.name, one.about, one.group) == ("some-probe", "All is well", "things")


def refusal() -> ClientError:
    return ClientError({"Error": {"Code": "Nope", "Message": "not\nhere"}}, "GetThing")


@pytest.mark.parametrize(
    ("error", "evidence"),
    [
        (refusal(), "GetThing: Nope: not here"),
        (NotSo("it is not so"), "it is not so"),
        (KeyError("x"), "KeyError: 'x'"),
        (ValueError("line\nline"), "ValueError: line line"),
        (ValueError("x" * 400), "ValueError: " + "x" * 287 + "…"),
    ],
)
def test_an_error_is_a_failed_result_of_one_line_and_the_next_resource_is_probed(
    error: Exception, evidence: str
) -> None:
    def run(context: ProbeContext, queue: Resource) -> Iterator[Trial]:
        yield passed("first", "ok")
        if queue.name == "a":
            raise error

    assert rows(made(run)) == [("a", "passed", "ok"), ("a", "failed", evidence), ("b", "passed", "ok")]


def test_an_error_while_resources_are_looked_for_is_a_failed_result() -> None:
    def where(queue: Resource) -> bool:
        raise LookupError("gone")

    assert rows(made(lambda context, queue: [passed("x", "x")], where=where)) == [
        ("test", "failed", "LookupError: gone")
    ]


def test_a_probe_that_finds_nothing_to_try_has_failed_unless_it_is_optional() -> None:
    def nothing(queue: Resource) -> bool:
        return False

    [(subject, word, evidence)] = rows(made(lambda context, queue: [], where=nothing))
    assert (subject, word) == ("test", "failed")
    assert evidence.startswith("nothing was tried")
    assert rows(made(lambda context, queue: [], where=nothing, optional=True)) == []


def test_an_optional_probe_that_tries_nothing_with_its_resources_has_failed() -> None:
    assert [word for _, word, _ in rows(made(lambda context, queue: [], optional=True))] == ["failed"]


def test_what_a_probe_changes_is_put_back_in_the_reverse_order_even_after_an_error() -> None:
    done: list[str] = []

    def run(context: ProbeContext, queue: Resource) -> Iterator[Trial]:
        done.append(queue.name)
        context.undo(done.append, f"first of {queue.name}")
        context.undo(done.append, f"second of {queue.name}")
        raise NotSo("x")
        yield

    rows(made(run))
    assert done == ["a", "second of a", "first of a", "b", "second of b", "first of b"]


def test_what_cannot_be_put_back_is_a_failed_result() -> None:
    def run(context: ProbeContext, queue: Resource) -> Iterator[Trial]:
        def gone() -> None:
            raise NotSo("it is gone")

        context.undo(gone)
        yield passed("x", "ok")

    assert rows(made(run))[:2] == [("a", "passed", "ok"), ("a", "failed", "it is gone")]


def test_a_judgement_on_the_graph_counts_apart_or_as_failed() -> None:
    assert judged(True, "t", "moto does not", "holds", "does not hold") == Trial(
        "not_observable", "t", "holds", "moto does not"
    )
    assert judged(False, "t", "moto does not", "holds", "does not hold") == failed("t", "does not hold")


def test_a_system_without_probes_has_none(tmp_path: Path) -> None:
    assert runner.find(tmp_path, "none") == ()
    assert runner.find(ROOT, "bootstrap") == ()


def test_probes_that_cannot_be_loaded_are_one_clear_line(tmp_path: Path) -> None:
    package = tmp_path / "systems" / "nothere" / "probes"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        runner.find(tmp_path, "nothere")
    [found] = caught.value.lines
    assert found.startswith("systems/nothere/probes: cannot be loaded: ModuleNotFoundError: No module named")


def result_of(*trials: Trial) -> Any:
    return runner.run([made(lambda context, queue: trials if queue.name == "a" else [passed("x", "x")])], context())


def test_a_report_counts_by_group_and_lists_what_failed() -> None:
    probed = result_of(failed("try [it]", "not so"), Trial("not_observable", "look", "holds", "moto does not"))
    out = io.StringIO()
    report.summary(probed, Console(file=out, width=160), every=False)
    counts = "1 passed, 1 failed, 1 not observable"
    assert out.getvalue().splitlines() == [
        "",
        f"Probes of 3: {counts}",
        f"  things: {counts}",
        f"  failed things/some-probe: {TYPE} a: try [it]: not so",
    ]


def test_the_whole_report_says_why_something_cannot_be_observed_and_lists_all_on_demand() -> None:
    probed = result_of(Trial("not_observable", "look", "holds", "moto does not"))
    out, every = io.StringIO(), io.StringIO()
    report.text(GRAPH, "s", probed, 1.0, Console(file=out, width=160), every=False)
    report.text(GRAPH, "s", probed, 1.0, Console(file=every, width=160), every=True)
    assert "    not observable: moto does not" in out.getvalue().splitlines()
    assert (
        f"    not observable things/some-probe: {TYPE} a: look: holds (moto does not)" in every.getvalue().splitlines()
    )


def test_markdown_has_a_row_for_each_probe_and_each_failure() -> None:
    text = report.markdown(GRAPH, "s", result_of(failed("try | it", "not so")), every=False)
    assert "| things | All is well | 1 | 1 | 0 |" in text.splitlines()
    assert f"| things/some-probe | {TYPE} a | failed | try \\| it: not so |" in text.splitlines()


def test_a_report_without_probes_is_silent_in_an_up() -> None:
    out = io.StringIO()
    report.summary(runner.run([], context()), Console(file=out), every=False)
    assert out.getvalue() == ""


def test_what_was_found_can_be_sent_to_another_process() -> None:
    probed = result_of(failed("try it", "not so"))
    assert pickle.loads(pickle.dumps(probed)) == probed
