"""The command `compare`: which differences it explains, by what, and what it prints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from plumbline import compare, parity_causes
from plumbline.__main__ import main
from plumbline.graph import UNKNOWN, Resource, Secret, StackGraph
from plumbline.parity import Difference, Part, parts
from plumbline.parity_causes import Row, rows_of, starred
from plumbline.project import Project, UserError
from plumbline.verdicts import Entry
from tests.evaluations import ROOT

SCHEMA = json.loads((ROOT / "docs" / "contract.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator({"$ref": "#/$defs/comparison", "$defs": SCHEMA["$defs"]})

# Queues by settings, and with `leak` a tag that follows the stack's name. Without the AWS SDK, which takes seconds to
# load in each of the processes that evaluate a stack.
PROGRAM = """
import json
import pulumi

settings = json.loads(pulumi.Config().require("settings"))
if settings["days"] == 4 and settings["size"] != 2:
    raise pulumi.RunError("size: 1 given; allowed: 2")
for number in range(settings["size"]):
    inputs = {
        "name": f"{settings['environment']}-queue-{number}",
        "messageRetentionSeconds": settings["days"] * 86400,
        "tags": {"stack": pulumi.get_stack()} if settings.get("leak") else None,
    }
    opts = pulumi.ResourceOptions(protect=settings["keep"])
    pulumi.CustomResource("aws:sqs/queue:Queue", f"queue-{number}", inputs, opts)
"""
TEST = {"environment": "dev", "days": 4, "size": 2, "keep": False}
PROD = {"environment": "live", "days": 7, "size": 3, "keep": True}
DATA = Path("systems/none/data")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with two stacks, in whose directory the test runs."""
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / DATA).mkdir(parents=True)
    stack(tmp_path, "a", TEST)
    stack(tmp_path, "b", PROD)
    given(tmp_path, together=[["days", "size"]])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stack(project: Path, name: str, settings: Mapping[str, Any], system: str = "none") -> None:
    document = {"config": {"small:system": system, "small:settings": settings}}
    (project / f"Pulumi.{name}.yaml").write_text(json.dumps(document), encoding="utf-8")


def given(project: Path, **document: Any) -> None:
    (project / DATA / "parity.yaml").write_text(json.dumps(document), encoding="utf-8")


def measured(project: Path, *rows: Mapping[str, Any], stacks: tuple[str, str] = ("a", "b")) -> None:
    document = {"stacks": stacks, "rows": rows}
    (project / DATA / "parity_causes.yaml").write_text(json.dumps(document), encoding="utf-8")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main([*arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return status, out, err


# The whole command, in processes of its own.


def test_causes_are_measured_once_and_explain_from_then_on(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, before, _ = run(capsys, "compare", "a", "b")
    assert status == 1
    assert "a and b (none): 2 and 3 resources; 5 differences, 5 unexplained" in before
    assert run(capsys, "compare", "a", "b", "--measure")[0] == 0
    assert parity_causes.read(project, "none").rows == (
        row("days", "size", "", "messageRetentionSeconds"),
        row("keep", "options.protect"),
    )
    status, out, _ = run(capsys, "compare", "b", "a", "--format", "json")
    document = json.loads(out)
    assert (status, list(VALIDATOR.iter_errors(document))) == (0, [])
    assert document["names"] == {"environment": 2}
    assert {(row["name"], row["path"]): row["settings"] for row in document["differences"]} == {
        ("queue-0", "messageRetentionSeconds"): ["days", "size"],
        ("queue-0", "options.protect"): ["keep"],
        ("queue-1", "messageRetentionSeconds"): ["days", "size"],
        ("queue-1", "options.protect"): ["keep"],
        ("queue-2", None): ["days", "size"],
    }


def row(*words: str) -> Row:
    settings = tuple(word for word in words if word in TEST)
    paths = tuple(word for word in words if word not in TEST)
    return Row(settings=settings, component="", type="aws:sqs/queue:Queue", paths=paths)


def test_what_follows_the_stacks_name_has_no_cause(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack(project, "a", TEST | {"leak": True})
    stack(project, "b", TEST | {"leak": True, "environment": "live", "keep": True})
    status, out, _ = run(capsys, "compare", "a", "b", "--measure")
    assert status == 1
    assert "  unexplained\n       2 aws:sqs/queue:Queue tags.stack: a | b  queue-0, queue-1" in out
    assert "mistake aws:sqs/queue:Queue queue-0 tags.stack: no setting causes it, nor do 3 together" in out


def test_settings_that_need_each_other_are_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given(project)
    stack(project, "a", TEST | {"size": 1, "days": 3})
    stack(project, "b", PROD | {"size": 2, "days": 4})
    status, _, err = run(capsys, "compare", "a", "b", "--measure")
    assert (status, err) == (
        2,
        "error compare: a with some settings of b is refused; settings that need each other belong under `together` in "
        "parity.yaml\nerror size: 1 given; allowed: 2\n",
    )


def test_programs_mistake_is_wrong_input(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack(project, "b", PROD | {"days": 4})
    status, out, err = run(capsys, "compare", "a", "b")
    assert (status, out, err) == (2, "", "error size: 1 given; allowed: 2\n")


@pytest.mark.parametrize(
    ("stacks", "line"),
    [
        (("a", "a"), "error compare: a given twice; allowed: two stacks of one system"),
        (("a", "other"), "error compare: a of none and other of more given; allowed: two stacks of one system"),
        (("a", "bb"), "error stack 'bb' is not known (did you mean b?); known: a, b, other"),
    ],
)
def test_wrong_stacks_are_told(
    project: Path, capsys: pytest.CaptureFixture[str], stacks: tuple[str, str], line: str
) -> None:
    stack(project, "other", TEST, "more")
    assert run(capsys, "compare", *stacks) == (2, "", f"{line}\n")


# What explains what: two stacks given as graphs.


def both(**properties: Any) -> tuple[dict[str, Part], dict[str, Part]]:
    """Return two stacks of a queue, each with the left or the right one of two values for a property."""
    return tuple(
        parts(
            StackGraph.of(
                name,
                "small",
                [
                    Resource(
                        urn=f"urn:pulumi:{name}::small::aws:sqs/queue:Queue::queue-0",
                        type="aws:sqs/queue:Queue",
                        name="queue-0",
                        inputs={key: pair[side] for key, pair in properties.items()},
                    )
                ],
                {},
            )
        )
        for side, name in enumerate(("a", "b"))
    )  # type: ignore[return-value]


def explained(project: Path, **properties: Any) -> compare.Parity:
    system, pair, causes = compare.pair_of(Project(project), "a", "b")
    return compare.explain(pair, system, causes, *both(**properties))


ROW = {"settings": ["keep"], "component": "", "type": "aws:sqs/queue:Queue", "paths": ["delay"]}


def test_row_explains_the_property_that_it_names(project: Path) -> None:
    measured(project, ROW)
    parity = explained(project, delay=(1, 2))
    assert [row.settings for row in parity.explained] == [("keep",)]
    assert (parity.mistakes, parity.status) == ((), 0)


@pytest.mark.parametrize(
    "change",
    [{"paths": ["other"]}, {"type": "a:b:C"}, {"component": "Queues q"}, {"names": ["queue-1", "q"]}],
)
def test_row_of_something_else_explains_nothing_and_is_a_mistake(project: Path, change: dict[str, Any]) -> None:
    measured(project, ROW | change)
    parity = explained(project, delay=(1, 2))
    assert [row.settings for row in parity.explained] == [()]
    [line] = parity.mistakes
    assert line.startswith("systems/none/data/parity_causes.yaml: keep: ")
    assert line.endswith("explains no difference any more; measure anew with make parity")
    assert parity.status == 1


@pytest.mark.parametrize("names", [["queue-0"], ["queue-*"]])
def test_row_may_name_resources(project: Path, names: list[str]) -> None:
    measured(project, ROW | {"names": names})
    assert explained(project, delay=(1, 2)).status == 0


def test_setting_that_does_not_differ_explains_nothing(project: Path) -> None:
    measured(project, ROW)
    stack(project, "b", PROD | {"keep": False})
    parity = explained(project, delay=(1, 2))
    assert [row.settings for row in parity.explained] == [()]
    assert len(parity.mistakes) == 1


def test_difference_without_a_row_makes_status_1(project: Path) -> None:
    measured(project, ROW)
    parity = explained(project, delay=(1, 2), other=(1, 2))
    assert [row.difference.path for row in parity.explained if not row.settings] == ["other"]
    assert (parity.mistakes, parity.status) == ((), 1)


def test_unused_row_is_no_mistake_between_other_stacks(project: Path) -> None:
    measured(project, ROW, stacks=("a", "c"))
    parity = explained(project)
    assert (parity.explained, parity.mistakes, parity.status) == ((), (), 0)


def test_names_are_no_differences(project: Path) -> None:
    given(project, names=["size"])
    assert explained(project, delay=("dev-x", "live-x")).comparison.names == {"environment": 1}


# Criteria.


def entry(id_: str, text: str, *environments: str) -> Entry:
    return Entry(id_, "area", environments, text, {})


LEDGER = (
    entry("X-01.1", "Queues keep messages for 4 days.", "test"),
    entry("X-01.2", "Retention in test is below that of production.", "test", "prod"),
    entry("X-01.3", "Queues are encrypted.", "test", "prod"),
)


@pytest.mark.parametrize(
    ("criteria", "said"),
    [
        ({"days": ["X-01.1", "X-01.2"]}, []),
        ({"part": ["X-01.1"]}, []),
        ({"part.days": ["X-01.1"]}, []),
        ({"size": ["X-01.1"]}, ["F: criteria.size: not a setting in which the stacks differ"]),
        ({"days": ["X-09.9"]}, ["F: criteria.days: X-09.9 is not in the ledger"]),
        ({"days": ["X-01.3"]}, ["F: criteria.days: X-01.3 asks for no difference between environments"]),
    ],
)
def test_criterion_must_ask_for_a_difference(project: Path, criteria: dict[str, list[str]], said: list[str]) -> None:
    given(project, criteria=criteria)
    causes = parity_causes.read(project, "none")
    assert list(parity_causes.mistakes(causes, ["days", "part.days"], LEDGER, "F")) == said


def test_criteria_of_a_section_are_those_of_its_parts(project: Path) -> None:
    stack(project, "a", TEST | {"part": {"x": 1, "y": 1}})
    stack(project, "b", PROD | {"part": {"x": 2, "y": 2}})
    measured(project, ROW | {"settings": ["keep", "part.x"]})
    given(project, criteria={"part": ["X-1"], "part.y": ["X-2"], "par": ["X-3"], "keep": ["X-4"]})
    [found] = explained(project, delay=(1, 2)).explained
    assert found.criteria == ("X-4", "X-1")


# The files.


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("parity.yaml", "name: [a]", "systems/none/data/parity.yaml: name: Extra inputs are not permitted"),
        ("parity.yaml", "names: {", "systems/none/data/parity.yaml:2:1: "),
        ("parity_causes.yaml", "stacks: [a, b]", "systems/none/data/parity_causes.yaml: rows: Field required"),
    ],
)
def test_broken_file_is_told(project: Path, file: str, text: str, line: str) -> None:
    (project / DATA / file).write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        parity_causes.read(project, "none")
    assert [said[: len(line)] for said in caught.value.lines] == [line]


def difference(name: str, path: str) -> Difference:
    return Difference(Part(f"p::t::{name}", "t", name, "Box box"), path, 1, 2, name)


def rows(causes: Mapping[tuple[str, str], str]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Return (setting, paths, names) of the rows for the causes of (name, path)."""
    found = rows_of({difference(*place): (setting,) for place, setting in causes.items()})
    return [(row.settings[0], row.paths, row.names) for row in found]


def test_rows_name_items_and_resources_only_where_causes_differ_by_them() -> None:
    assert rows({("a", "p[x].v"): "s", ("b", "p[y].v"): "s", ("b", "q"): "s"}) == [("s", ("p[*].v", "q"), ())]
    assert rows({("a", "p[x].v"): "s", ("a", "p[y].v"): "t"}) == [("s", ("p[x].v",), ()), ("t", ("p[y].v",), ())]
    assert rows({("a", "p"): "s", ("b", "p"): "t"}) == [("s", ("p",), ("a",)), ("t", ("p",), ("b",))]


def test_rows_name_resources_by_what_they_begin_with() -> None:
    causes = {("alarm-error-a", "p"): "s", ("alarm-error-b", "p"): "s", ("alarm-x", "p"): "t"}
    assert rows(causes) == [("s", ("p",), ("alarm-error-*",)), ("t", ("p",), ("alarm-x",))]
    causes[("alarm-error-c", "p")] = "t"
    assert rows(causes) == [
        ("s", ("p",), ("alarm-error-a", "alarm-error-b")),
        ("t", ("p",), ("alarm-error-c", "alarm-x")),
    ]


def test_every_difference_matches_the_rows_of_its_own_cause_only() -> None:
    causes = {
        difference(name, path): (setting,)
        for name, path, setting in (
            ("a-1", "p[x].v", "s"),
            ("a-2", "p[x].v", "s"),
            ("a-1", "p[y].v", "t"),
            ("b", "p[x].v", "t"),
            ("b", "", "s"),
        )
    }
    found = rows_of(causes)
    for place, settings in causes.items():
        assert {row.settings for row in found if row.matches(place)} == {settings}


def test_rows_come_back_from_the_file(project: Path) -> None:
    causes = parity_causes.read(project, "none")
    written = [
        Row(settings=("a", "b"), component="", type="x:y:Z", paths=("", "p: q[a b].c"), names=("n-*",)),
        Row(settings=("c",), component="Box box", type="x:y:Z", paths=("p",)),
    ]
    parity_causes.write(causes, ("a", "b"), written)
    again = parity_causes.read(project, "none")
    assert (again.stacks, again.rows) == ({"a", "b"}, tuple(written))


def test_items_are_left_out_of_starred_paths() -> None:
    assert starred("a[x].b: c[*].d[y z]") == "a[*].b: c[*].d[*]"


# Reports.


def test_reports_show_unknown_and_hide_secrets(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parity = explained(
        project, token=(Secret("hunter2"), Secret("correct-horse")), known=(UNKNOWN, "x"), long=("y" * 90, None)
    )
    shown = compare.markdown(parity)
    assert [line.strip() for line in shown.splitlines() if "aws:" in line] == [
        "1 aws:sqs/queue:Queue token: secret | secret  queue-0",
        "1 aws:sqs/queue:Queue known: unknown | x  queue-0",
        f"1 aws:sqs/queue:Queue long: {'y' * 59}… | None  queue-0",
    ]
    assert shown.startswith("### a and b (none): 1 and 1 resources; 3 differences, 3 unexplained\n")
    text = json.dumps(parity.document)
    assert list(VALIDATOR.iter_errors(parity.document)) == []
    assert "hunter2" not in shown + text
    assert [(row["left"], row["right"]) for row in parity.document["differences"]][:2] == [
        ({"$secret": True}, {"$secret": True}),
        ({"$unknown": True}, "x"),
    ]


def test_document_leaves_out_what_a_stack_does_not_have(project: Path) -> None:
    left, right = both()
    system, pair, causes = compare.pair_of(Project(project), "a", "b")
    extra = Part("small::a:b:C::x", "a:b:C", "x", "Box box", {"options": {}})
    [row] = compare.explain(pair, system, causes, left, {**right, extra.key: extra}).document["differences"]
    place = {"type": "a:b:C", "name": "x", "component": "Box box", "path": None}
    assert row == place | {"right": "x", "settings": [], "criteria": []}
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(row)
