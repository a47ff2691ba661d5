"""Drift: what a preview of the real engine shows, and the one issue about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plumbline.github import drift
from plumbline.github.__main__ import main
from plumbline.github.api import BOT
from tests.evaluations import ROOT, preview
from tests.plumbline.github.fake import RUN, Fake, listening

ENGINE = ROOT / "tests" / "fixtures" / "engine" / "preview-change.json"  # made by the real engine
CHANGES = [
    {"op": "update", "type": "aws:dynamodb/table:Table", "name": "tables-orders", "paths": ["name", "tags"]},
    {"op": "update", "type": "aws:iam/rolePolicy:RolePolicy", "name": "reader-unknown", "paths": ["policy"]},
    {"op": "delete", "type": "aws:sqs/queue:Queue", "name": "q", "paths": []},
]
SAME = {"stack": "agentic-dev", "changes": [], "error": ""}
DIFFERS = {"stack": "prod", "changes": CHANGES, "error": ""}


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    with listening() as fake:
        for name, value in fake.environment.items():
            monkeypatch.setenv(name, value)
        yield fake


def told(folder: Path, *rows: dict[str, Any], stacks: tuple[str, ...] = ("agentic-dev", "prod")) -> int:
    for number, row in enumerate(rows):
        place = folder / f"seen-{number}"  # a folder for each artifact
        place.mkdir(exist_ok=True)
        (place / "seen.json").write_text(json.dumps(row), encoding="utf-8")
    chosen = json.dumps([{"stack": stack, "environment": "x-preview"} for stack in stacks])
    return main(["drift", str(folder), "--stacks", chosen])


def test_a_preview_is_told_without_values() -> None:
    text = ENGINE.read_text(encoding="utf-8")
    assert drift.seen("prod", text, 0) == DIFFERS
    assert drift.seen("prod", f"selected stack\n{text}\nend\n", 0) == DIFFERS


def test_reading_anew_is_no_difference() -> None:
    steps = [{"op": op, "urn": "urn:pulumi:s::p::t::n"} for op in ("same", "refresh", "read")]
    assert drift.seen("agentic-dev", json.dumps({"steps": steps}), 0) == SAME


def test_properties_come_from_the_detailed_diff_where_there_is_one() -> None:
    step = {"op": "update", "urn": "urn:pulumi:s::p::a$t::n", "detailedDiff": {"tags.b": {}, "tags.a": {}}}
    found = drift.seen("s", json.dumps({"steps": [{**step, "diffReasons": ["tags"]}]}), 0)
    assert found["changes"] == [{"op": "update", "type": "t", "name": "n", "paths": ["tags.a", "tags.b"]}]


@pytest.mark.parametrize(
    ("text", "status", "error"),
    [
        ("", 255, "the preview ended with status 255 and no document"),
        ("{", 0, "the preview ended with status 0 and no document"),
        ("[]", 0, "the preview ended with status 0 and no document"),
        ('{"steps": []}', 1, "the preview failed: it ended with status 1"),
        (
            '{"steps": [], "diagnostics": [{"severity": "info"}, {"severity": "error", "message": "b\\nc"}]}',
            0,
            "the preview failed: b c",
        ),
    ],
)  # fmt: skip
def test_a_preview_that_failed_is_no_answer(text: str, status: int, error: str) -> None:
    assert drift.seen("prod", text, status) == {"stack": "prod", "changes": [], "error": error}


def test_aliases_that_the_shift_moves_are_left_out_of_every_preview() -> None:
    aliases = preview("agentic-prod").graph.of_type("aws:lambda/alias:Alias")
    assert aliases
    assert {row.options.ignore_changes for row in aliases} == {("functionVersion", "description")}


def test_one_issue_is_opened_edited_and_closed(
    github: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(tmp_path, SAME, DIFFERS) == 0
    [issue] = github.issues
    assert issue["title"] == "Drift: an account differs from the program"
    assert issue["body"] == (
        f"{drift.MARK}\n"
        f"What `pulumi up` of `aaaaaaaaaa` would change now, says [this run]({RUN}): somebody changed the\n"
        "account by hand, or the commit is not deployed yet.\n"
        "\n"
        "#### prod: 3 differences\n"
        "\n"
        "| would | resource | properties |\n"
        "| --- | --- | --- |\n"
        "| update | aws:dynamodb/table:Table tables-orders | `name`, `tags` |\n"
        "| update | aws:iam/rolePolicy:RolePolicy reader-unknown | `policy` |\n"
        "| delete | aws:sqs/queue:Queue q |  |\n"
    )
    assert told(tmp_path, SAME, {**DIFFERS, "changes": CHANGES[:1]}) == 0
    assert len(github.issues) == 1 and "#### prod: 1 difference\n" in issue["body"]
    assert told(tmp_path, SAME, {**DIFFERS, "changes": []}) == 0
    assert (len(github.issues), issue["state"], issue["state_reason"]) == (1, "closed", "completed")
    assert told(tmp_path, SAME, {**DIFFERS, "changes": []}) == 0
    assert capsys.readouterr().out.splitlines() == [
        "issue 1 opened", "issue 1 updated", "no drift; issue 1 closed", "no drift",
    ]  # fmt: skip


def test_what_was_not_looked_at_closes_nothing(github: Fake, tmp_path: Path) -> None:
    assert told(tmp_path, DIFFERS) == 0
    assert told(tmp_path, SAME, stacks=("agentic-dev", "lost")) == 0
    [issue] = github.issues
    assert issue["state"] == "open"
    assert issue["body"].partition("#### ")[2] == (
        "lost: not looked at\n\n> its job ended before it could look; see the run\n\n"
    )


def test_issues_of_others_and_pull_requests_stay(github: Fake, tmp_path: Path) -> None:
    others = [
        {"number": 1, "state": "open", "user": {"login": "somebody"}, "body": drift.MARK},
        {"number": 2, "state": "open", "user": {"login": BOT}, "body": None},
        {"number": 3, "state": "open", "user": {"login": BOT}, "body": drift.MARK, "pull_request": {}},
    ]
    github.issues += [dict(row) for row in others]
    assert told(tmp_path, SAME, DIFFERS) == 0
    assert github.issues[:3] == others and len(github.issues) == 4


def test_many_differences_are_counted_and_fit(github: Fake, tmp_path: Path) -> None:
    many = [{"op": "update", "type": "t|u", "name": f"n{number}", "paths": []} for number in range(50)]
    assert told(tmp_path, SAME, {**DIFFERS, "changes": many}) == 0
    body = github.issues[0]["body"]
    assert "| update | t\\|u n39 |  |\n| … | 10 more | |\n" in body and "n40" not in body


@pytest.mark.parametrize(("text", "line"), [("{", "no JSON"), ("[]", "not what `seen` prints")])
def test_a_file_of_something_else_is_told(
    github: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, line: str
) -> None:
    (tmp_path / "other.json").write_text(text, encoding="utf-8")
    assert told(tmp_path) == 2
    assert capsys.readouterr().err == f"github: {tmp_path / 'other.json'}: {line}\n"
    assert github.asked == []


def test_stacks_are_what_the_first_job_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["drift", str(tmp_path), "--stacks", "prod"])
    assert ended.value.code == 2 and "'prod' is not what `stacks` prints" in capsys.readouterr().err
