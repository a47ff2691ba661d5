"""Stack files: the same values as on the engine, and one clear line for each mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plumbline.project import Project, UserError
from tests.evaluations import ROOT
from tests.stacks import STACKS

FIXTURES = ROOT / "tests" / "fixtures" / "engine"


def _project(directory: Path, **stacks: str) -> Project:
    (directory / "Pulumi.yaml").write_text("name: plumbline\nruntime: python\n", encoding="utf-8")
    for stack, text in stacks.items():
        (directory / f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8")
    return Project(directory)


def _mistakes(project: Project, stack: str) -> tuple[str, ...]:
    with pytest.raises(UserError) as caught:
        project.config(stack)
    return caught.value.lines


def test_a_stack_file_gives_the_values_that_the_engine_gives(tmp_path: Path) -> None:
    project = _project(tmp_path, odd=(FIXTURES / "Pulumi.odd.yaml").read_text(encoding="utf-8"))
    recorded = json.loads((FIXTURES / "odd-config.json").read_text(encoding="utf-8"))
    given = project.config("odd")
    assert {**given, "plumbline:settings": json.loads(given["plumbline:settings"])} == recorded


def test_the_stacks_are_found_by_their_files(tmp_path: Path) -> None:
    assert _project(tmp_path, prod="config: {}", dev="config: {}").stacks() == ["dev", "prod"]


def test_an_unknown_stack_is_told_with_the_known_ones(tmp_path: Path) -> None:
    project = _project(tmp_path, prod="config: {}", test="config: {}")
    assert _mistakes(project, "prd") == ("stack 'prd' is not known (did you mean prod?); known: prod, test",)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("config: [", ("Pulumi.x.yaml:2:1: while parsing a flow node did not find expected node content",)),
        ("config: {}\nconfig: {}\n", ("Pulumi.x.yaml:2:1: key 'config' is given twice",)),
        ("- a\n", ("Pulumi.x.yaml: a mapping is needed, a list given",)),
        ("", ("Pulumi.x.yaml: a mapping is needed, nothing given",)),
        ("config: 5\n", ("Pulumi.x.yaml: config: a mapping is needed, a number given",)),
        (
            "confg: {}\nconfig:\n  system: x\n  plumbline:key: {secure: abc}\n",
            (
                "Pulumi.x.yaml: confg: not a key of a stack file (did you mean config?)",
                "Pulumi.x.yaml: config.system: a key needs its namespace, as in plumbline:system",
                "Pulumi.x.yaml: config.plumbline:key: an encrypted value cannot be read without its key",
            ),
        ),
        ("config: {a: 2024-01-01}\n", ("Pulumi.x.yaml:1:13: 2024-01-01 is a date to the engine, "
                                       "which rewrites it; put it in quotes",)),
    ],
)  # fmt: skip
def test_a_wrong_stack_file_is_told_line_by_line(tmp_path: Path, text: str, lines: tuple[str, ...]) -> None:
    assert _mistakes(_project(tmp_path, x=text), "x") == lines


def test_what_pulumi_itself_writes_into_a_stack_file_is_accepted(tmp_path: Path) -> None:
    text = "secretsprovider: awskms://alias/x\nencryptedkey: abc\nencryptionsalt: v1:a\nconfig: {plumbline:system: t}\n"
    assert _project(tmp_path, x=text).config("x") == {"plumbline:system": "t"}


def test_a_project_is_found_from_a_folder_below_it(tmp_path: Path) -> None:
    project = _project(tmp_path)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert Project.find(below) == project


def test_without_a_project_the_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        Project.find(tmp_path)
    assert caught.value.lines == (f"{tmp_path}: no Pulumi.yaml here or above",)


def test_siblings_are_the_stacks_of_the_same_system(tmp_path: Path) -> None:
    stack = "config:\n  plumbline:system: {}\n  plumbline:settings: {{environment: {}}}\n"
    project = _project(
        tmp_path, a=stack.format("one", "test"), b=stack.format("one", "prod"), c=stack.format("two", "dev")
    )
    assert project.siblings("a") == {"a": {"environment": "test"}, "b": {"environment": "prod"}}
    assert project.system("c") == "two"


def test_the_tests_know_every_stack_of_the_project() -> None:
    assert sorted(STACKS) == Project(ROOT).stacks()
