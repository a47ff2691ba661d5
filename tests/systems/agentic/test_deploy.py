"""The deployment command: backups, shifts that go back by themselves, and what interrupts them."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from plumbline.evaluate import evaluate_stack
from plumbline.project import Project, UserError
from plumbline.sandbox import Sandbox
from systems.agentic import data
from systems.agentic.deploy.__main__ import main
from systems.agentic.deploy.aliases import Aliases, Live, Note, note
from systems.agentic.deploy.backup import Backups
from systems.agentic.deploy.health import Answer, Health, Invoke, Later, Unhealthy, invoker
from systems.agentic.deploy.shift import Shift
from systems.agentic.deploy.stack import function_names, settings_of
from tests.evaluations import ROOT
from tests.systems.agentic.rig import Faulty, refused

ACCOUNT = "123456789012"
START = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
LATER = START + timedelta(hours=1)
RUN = "20260131T120000Z"
FIVE = {name: f"dev-agenticai-{name}" for name in ("ops-agent", "qa-agent", "dev-agent", "pm-agent", "api-handler")}
OK, API_OK = b'{"status": "ok"}', b'{"statusCode": 200, "body": "{\\"status\\": \\"ok\\"}"}'


class Client(Faulty):
    """A client whose pages come one operation after another, and whose calls may be ordered to fail."""

    pages: Any = None

    def get_paginator(self, name: str) -> Any:
        return self.pages or self.client.get_paginator(name)


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class Rig:
    """Five functions in memory whose versions answer as `answers` says: by function and version, healthy without."""

    client: Client
    clock: Clock = field(default_factory=Clock)
    answers: dict[tuple[str, str], Callable[[], Answer]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def publish(self, *names: str) -> None:
        for name in names or FIVE:
            version = len(self.client.client.list_versions_by_function(FunctionName=FIVE[name])["Versions"])
            code = {"FunctionName": FIVE[name], "ZipFile": package(f"{name} {version}")}
            self.client.client.update_function_code(**code, Publish=True)

    def live(self) -> dict[str, str]:
        return {name: self.alias(name)["FunctionVersion"] for name in FIVE}

    def notes(self) -> dict[str, str]:
        return {name: self.alias(name)["Description"] for name in FIVE}

    def alias(self, name: str) -> dict[str, Any]:
        return self.client.client.get_alias(FunctionName=FIVE[name], Name="live")

    def fail(self, name: str, version: str, answer: Callable[[], Answer]) -> None:
        self.answers[FIVE[name], version] = answer

    def invoke(self, function: str, qualifier: str, payload: bytes) -> Answer:
        self.asked.append((function, qualifier))
        version = qualifier
        if qualifier == "live":
            version = self.client.client.get_alias(FunctionName=function, Name="live")["FunctionVersion"]
        keys = [(function, version), *([(function, f"live:{version}")] if qualifier == "live" else [])]
        for key in keys:
            if key in self.answers:
                return self.answers[key]()
        return Answer(payload=API_OK if b"GET" in payload else OK, version=version)

    def health(self) -> Health:
        return Health(invoke=self.invoke, seconds=60, sleep=self.clock.sleep, clock=self.clock)

    def shift(self, at: datetime = START) -> Shift:
        return Shift(functions=FIVE, aliases=Aliases(self.client), health=self.health(), now=lambda: at)


def package(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr(zipfile.ZipInfo("code.py", (1980, 1, 1, 0, 0, 0)), f"# {text}")
    return buffer.getvalue()


def broken() -> Answer:
    return Answer(payload=b'{"errorType": "ImportError", "errorMessage": "no module\\nx"}', error="Unhandled")


def busy() -> Answer:
    raise Later("TooManyRequestsException: Rate Exceeded.")


def silent() -> Answer:
    raise TimeoutError


@pytest.fixture
def made() -> Iterator[Rig]:
    """Five functions with version 1 live."""
    with mock_aws():
        trust = '{"Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "*"}}'
        role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        client = boto3.client("lambda")
        for name, function in FIVE.items():
            client.create_function(
                FunctionName=function,
                Role=role,
                Runtime="python3.11",
                Handler="code.handler",
                Code={"ZipFile": package(f"{name} 1")},
                Publish=True,
            )
            client.create_alias(FunctionName=function, Name="live", FunctionVersion="1")
        yield Rig(Client(client))


def at(version: str) -> dict[str, str]:
    return dict.fromkeys(FIVE, version)


def test_first_deployment_has_nothing_to_shift_and_is_checked(made: Rig) -> None:
    outcome = made.shift().forward()
    assert (outcome.good, made.live()) == (True, at("1"))
    assert outcome.lines[0] == "ops-agent: version 1 is live already, healthy"
    assert set(made.asked) == {(function, asked) for function in FIVE.values() for asked in ("1", "live")}


def test_shift_makes_new_versions_live_and_notes_the_former(made: Rig) -> None:
    made.publish()
    outcome = made.shift().forward()
    assert outcome.good and outcome.lines == tuple(f"{name}: 1 -> 2, healthy" for name in FIVE)
    assert (made.live(), made.notes()) == (at("2"), at(f"shifted from version 1, {RUN}"))
    assert made.shift(LATER).forward().lines[0] == "ops-agent: version 2 is live already, healthy"


def test_every_new_version_is_asked_before_the_first_alias_moves(made: Rig) -> None:
    made.publish()
    made.fail("api-handler", "2", broken)
    outcome = made.shift().forward()
    assert not outcome.good and "update_alias" not in made.client.calls
    assert outcome.lines == (
        *(f"{name}: stays at version 1" for name in FIVE if name != "api-handler"),
        "api-handler: version 2: ImportError: no module x; stays at version 1",
    )


def test_what_moved_goes_back_when_the_third_of_five_fails_behind_its_alias(made: Rig) -> None:
    made.publish()
    made.fail("dev-agent", "live:2", broken)
    outcome = made.shift().forward()
    assert (outcome.good, made.live()) == (False, at("1"))
    assert outcome.lines == (
        "ops-agent: went back to version 1",
        "qa-agent: went back to version 1",
        "dev-agent: version 2: ImportError: no module x; went back to version 1",
        "pm-agent: stays at version 1",
        "api-handler: stays at version 1",
    )


@pytest.mark.parametrize(("answer", "why"), [(silent, "no answer"), (busy, "TooManyRequestsException: Rate Exceeded.")])
def test_health_check_that_never_answers_ends(made: Rig, answer: Callable[[], Answer], why: str) -> None:
    made.publish()
    made.fail("qa-agent", "2", answer)
    outcome = made.shift().forward()
    assert (outcome.good, made.live()) == (False, at("1"))
    assert outcome.lines[1] == f"qa-agent: version 2: not healthy within 60 s: {why}; stays at version 1"
    assert 60 <= made.clock.at < 70


def test_busy_version_is_asked_again_until_it_answers(made: Rig) -> None:
    made.publish()
    turns = iter([busy, silent])
    made.fail("pm-agent", "2", lambda: next(turns, lambda: Answer(payload=OK, version="2"))())
    assert made.shift().forward().good


def test_answer_of_the_former_version_is_not_the_new_ones(made: Rig) -> None:
    made.publish()
    made.fail("pm-agent", "live:2", lambda: Answer(payload=OK, version="1"))
    outcome = made.shift().forward()
    assert (outcome.good, made.live()) == (False, at("1"))
    assert "pm-agent: version 2: not healthy within 60 s: version 1 answers in its place; went back" in outcome.lines[3]


@pytest.mark.parametrize(
    ("name", "payload", "why"),
    [
        ("pm-agent", b'{"batchItemFailures": []}', 'answers {"batchItemFailures": []} instead of status ok'),
        ("pm-agent", b"nothing", "answers nothing instead of status ok"),
        ("api-handler", b'{"statusCode": 500, "body": "x"}', "GET /health answers 500: x"),
        ("api-handler", b'{"statusCode": 200, "body": null}', "instead of status ok"),
        ("api-handler", OK, "GET /health answers None: None"),
    ],
)
def test_answer_that_does_not_say_ok_is_unhealthy(made: Rig, name: str, payload: bytes, why: str) -> None:
    made.fail(name, "1", lambda: Answer(payload=payload, version="1"))
    with pytest.raises(Unhealthy, match=why.replace("[", r"\[").replace("{", r"\{")):
        made.health().check(name, FIVE[name], "1", "1")


def interrupted(made: Rig) -> None:
    """Publish version 2 everywhere, and stop the shift after two aliases."""
    made.publish()

    def stop() -> Answer:
        raise KeyboardInterrupt

    made.fail("dev-agent", "live:2", stop)
    with pytest.raises(KeyboardInterrupt):
        made.shift().forward()
    made.answers.clear()
    assert made.live() == at("1") | dict.fromkeys(("ops-agent", "qa-agent", "dev-agent"), "2")


def test_interrupted_shift_is_gone_on_with(made: Rig) -> None:
    interrupted(made)
    outcome = made.shift(LATER).forward()
    assert outcome.lines == tuple(f"{name}: 1 -> 2, healthy" for name in FIVE)
    assert made.notes() == at(f"shifted from version 1, {RUN}")  # all of one run, which goes back as one


def test_interrupted_shift_goes_back_where_a_later_check_fails(made: Rig) -> None:
    interrupted(made)
    made.fail("api-handler", "2", broken)
    assert (made.shift().forward().good, made.live()) == (False, at("1"))


def test_interrupted_shift_remembers_what_was_live_before_a_third_version(made: Rig) -> None:
    interrupted(made)
    made.publish("ops-agent")
    assert made.shift().forward().lines[0] == "ops-agent: 1 -> 3, healthy"
    made.shift().back()
    assert made.live() == at("1")


def test_rollback_of_the_unfinished_takes_back_no_finished_shift(made: Rig) -> None:
    made.publish()
    made.shift().forward()
    assert made.shift().back(only_unfinished=True).lines[0] == "ops-agent: version 2 stays; no shift is unfinished"
    assert made.live() == at("2")


def test_rollback_of_the_unfinished_takes_an_interrupted_shift_back(made: Rig) -> None:
    interrupted(made)
    outcome = made.shift().back(only_unfinished=True)
    assert outcome.good and made.live() == at("1")
    assert outcome.lines == (
        *(f"{name}: 2 -> 1, healthy" for name in ("ops-agent", "qa-agent", "dev-agent")),
        "pm-agent: version 1 stays, healthy",
        "api-handler: version 1 stays, healthy",
    )


def test_rollback_takes_back_the_last_shift_only_and_once(made: Rig) -> None:
    made.publish()
    made.shift().forward()
    made.publish("pm-agent")
    made.shift(START + timedelta(days=1)).forward()
    for _ in range(2):
        assert made.shift().back().good
        assert made.live() == at("2")


def test_interrupted_rollback_is_gone_on_with(made: Rig) -> None:
    made.publish()
    made.shift().forward()
    made.client.order("update_alias", lambda call, arguments: call(**arguments), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        made.shift().back()
    assert list(made.live().values()) == ["2", "2", "2", "2", "1"]
    assert made.shift().back().good and made.live() == at("1")


def test_rollback_names_a_version(made: Rig) -> None:
    made.publish()
    made.publish()
    made.shift().forward()
    made.shift().back("2")
    assert made.live() == at("2")
    with pytest.raises(UserError) as told:
        made.shift().back("9")
    assert told.value.lines == tuple(f"{name}: version 9 given; published: 1, 2, 3" for name in FIVE)


def test_rollback_without_a_shift_says_so(made: Rig) -> None:
    made.publish()
    assert made.shift().back().lines[0] == ("ops-agent: version 1 stays; no shift is noted, and `--to` names a version")


def test_rollback_to_a_version_that_is_not_healthy_is_told(made: Rig) -> None:
    made.publish()
    made.shift().forward()
    made.fail("qa-agent", "1", broken)
    outcome = made.shift().back()
    assert (outcome.good, made.live()) == (False, at("1"))
    assert outcome.lines[1] == "qa-agent: 2 -> 1; ImportError: no module x"


def test_alias_that_somebody_else_moves_meanwhile_is_left_to_them(made: Rig) -> None:
    made.publish()
    made.client.order("update_alias", refused("PreconditionFailedException", 412))
    outcome = made.shift().forward()
    assert (outcome.good, made.live()) == (False, at("1"))
    assert outcome.lines[0] == (
        "ops-agent: version 2: dev-agenticai-ops-agent: somebody else moved its alias live meanwhile; "
        "stays at version 1"
    )


def test_alias_that_does_not_go_back_is_told_and_the_others_do(made: Rig) -> None:
    made.publish()
    made.fail("dev-agent", "live:2", broken)

    def go(call: Any, arguments: Any) -> Any:
        return call(**arguments)

    made.client.order("update_alias", go, go, go, refused("ServiceException", 500))
    outcome = made.shift().forward()
    assert outcome.lines[2].endswith("is still at version 2, give `rollback`: Call: ServiceException")
    assert made.live() == at("1") | {"dev-agent": "2"}


def test_moved_alias_whose_answer_was_lost_goes_back_as_well(made: Rig) -> None:
    made.publish()

    def lost(call: Any, arguments: Any) -> Any:
        call(**arguments)
        raise refused("ServiceException", 500)

    made.client.order("update_alias", lost)
    assert (made.shift().forward().good, made.live()) == (False, at("1"))


def test_alias_is_moved_wholly_and_only_as_it_was_read() -> None:
    asked: list[dict[str, Any]] = []

    class Client:
        def update_alias(self, **arguments: Any) -> dict[str, Any]:
            asked.append(arguments)
            return {}

    live = Live(name="n", function="f", version="1", versions=("1", "2"), note=None, revision="r")
    Aliases(Client()).move(live, "2", Note(phase="shifting", other="1", run=RUN))
    assert asked == [
        {
            "FunctionName": "f",
            "Name": "live",
            "FunctionVersion": "2",
            "Description": f"shifting from version 1, {RUN}",
            "RoutingConfig": {"AdditionalVersionWeights": {}},
            "RevisionId": "r",
        }
    ]


@pytest.mark.parametrize("phase", ["shifting", "shifted", "back"])
def test_note_is_read_as_it_was_written(phase: Any) -> None:
    written = Note(phase=phase, other="12", run=RUN)
    assert note(written.text()) == written
    assert note(f"{written.text()} by me") is None


class Lambda:
    """A client whose invocation raises or answers as ordered."""

    def __init__(self, given: Any) -> None:
        self.given = given

    def invoke(self, **arguments: Any) -> Any:
        if isinstance(self.given, BaseException):
            raise self.given
        return self.given


def lambda_that(monkeypatch: pytest.MonkeyPatch, given: Any) -> Invoke:
    monkeypatch.setattr("systems.agentic.deploy.health.boto3.client", lambda *_, **__: Lambda(given))
    return invoker(5, "us-east-1")


def test_invoker_hands_on_what_lambda_says(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"Payload": io.BytesIO(b"x"), "FunctionError": "Unhandled", "ExecutedVersion": "3"}
    invoke = lambda_that(monkeypatch, given)
    assert invoke("f", "live", b"") == Answer(payload=b"x", error="Unhandled", version="3")


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ResourceConflictException"])
def test_invoker_tells_what_may_work_later(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    with pytest.raises(Later, match=f"{code}: said so"):
        lambda_that(monkeypatch, refused(code))("f", "1", b"")


def test_invoker_raises_what_no_waiting_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    invoke = lambda_that(monkeypatch, refused("AccessDeniedException"))
    with pytest.raises(ClientError):
        invoke("f", "1", b"")
    with pytest.raises(Unhealthy, match=r"^Invoke: AccessDeniedException: said so$"):
        Health(invoke=invoke).check("pm-agent", "f", "1", "1")


# The command line, on a project of its own whose account is that of the sandbox in memory.


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("Pulumi.yaml", "Pulumi.agentic-dev.yaml", "Pulumi.test.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    file = tmp_path / "Pulumi.agentic-dev.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("111111111111", ACCOUNT), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["shift", "agentic-dve"],
            "deploy: stack 'agentic-dve' is not known (did you mean agentic-dev?); known: agentic-dev, test",
        ),
        (["status", "test"], "deploy: stack 'test' builds trading; known stacks of agentic: agentic-dev"),
        (
            ["rollback", "agentic-dev", "--function", "pm"],
            "deploy: function 'pm' is not known; known: api-handler, dev-agent, free-tier-usage, ops-agent, pm-agent, "
            "qa-agent, weekly-export",
        ),
        (
            ["rollback", "agentic-dev", "--to", "3", "--unfinished"],
            "deploy: --to and --unfinished given; allowed: one of them",
        ),
    ],
)
def test_wrong_input_is_one_line(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    with mock_aws():
        assert main(arguments) == 2
    assert capsys.readouterr().err == f"{line}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rollback", "agentic-dev", "--to", "0"], "'0' is no version: a number that `status` shows"),
        (["rollback", "agentic-dev", "--to", "$LATEST"], "'$LATEST' is no version: a number that `status` shows"),
        (["shift", "agentic-dev", "--seconds", "0"], "'0' is no number from 1 to 3600"),
        (["backup", "agentic-dev", "--commit", "; rm"], "'; rm' is no commit: 7 to 64 hexadecimal digits"),
    ],
)
def test_wrong_option_is_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2 and said in capsys.readouterr().err


def test_wrong_settings_are_told_line_by_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / "Pulumi.agentic-dev.yaml"
    text = file.read_text(encoding="utf-8").replace("log_retention_days: 7", "log_retention_days: 5")
    file.write_text(text.replace("region: us-east-1\n", "region: nowhere\n", 1), encoding="utf-8")
    assert main(["status", "agentic-dev"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(" given")[0] for line in told] == [
        'deploy: Pulumi.agentic-dev.yaml: plumbline:settings.region: "nowhere"',
        "deploy: Pulumi.agentic-dev.yaml: plumbline:settings.log_retention_days: 5",
    ]


def test_another_account_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = project / "Pulumi.agentic-dev.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(ACCOUNT, "111122223333"), encoding="utf-8")
    with mock_aws():
        assert main(["backup", "agentic-dev"]) == 2
    line = f"deploy: the credentials are of account {ACCOUNT}; the stack's account is 111122223333\n"
    assert capsys.readouterr().err == line


def test_function_without_its_alias_is_told(made: Rig) -> None:
    made.client.client.delete_alias(FunctionName=FIVE["pm-agent"], Name="live")
    with pytest.raises(UserError) as told:
        made.shift().forward()
    assert told.value.lines == (
        "pm-agent: dev-agenticai-pm-agent has no published version with an alias live; deploy the stack first",
    )


def test_missing_credentials_are_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for variable in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(variable, str(project / "none"))
    for variable in ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(variable, raising=False)
    assert main(["shift", "agentic-dev"]) == 2
    assert capsys.readouterr().err == "deploy: Unable to locate credentials\n"


def test_stack_that_is_not_deployed_is_told_function_by_function(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mock_aws():
        assert main(["shift", "agentic-dev"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == len(data.functions())
    assert told[-1] == (
        "deploy: api-handler: dev-agenticai-api-handler has no published version with an alias live; "
        "deploy the stack first"
    )


def test_refusal_of_aws_is_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any) -> None:
        raise refused("AccessDenied")

    monkeypatch.setattr("systems.agentic.deploy.__main__.check_account", refuse)
    assert main(["status", "agentic-dev"]) == 2
    assert capsys.readouterr().err == "deploy: Call: AccessDenied: said so\n"


def test_interruption_is_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("systems.agentic.deploy.__main__.check_account", stop)
    assert main(["shift", "agentic-dev"]) == 2
    assert capsys.readouterr().err == (
        "deploy: interrupted; give the same command again to go on, or `rollback --unfinished` to take a shift back\n"
    )


def test_names_are_those_of_the_deployed_stack_and_a_shift_moves_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole stack in the sandbox, a version of every function published as a deployment does, and the command."""
    monkeypatch.chdir(ROOT)
    with Sandbox() as sandbox:
        graph = evaluate_stack(Project(ROOT), "agentic-dev", sandbox).graph
        client: Any = sandbox.context.client("lambda")
        functions = function_names(settings_of("agentic-dev"))
        resources = graph.of_type("aws:lambda/function:Function")
        assert sorted(functions.values()) == sorted(one.inputs["name"] for one in resources)

        def invoke(function: str, qualifier: str, payload: bytes) -> Answer:
            return Answer(payload=API_OK if b"GET" in payload else OK)

        for function in functions.values():
            client.update_function_code(FunctionName=function, ZipFile=package(function), Publish=True)
        health = Health(invoke=invoke)
        monkeypatch.setattr(
            "systems.agentic.deploy.__main__._client", lambda service, _: sandbox.context.client(service)
        )
        assert main(["shift", "agentic-dev"], health) == 0
        told = capsys.readouterr().out.splitlines()
        assert told == [f"{name}: 1 -> 2, healthy" for name in reversed(data.functions())]
        assert main(["status", "agentic-dev"], health) == 0
        assert all(
            "version 2 is live, 2 is the newest; shifted" in line for line in capsys.readouterr().out.splitlines()
        )
        assert main(["rollback", "agentic-dev", "--function", "pm-agent"], health) == 0
        assert capsys.readouterr().out == "pm-agent: 2 -> 1, healthy\n"
        assert main(["backup", "agentic-dev"]) == 0
        assert capsys.readouterr().out.startswith("agentic-dev-")


def test_failing_version_ends_the_command_with_one(
    made: Rig, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made.publish()
    made.fail("pm-agent", "2", broken)
    monkeypatch.setattr("systems.agentic.deploy.__main__.function_names", lambda _: FIVE)
    assert main(["shift", "agentic-dev"], made.health()) == 1
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == len(FIVE)
    assert told.err == "deploy: the stack runs as before; see the lines above\n"


# Backups.

TABLE = "dev-agenticai-data"


@pytest.fixture
def backups() -> Iterator[tuple[Faulty, Callable[..., Backups]]]:
    with mock_aws():
        client = Client(boto3.client("dynamodb"))
        key = [{"AttributeName": "PK", "KeyType": "HASH"}]
        client.client.create_table(
            TableName=TABLE,
            KeySchema=key,
            AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        clock = Clock()

        def of(stack: str = "agentic-dev", now: datetime = START, minutes: float = 30) -> Backups:
            return Backups(
                client=client,
                stack=stack,
                table=TABLE,
                minutes=minutes,
                sleep=clock.sleep,
                clock=clock,
                now=lambda: now,
            )

        yield client, of


def test_backup_is_named_with_stack_time_and_commit(backups: Any) -> None:
    client, of = backups
    made = of().make("0123456789ABCDEF")
    assert (made.name, made.status) == ("agentic-dev-20260131T120000Z-0123456789ab", "AVAILABLE")
    [found] = client.client.list_backups(TableName=TABLE)["BackupSummaries"]
    assert (found["BackupName"], found["BackupArn"]) == (made.name, made.arn)
    assert of().make("").name == "agentic-dev-20260131T120000Z-no-commit"


def test_backup_of_a_table_that_is_not_there_yet_is_none(backups: Any) -> None:
    client, of = backups
    client.client.delete_table(TableName=TABLE)
    assert of().make("0123456") is None


def seen(status: str) -> Callable[..., Any]:
    """Let an operation answer as DynamoDB does while a backup has a status."""

    def answer(call: Any, arguments: Any) -> Any:
        found = call(**arguments)
        found["BackupDescription"]["BackupDetails"]["BackupStatus"] = status
        return found

    return answer


def test_backup_is_waited_for(backups: Any) -> None:
    client, of = backups
    client.order("describe_backup", seen("CREATING"), seen("CREATING"))
    assert of().make("0123456").status == "AVAILABLE"
    assert client.calls.count("describe_backup") == 3


def test_backup_that_is_never_available_ends_in_time(backups: Any) -> None:
    client, of = backups
    client.order("describe_backup", *[seen("CREATING")] * 500)
    with pytest.raises(UserError, match=r"not available after 2 minutes; give the command again"):
        of(minutes=2).make("0123456")
    assert client.calls.count("describe_backup") == 25


def test_backup_that_is_deleted_meanwhile_is_told(backups: Any) -> None:
    client, of = backups
    client.order("describe_backup", seen("DELETED"))
    with pytest.raises(UserError, match="the backup is DELETED, not AVAILABLE; nothing was deleted"):
        of().make("0123456")


class Pages:
    """What list_backups shows: rows of name, days before START, and status."""

    def __init__(self, *rows: tuple[str, float, str]) -> None:
        self.rows = rows

    def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        assert arguments == {"TableName": TABLE, "BackupType": "USER"}
        for name, days, status in self.rows:
            at = START - timedelta(days=days)
            row = {"BackupName": name, "BackupArn": f"arn:{name}", "BackupStatus": status, "BackupCreationDateTime": at}
            yield {"BackupSummaries": [row]}


def own(day: int, stack: str = "agentic-dev", commit: str = "0123456789ab") -> str:
    return f"{stack}-202601{day:02}T120000Z-{commit}"


def test_interrupted_backup_is_waited_for_and_not_made_twice(backups: Any) -> None:
    client, of = backups
    client.pages = Pages((own(31), 0, "CREATING"))
    client.order("describe_backup", lambda _, arguments: described(arguments["BackupArn"]))
    assert of().make("0123456789abcdef").name == own(31)
    assert "create_backup" not in client.calls


def described(arn: str) -> dict[str, Any]:
    row = {"BackupName": arn.removeprefix("arn:"), "BackupArn": arn, "BackupStatus": "AVAILABLE"}
    return {"BackupDescription": {"BackupDetails": {**row, "BackupCreationDateTime": START}}}


def test_backup_that_is_being_made_for_another_commit_is_not_waited_for(backups: Any) -> None:
    client, of = backups
    client.pages = Pages((own(31), 0, "CREATING"))
    assert of().make("fffffffffff").name == own(31, commit="fffffffffff")


def expired(backups: Any, days: int, *rows: tuple[str, float, str]) -> list[str]:
    """Return the names of what is deleted after `days` of these."""
    client, of = backups
    client.pages = Pages(*rows)
    client.order("delete_backup", *[lambda *_: {}] * 9)
    return [one.name for one in of().expire(days)]


def test_outdated_backups_are_deleted_oldest_first(backups: Any) -> None:
    rows = [(own(day), 31 - day, "AVAILABLE") for day in (30, 5, 20, 4)]
    assert expired(backups, 14, *rows) == [own(4), own(5)]
    assert backups[0].calls == ["delete_backup"] * 2


def test_no_backup_goes_within_seven_days(backups: Any) -> None:
    rows = [(own(31), 0, "AVAILABLE"), (own(25), 6.9, "AVAILABLE"), (own(23), 7.1, "AVAILABLE")]
    assert expired(backups, 1, *rows) == [own(23)]


def test_newest_backup_stays_however_old(backups: Any) -> None:
    rows = [(own(1), 30, "AVAILABLE"), (own(2), 29, "AVAILABLE"), (own(31), 0, "CREATING")]
    assert expired(backups, 7, *rows) == [own(1)]


def test_backups_of_others_stay(backups: Any) -> None:
    names = ("by-hand", "agentic-dev-by-hand", own(1, "agentic-prod"), own(1, "my-agentic-dev"))
    rows = [(name, 30.0, "AVAILABLE") for name in names]
    assert expired(backups, 7, *rows, (own(31), 0, "AVAILABLE")) == []


def test_backup_that_is_gone_already_is_no_mistake(backups: Any) -> None:
    backups[0].order("delete_backup", refused("BackupNotFoundException"))
    assert expired(backups, 7, (own(1), 30, "AVAILABLE"), (own(31), 0, "AVAILABLE")) == [own(1)]
