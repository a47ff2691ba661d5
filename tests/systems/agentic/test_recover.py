"""The weekly export and the ways back from it, followed as docs/runbooks/agentic-restore.md describes them."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from agenticai_shared.blobs import Blobs
from agenticai_shared.models import File
from agenticai_shared.store import Store
from agenticai_shared.table import Table

from systems.agentic.migrate.source import Stop
from systems.agentic.recover.__main__ import main
from systems.agentic.recover.restore import Restorer
from tests.systems.agentic.rig import BUCKET, TABLE, Rig, rig

ARCHIVE = "agenticai-exports-test"
FUNCTION = Path(__file__).resolve().parents[3] / "systems" / "agentic" / "handlers" / "weekly_export.py"
BACKUP = "arn:aws:dynamodb:us-east-1:123456789012:table/absent/backup"
LARGE = "x" * 400_000


@pytest.fixture
def made() -> Iterator[Rig]:
    with rig() as result:
        recovery = {"PointInTimeRecoveryEnabled": True}
        result.dynamodb.client.update_continuous_backups(TableName=TABLE, PointInTimeRecoverySpecification=recovery)
        versioned = {"Status": "Enabled"}
        result.s3.client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versioned)
        result.s3.client.create_bucket(Bucket=ARCHIVE)
        yield result


def fill(made: Rig) -> str:
    """Put a project with a large file, a modification and a template into the table; return the project's id."""
    # moto's import loses items that hold an empty map, as those of a project without variables do.
    documents = {"environment_vars": {"LEVEL": 1}, "deployment_config": {"region": "us-east-1"}}
    files = [File(path="a", content=LARGE)]
    project = made.store.create_project(name="Shop", type="api", owner_id="ada", files=files, **documents)
    made.store.create_modification(project.id, request="add", requested_by="ada")
    made.store.create_template(name="T", description="", category="api", tags=["x"])
    return project.id


def store_on(made: Rig, name: str) -> Store:
    backoff = made.table._backoff
    return Store(Table(name, made.dynamodb, Blobs(made.s3, BUCKET, backoff), backoff))


def contents(made: Rig, name: str) -> list[dict[str, Any]]:
    return sorted(made.dynamodb.client.scan(TableName=name)["Items"], key=lambda item: (item["PK"], item["SK"]))


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch, made: Rig) -> ModuleType:
    """The weekly export's module, as the function loads it."""
    arn = made.dynamodb.client.describe_table(TableName=TABLE)["Table"]["TableArn"]
    monkeypatch.setenv("DYNAMODB_TABLE_ARN", arn)
    monkeypatch.setenv("EXPORT_BUCKET", ARCHIVE)
    spec = importlib.util.spec_from_file_location("weekly_export", FUNCTION)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def export(function: ModuleType, made: Rig) -> None:
    """Run the function and wait for moto, which writes the export in a thread of its own."""
    function.handler({"time": "2026-02-01T03:00:00Z"}, None)
    arn = function.os.environ["DYNAMODB_TABLE_ARN"]
    while made.dynamodb.client.list_exports(TableArn=arn)["ExportSummaries"][-1]["ExportStatus"] == "IN_PROGRESS":
        time.sleep(0.01)


def test_weekly_export_goes_to_the_archive_below_its_day(made: Rig, function: ModuleType) -> None:
    fill(made)
    export(function, made)
    (found,) = made.s3.client.list_objects_v2(Bucket=ARCHIVE)["Contents"]
    assert found["Key"].startswith("exports/2026-02-01/AWSDynamoDB/")


def test_weekly_export_asks_for_the_same_export_when_it_runs_twice(made: Rig, function: ModuleType) -> None:
    asked: list[dict[str, Any]] = []

    class Client:
        def export_table_to_point_in_time(self, **arguments: Any) -> dict[str, Any]:
            asked.append(arguments)
            return {"ExportDescription": {"ExportArn": "arn", "ExportStatus": "IN_PROGRESS"}}

    function._client = Client()  # type: ignore[attr-defined]
    answers = [function.handler({"time": f"2026-02-01T0{hour}:00:00Z"}, None) for hour in (3, 4)]
    assert asked[0] == asked[1] and asked[0]["ClientToken"] == "weekly-2026-02-01"
    assert answers[0] == {"export": "arn", "status": "IN_PROGRESS", "to": f"s3://{ARCHIVE}/exports/2026-02-01"}


def test_weekly_export_fails_where_recovery_is_off(made: Rig, function: ModuleType) -> None:
    recovery = {"PointInTimeRecoveryEnabled": False}
    made.dynamodb.client.update_continuous_backups(TableName=TABLE, PointInTimeRecoverySpecification=recovery)
    with pytest.raises(function.ExportFailed, match=f"{TABLE}: PointInTimeRecoveryUnavailable"):
        function.handler({}, None)


def test_table_comes_back_from_an_export(made: Rig, function: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    id = fill(made)
    export(function, made)
    capsys.readouterr()
    command = ["from-export", "--bucket", ARCHIVE, "--prefix", "exports/2026-02-01/", "--to", "restored"]
    assert main(command) == 0
    assert capsys.readouterr().out == "restored: restored, 5 items\n"
    assert contents(made, "restored") == contents(made, TABLE)
    store = store_on(made, "restored")
    assert store.project_files(id).items == (File(path="a", content=LARGE),)
    assert [one.id for one in store.projects_by_owner("ada").items] == [id]


def test_export_of_which_items_are_missing_is_told(
    made: Rig, function: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(made)
    export(function, made)
    (found,) = made.s3.client.list_objects_v2(Bucket=ARCHIVE)["Contents"]
    manifest = found["Key"].partition("data/")[0] + "manifest-summary.json"
    made.s3.client.put_object(Bucket=ARCHIVE, Key=manifest, Body=b'{"itemCount": 6}')
    assert main(["from-export", "--bucket", ARCHIVE, "--prefix", "exports/", "--to", "restored"]) == 2
    assert capsys.readouterr().err.endswith("5 items were imported, but the export's manifest says 6\n")


def test_table_comes_back_from_a_point_in_time(made: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    fill(made)
    before = contents(made, TABLE)
    assert main(["from-time", "--table", TABLE, "--to", "restored"]) == 0
    assert (contents(made, "restored"), capsys.readouterr().out) == (before, "restored: restored\n")


def test_deleted_project_comes_back_with_its_large_file(made: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    id = fill(made)
    backup = made.dynamodb.client.create_backup(TableName=TABLE, BackupName="before")["BackupDetails"]["BackupArn"]
    made.store.delete_project(id)
    kept = made.store.create_project(name="Kept", type="api", owner_id="bob")
    assert main(["from-backup", "--backup", backup, "--to", "restored"]) == 0
    assert main(["check", "--table", "restored", "--bucket", BUCKET]) == 1
    assert "its content is not in S3: items/projects/" in capsys.readouterr().out
    assert main(["check", "--table", "restored", "--bucket", BUCKET, "--undelete"]) == 0
    assert capsys.readouterr().out == "restored: 5 items, 1 objects, 1 brought back\n"
    assert main(["copy", "--from", "restored", "--to", TABLE]) == 0
    assert capsys.readouterr().out == f"{TABLE}: 3 items copied, 2 there already\n"
    assert made.store.project_files(id).items == (File(path="a", content=LARGE),)
    assert made.store.project(kept.id) == kept


def test_copy_replaces_changed_items_when_asked(made: Rig) -> None:
    template = made.store.create_template(name="T", description="", category="api")
    main(["from-time", "--table", TABLE, "--to", "restored"])
    made.store.update_template(template, name="Spoiled")
    assert main(["copy", "--from", "restored", "--to", TABLE, "--replace"]) == 0
    assert made.store.template(template.id) == template


def test_sources_of_a_restore_are_listed(made: Rig, function: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    backup = made.dynamodb.client.create_backup(TableName=TABLE, BackupName="before")["BackupDetails"]["BackupArn"]
    export(function, made)
    capsys.readouterr()
    assert main(["list", "--table", TABLE]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["point in time", "backup", "export"]
    assert lines[1].endswith(backup)
    assert lines[2] == f"export: COMPLETED s3://{ARCHIVE}/exports/2026-02-01"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["from-time", "--table", "absent", "--to", "restored"], "absent: no such table"),
        (
            ["from-time", "--table", TABLE, "--to", "restored", "--at", "2020-01-01T00:00:00Z"],
            "2020-01-01T00:00:00+00:00 is not from",
        ),
        (["from-time", "--table", TABLE, "--to", TABLE], f"{TABLE}: the table is there already"),
        (
            ["from-backup", "--backup", "arn:aws:dynamodb:us-east-1:1:table/a/backup/0", "--to", "restored"],
            "no such backup",
        ),
        (
            ["from-export", "--bucket", ARCHIVE, "--prefix", "no", "--to", "restored"],
            "one export is needed",
        ),
        (["from-export", "--bucket", "absent", "--prefix", "no", "--to", "restored"], "absent: no such bucket"),
        (["check", "--table", "absent", "--bucket", BUCKET], "absent: no such table"),
        (["copy", "--from", TABLE, "--to", TABLE], "source and target are the same table"),
        (["copy", "--from", TABLE, "--to", "absent"], "absent: no such table"),
    ],
)
def test_wrong_input_is_told_in_one_line(
    made: Rig, capsys: pytest.CaptureFixture[str], command: list[str], said: str
) -> None:
    assert main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("recover: ") and said in line


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--at", "yesterday", "'yesterday' is no time of the form"),
        ("--at", "2026-01-31T12:00:00", "has no time zone"),
        ("--minutes", "0", "'0' is no number from 1 to 10000"),
    ],
)
def test_wrong_option_is_told(capsys: pytest.CaptureFixture[str], option: str, value: str, said: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["from-time", "--table", TABLE, "--to", "restored", option, value])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_restore_that_takes_too_long_is_told() -> None:
    class Client:
        def describe_table(self, **_: Any) -> dict[str, Any]:
            return {"Table": {"TableStatus": "CREATING"}}

    slept: list[float] = []
    restorer = Restorer(Client(), minutes=1, sleep=slept.append, clock=lambda: sum(slept))
    with pytest.raises(Stop, match="x: the restore takes longer than 1 minutes; it goes on in AWS"):
        restorer._wait("x")
    assert slept == [15, 15, 15, 15]


def test_item_that_was_half_made_at_the_time_is_told(made: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    made.dynamodb.client.put_item(TableName=TABLE, Item={"PK": "PROJECT#a", "SK": "METADATA", "pending": True})
    assert main(["check", "--table", TABLE, "--bucket", BUCKET]) == 1
    assert "wrong: PROJECT#a: was being made or deleted at that time" in capsys.readouterr().out


def test_time_of_the_export_is_now_where_the_event_gives_none(function: ModuleType) -> None:
    before = datetime.now(UTC)
    assert before <= function._time({}) <= datetime.now(UTC)
