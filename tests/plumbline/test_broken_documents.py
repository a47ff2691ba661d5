"""No document breaks a grammar: with anything in the place of anything else there are findings, or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from plumbline.constraints.api_requests import schema_findings
from plumbline.constraints.dashboards import body_findings
from plumbline.constraints.event_patterns import pattern_findings
from plumbline.constraints.state_language import definition_findings
from plumbline.graph import Path
from tests.plumbline.test_dashboard_bodies import WIDGETS
from tests.plumbline.test_grammars import SCHEMAS, SOUND_PATTERNS
from tests.plumbline.test_state_language import SOUND

OTHERS: tuple[Any, ...] = (None, True, 0, -1.5, "", "x", [], {}, [1], ["x"], [[]], [{}], {"x": 1}, {"x": {}}, [None])
Grammar = Callable[[str], list[tuple[str, str]]]
DOCUMENTS: dict[str, tuple[Grammar, list[Any]]] = {
    "definitions": (definition_findings, list(SOUND.values())),
    "patterns": (pattern_findings, SOUND_PATTERNS),
    "bodies": (body_findings, [{"widgets": [given]} for given, expected in WIDGETS if not expected]),
    "schemas": (schema_findings, [json.loads(text) for text, expected in SCHEMAS.items() if not expected]),
}


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in parts:
        yield from places(item, (*path, step))


def with_other(value: Any, path: Path, other: Any) -> Any:
    if not path:
        return other
    if isinstance(value, dict):
        return {key: with_other(item, path[1:], other) if key == path[0] else item for key, item in value.items()}
    return [with_other(item, path[1:], other) if index == path[0] else item for index, item in enumerate(value)]


@pytest.mark.parametrize(("grammar", "documents"), DOCUMENTS.values(), ids=list(DOCUMENTS))
def test_a_grammar_answers_whatever_a_document_holds(grammar: Grammar, documents: list[Any]) -> None:
    refused = 0
    for document in documents:
        for path in places(document):
            for other in OTHERS:
                found = grammar(json.dumps(with_other(document, path, other)))
                assert all(message and "\n" not in message for _, message in found)
                refused += bool(found)
    assert refused > len(documents) * len(OTHERS)
