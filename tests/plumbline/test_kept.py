"""plumbline.kept: a preview that is kept says what a new one says, and holds for one content of the project only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plumbline import contract, kept
from plumbline.graph import Resource, Secret, StackGraph
from plumbline.project import Project

URN = "urn:pulumi:base::small::aws:sqs/queue:Queue::q"


class Evaluation:
    """Counts how often a stack is evaluated, and gives a queue with a secret tag and a name of each time."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> StackGraph:
        self.times += 1
        inputs = {"name": f"q-{self.times}", "tags": {"token": Secret("hidden")}}
        resource = Resource(urn=URN, type="aws:sqs/queue:Queue", name="q", inputs=inputs)
        return StackGraph.of("base", "small", [resource], {})


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    settings = {"config": {"small:system": "none", "small:settings": {}}}
    (tmp_path / "Pulumi.base.yaml").write_text(json.dumps(settings), encoding="utf-8")
    (tmp_path / "__main__.py").write_text("", encoding="utf-8")
    return Project(tmp_path)


def names(graph: StackGraph) -> list[str]:
    return [resource.inputs["name"] for resource in graph]


def file(project: Project) -> Path:
    [found] = (project.state_directory / "previews").glob("base*.json")
    return found


def test_a_kept_preview_is_the_one_that_was_made(project: Project) -> None:
    evaluate = Evaluation()
    first, second = (kept.preview(project, "base", evaluate) for _ in range(2))
    assert evaluate.times == 1
    assert contract.resource_document(first.resources[URN]) == contract.resource_document(second.resources[URN])


def test_secrets_are_not_kept(project: Project) -> None:
    graph = kept.preview(project, "base", Evaluation())
    assert graph.resources[URN].inputs["tags"] == {"token": Secret()}
    assert "hidden" not in file(project).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    ["__main__.py", "components/new.py", "systems/data/new.yaml", "Pulumi.base.yaml", "requirements.lock"],
)
def test_a_changed_file_makes_it_anew(project: Project, change: str) -> None:
    evaluate = Evaluation()
    kept.preview(project, "base", evaluate)
    path = project.root / change
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((path.read_text(encoding="utf-8") if path.is_file() else "") + "\n", encoding="utf-8")
    assert names(kept.preview(project, "base", evaluate)) == ["q-2"]


def test_another_region_of_the_environment_makes_it_anew(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate = Evaluation()
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    kept.preview(project, "base", evaluate)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert names(kept.preview(project, "base", evaluate)) == ["q-2"]


def test_documents_and_tests_are_no_part_of_it(project: Project) -> None:
    evaluate = Evaluation()
    kept.preview(project, "base", evaluate)
    for folder in ("docs", "tests", "benchmarks", ".git"):
        (project.root / folder).mkdir(exist_ok=True)
        (project.root / folder / "new.py").write_text("x = 1\n", encoding="utf-8")
    assert names(kept.preview(project, "base", evaluate)) == ["q-1"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"digest": 1}', '{"digest": null, "document": {}}'])
def test_a_broken_file_is_replaced(project: Project, text: str) -> None:
    evaluate = Evaluation()
    kept.preview(project, "base", evaluate)
    file(project).write_text(text, encoding="utf-8")
    assert names(kept.preview(project, "base", evaluate)) == ["q-2"]
    assert names(kept.preview(project, "base", evaluate)) == ["q-2"]


def test_where_nothing_can_be_written_it_is_made_each_time(project: Project) -> None:
    evaluate = Evaluation()
    # A file stands where the folder would be, which stops root as well.
    project.state_directory.write_text("", encoding="utf-8")
    assert [names(kept.preview(project, "base", evaluate)) for _ in range(2)] == [["q-1"], ["q-2"]]
