"""The agentic criteria that files answer cannot be fooled: a file that is missing or says less fails its criterion."""

from __future__ import annotations

from pathlib import Path

import pytest

from criteria.agentic_areas.files import MIGRATION, SHARED
from plumbline.verdicts import Verdict
from tests.criteria.breaking import Change, Row, breaks, cases, verdict, whole
from tests.criteria.deliveries import FILES, changed, root

_P = "agentic-prod"
_UP_AND_SHIFT = """    - run: pulumi up --yes --stack agentic-prod
    - run: python -m systems.agentic.deploy shift --stack agentic-prod
"""
_SHIFT_AND_UP = """    - run: python -m systems.agentic.deploy shift --stack agentic-prod
    - run: pulumi up --yes --stack agentic-prod
"""
_BACKUP = "    - run: python -m systems.agentic.deploy backup --stack agentic-prod\n"
_FOR = "steps.stack.outputs.system == 'agentic'"
_GREEN = "if: github.event.workflow_run.conclusion == 'success'\n"


def _tests(old: str | None, new: str = "") -> Change:
    return changed(FILES["tests"], old, new)


def _deploy(old: str | None, new: str = "") -> Change:
    return changed(FILES["deploy"], old, new)


BROKEN: list[Row] = [
    ("00.3", _P, "a table that is not read", changed(f"{MIGRATION}/source.py", '"templates"', '"others"')),
    ("00.5", _P, "no guide", changed(FILES["account"], None)),
    ("00.5", _P, "a guide without the day", changed(FILES["account"], "2025-07-15", "some day")),
    ("00.6", _P, "no model", changed(f"{SHARED}/models.py", "class Template", "class Other")),
    ("00.6", _P, "no item", changed(f"{SHARED}/items.py", "template: Template", "template: Any")),
    ("00.9", _P, "no workflow", _deploy(None)),
    ("01.1", _P, "a part that nobody asks for", changed("systems/agentic/data/paid.yaml", None)),
    ("01.1", _P, "a criterion that does not exist", changed("systems/agentic/data/paid.yaml", "-01.6", "-99.9")),
    ("01.7", _P, "no container", changed("systems/agentic/websocket/Dockerfile", None)),
    ("01.7", _P, "another base", changed("systems/agentic/websocket/Dockerfile", "3.11-slim", "3.12")),
    ("01.7", _P, "root", changed("systems/agentic/websocket/Dockerfile", "wsuser", "root")),
    ("02.1", _P, "no workflow", _tests(None)),
    ("02.1", _P, "no YAML", _tests("push:", "push: [")),
    ("02.1", _P, "another branch", _tests("[main]", "[develop]")),
    ("02.1", _P, "some files only", _tests("{branches: [main]}", "{branches: [main], paths: [systems/**]}")),
    ("02.1", _P, "pull requests only", _tests("  push: {branches: [main]}\n")),
    ("02.1", _P, "no tests", _tests("make test", "make preview")),
    ("02.1", _P, "tests that a comment runs", _tests("make test", '"# make test"')),
    ("02.1", _P, "tests that may fail", _tests("make test", "make test\n      continue-on-error: true")),
    ("02.1", _P, "tests at times", _tests("runs-on", "if: github.actor != 'bot'\n    runs-on")),
    ("02.2", _P, "no workflow", _deploy(None)),
    ("02.2", _P, "no deployment", _deploy("pulumi up", "pulumi preview")),
    ("02.2", _P, "red tests", _deploy(_GREEN, "if: always()\n")),
    ("02.2", _P, "no condition", _deploy(_GREEN, "")),
    ("02.2", _P, "other tests", _deploy("[test]", "[other]")),
    ("02.2", _P, "another branch", _deploy("[main]", "[develop]")),
    ("02.2", _P, "every push", _deploy("on:\n  workflow_run:", "on:\n  push: {branches: [main]}\n  other:")),
    ("02.2", _P, "no token", _deploy("id-token: write", "id-token: none")),
    ("02.2", _P, "stored keys", _deploy("runs-on", "env: {KEY: '${{ secrets.AWS_KEY }}'}\n    runs-on")),
    ("02.3", _P, "no workflow", _deploy(None)),
    ("02.3", _P, "no deployment", _deploy("pulumi up", "pulumi preview")),
    ("02.4", _P, "no shift", _deploy("deploy shift", "deploy look")),
    ("02.4", _P, "a shift before", _deploy(_UP_AND_SHIFT, _SHIFT_AND_UP)),
    ("02.5", _P, "no way back", _deploy("deploy rollback", "deploy look")),
    ("02.5", _P, "a way back after success", _deploy("if: failure()", "if: success()")),
    ("02.5", _P, "nobody may ask", changed(FILES["rollback"], "workflow_dispatch", "push")),
    ("02.5", _P, "nothing to ask", changed(FILES["rollback"], "deploy rollback", "deploy look")),
    ("02.5", _P, "no workflow to ask", changed(FILES["rollback"], None)),
    ("02.5", _P, "no alias is moved", changed("systems/agentic/deploy/aws.py", "update_alias", "get_alias")),
    (
        "03.2",
        _P,
        "a module that reads later",
        changed("systems/agentic/handlers/pm_agent.py", "parameters.load()", "{}"),
    ),
    ("03.3", _P, "a key", changed(FILES["tests"], "make test", "make test KEY=AKIA" + "A" * 16)),
    ("03.3", _P, "an address with a password", changed(FILES["account"], "OIDC", "postgres://u:hunter2@db/x")),
    ("06.2", _P, "no backup", _deploy("deploy backup", "deploy look")),
    (
        "06.2",
        _P,
        "a backup after",
        _deploy("deploy backup", "deploy look; pulumi up; python -m systems.agentic.deploy backup"),
    ),
    ("06.2", _P, "a backup at times", _deploy(_BACKUP, f"{_BACKUP}      if: github.actor != 'bot'\n")),
    ("06.2", _P, "a backup of others", _deploy(_BACKUP, f"{_BACKUP}      if: {_FOR.replace('agentic', 'trading')}\n")),
    ("06.2", _P, "no call", changed("systems/agentic/deploy/aws.py", "create_backup", "list_backups")),
    ("06.2", _P, "no workflow", _deploy(None)),
    ("06.4", _P, "no runbook", changed(FILES["restore"], None)),
    ("06.4", _P, "a way that is not told", changed(FILES["restore"], "recover from-export", "recover other")),
    ("07.4", _P, "equal waits", changed(f"{SHARED}/backoff.py", "2 **", "1 **")),
    ("07.4", _P, "no chance", changed(f"{SHARED}/backoff.py", "self.random(0, ", "max(0, ")),
    ("07.4", _P, "no throttling", changed(f"{SHARED}/backoff.py", '"ThrottlingException",', "")),
    ("07.4", _P, "no waits", changed(f"{SHARED}/backoff.py", "self.wait(tried)", "pass")),
    (
        "07.4",
        _P,
        "a bare call",
        changed(f"{SHARED}/table.py", "self._backoff.call(lambda: call(", "(lambda f: f())(lambda: call("),
    ),
    ("07.4", _P, "no code", changed(f"{SHARED}/table.py", None)),
    ("08.1", _P, "no guide", changed(FILES["account"], None)),
    ("08.1", _P, "no quota", changed(FILES["account"], "L-B99A9384", "")),
    ("08.1", _P, "a parameter that is not told", changed(FILES["account"], "github-token", "")),
    ("08.2", _P, "no document", changed(FILES["permissions"], None)),
    ("08.2", _P, "an action that is not told", changed(FILES["permissions"], "sqs:SendMessage", "")),
    ("08.2", _P, "a role that is not told", changed(FILES["permissions"], "weekly-export", "")),
    *(("08.3", _P, f"no {name}", changed(FILES[name], None)) for name in ("tests", "deploy", "rollback", "preview")),
    ("08.3", _P, "no pull requests", changed(FILES["preview"], "pull_request", "push")),
    (
        "08.3",
        _P,
        "no steps",
        changed(FILES["preview"], "    steps:\n    - run: make preview STACK=agentic-prod\n", "    steps: []\n"),
    ),
    ("08.3", _P, "stored keys", changed(FILES["preview"], "make preview", "KEY=${{ secrets.KEY }} make preview")),
    ("08.4", _P, "no template", changed(FILES["template"], None)),
    ("08.4", _P, "CloudFormation", changed(FILES["template"], "AWS::Serverless-2016-10-31", "none")),
    ("08.4", _P, "other keys", changed(FILES["template"], "AttributeName: GSI1PK", "AttributeName: other")),
    ("08.4", _P, "another function", changed(FILES["template"], "agenticai-pm-agent", "agenticai-other")),
    ("08.4", _P, "another time", changed(FILES["template"], "VisibilityTimeout: 5400", "VisibilityTimeout: 30")),
    ("08.5", _P, "no document", changed(FILES["environment"], None)),
    ("08.5", _P, "a variable that is not told", changed(FILES["environment"], "WEBSOCKET_ENDPOINT", "")),
    ("08.6", _P, "no guide", changed(FILES["troubles"], None)),
    ("08.6", _P, "a trouble that is not told", changed(FILES["troubles"], "dead-letter", "")),
    ("09.1", _P, "SQLAlchemy", changed(f"{SHARED}/store.py", "import contextlib", "import sqlalchemy")),
    ("09.1", _P, "no boto3", changed(f"{SHARED}/table.py", "boto3", "other")),
    ("09.1", _P, "no model", changed(f"{SHARED}/models.py", "class Modification", "class Other")),
    ("09.2", _P, "a column less", changed(f"{SHARED}/models.py", "    security_score: Decimal | None = None\n", "")),
    ("09.2", _P, "a row that is lost", changed(f"{MIGRATION}/rows.py", "template = Template(", "template = dict(")),
    ("09.4", _P, "Alembic", changed(f"{MIGRATION}/create.py", "from typing import Any", "import alembic")),
    ("09.4", _P, "no script", changed(f"{MIGRATION}/create.py", None)),
    ("09.4", _P, "other keys", changed(f"{SHARED}/keys.py", '("GSI1PK", "GSI1SK")', '("GSI1PK", "SK")')),
    ("09.5", _P, "a way that is lost", changed(f"{SHARED}/store.py", "def projects_by_owner", "def projects_of")),
    (
        "09.5",
        _P,
        "another index",
        changed(f"{SHARED}/store.py", '"GSI2", keys.status(status)', '"GSI1", keys.status(status)'),
    ),
]
# A deployment in the same workflow as the tests waits for them by `needs`.
_ONE_WORKFLOW = (
    (_GREEN, "needs: test\n"),
    ("workflow_run: {workflows: [test], types: [completed], branches: [main]}", "push: {branches: [main]}"),
    ("jobs:\n", "jobs:\n  test:\n    steps:\n    - run: make test\n"),
)


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_file_that_says_less_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize("left_out", [None, 0], ids=["as it is", "without needs"])
def test_a_deployment_may_wait_for_the_tests_of_its_own_workflow(left_out: int | None) -> None:
    changed_ = whole(_P)
    for number, (old, new) in enumerate(_ONE_WORKFLOW):
        changed_ = _deploy(old, "" if number == left_out else new)(changed_)
    assert verdict("02.2", changed_).word == ("deviation" if left_out is None else "fail")


def test_a_backup_of_this_system_alone_is_one() -> None:
    changed_ = _deploy(_BACKUP, f"{_BACKUP}      if: {_FOR}\n")(whole(_P))
    assert verdict("06.2", changed_).word == "pass"


def test_nothing_answers_where_there_are_no_files(tmp_path: Path) -> None:
    import dataclasses

    bare = dataclasses.replace(whole(_P), root=tmp_path)
    found: dict[str, Verdict] = {number: verdict(number, bare) for number, *_ in BROKEN}
    # What the repository does not hold, it holds no credential in.
    assert {number for number, each in found.items() if each.word != "fail"} == {"03.3"}


def test_the_stand_ins_are_files_that_the_criteria_look_at() -> None:
    assert [path for path in FILES.values() if not (root() / path).is_file()] == []
