"""docs/agentic/environment.md: every variable of the stack and of the code, and what a wrong description says."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plumbline import environment
from plumbline.graph import UNKNOWN, Secret
from tests.evaluations import ROOT, preview

SYSTEM = "agentic"
CODE = ROOT / "systems" / SYSTEM


def document() -> dict[str, Any]:
    return copy.deepcopy(dict(environment.described(ROOT)[SYSTEM]))


def markdown(given: dict[str, Any]) -> str:
    return environment.markdown(SYSTEM, given, preview(given["stack"]).graph)


def test_the_table_of_variables_is_up_to_date() -> None:
    assert environment.path(ROOT, SYSTEM).read_text(encoding="utf-8") == markdown(document()), "run make docs"


def test_row_names_functions_meaning_origin_and_value() -> None:
    lines = markdown(document()).splitlines()
    assert (
        "| `ALLOWED_ORIGIN` | `prod-agenticai-api-handler` | Origin whose pages may read the API's answers "
        "| setting `api.allowed_origin` | `https://app.agentic.example.com` |"
    ) in lines
    [exports] = [line for line in lines if line.startswith("| `EXPORT_BUCKET`")]
    assert exports.endswith("| known after the deployment |")
    [parameters] = [line for line in lines if line.startswith("| `PARAMETERS`")]
    assert parameters.endswith("| each its own |")


def test_variables_that_only_one_side_knows_are_told_one_by_one() -> None:
    given = document()
    del given["functions"]["FUNCTION"]
    given["functions"]["REDIS_URL"] = {"meaning": "m", "from": "f"}
    with pytest.raises(environment.DescriptionWrong) as told:
        markdown(given)
    assert str(told.value).splitlines() == [
        "systems/agentic/data/environment.yaml: functions.REDIS_URL: no function has this variable",
        "systems/agentic/data/environment.yaml: functions: FUNCTION: missing, and functions have it",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (UNKNOWN, "known after the deployment"),
        (Secret("x"), "secret"),
        ("a|b", "`a\\|b`"),
        ("x" * 81, f"`{'x' * 80}…`"),
    ],
)
def test_value_is_shown_as_far_as_it_may_be(value: Any, text: str) -> None:
    assert environment._text(value) == text


def read(*folders: str) -> Iterator[str]:
    """Yield the names that code below some folders reads from its environment."""
    for file in (path for folder in folders for path in sorted((CODE / folder).rglob("*.py"))):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                yield from names(node.slice, file)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "os.getenv"):
                yield from names(node.args[0], file)


def names(node: ast.expr, file: Path) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    else:
        # The one name that is put together: the queue's.
        assert file.name == "work.py" and ast.unparse(node) == "f'SQS_QUEUE_URL_{queue.upper()}'"
        yield from (f"SQS_QUEUE_URL_{queue}" for queue in ("PM", "DEV", "QA", "OPS"))


def test_every_variable_that_the_code_reads_is_described() -> None:
    known = set(document()["functions"])
    for part in document()["elsewhere"]:
        known |= set(part["variables"])
    found = set(read("handlers", "application", "migrate", "recover", "deploy"))
    assert {"DATABASE_URL", "PARAMETERS", "GITHUB_SHA", "MODEL"} <= found
    assert found - known == set()
