"""The migration from a real PostgreSQL server: everything arrives, once, whatever happens on the way."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from agenticai_shared import ids
from agenticai_shared.models import File

from systems.agentic.migrate.__main__ import main
from systems.agentic.migrate.checkpoint import Checkpoint
from systems.agentic.migrate.run import migrate
from systems.agentic.migrate.source import Stop, connect
from systems.agentic.migrate.target import Target
from tests.systems.agentic import postgres
from tests.systems.agentic.rig import BUCKET, TABLE, Rig, refused, rig

PROJECT: dict[str, Any] = {
    "id": "11111111-0000-4000-8000-000000000001",
    "name": "Shop",
    "type": "web_app",
    "status": "active",
    "owner_id": "ada",
    "codebase": '{"src/app.py": "print(1)", "config.json": {"rate": 1.10, "on": true}}',
    "dependencies": ["fastapi", ""],
    "environment_vars": '{"LEVEL": 1, "RATE": 0.1}',
    "deployment_config": None,
    "test_coverage": 0.875,
    "created_at": "2025-03-01 10:00:00.5+02",
    "updated_at": "2025-03-02 10:00:00+00",
}
PROJECT_ID = "proj_20250301_080000_500000_11111111000040008000000000000001"
MODIFICATION: dict[str, Any] = {
    "id": "22222222-0000-4000-8000-000000000001",
    "project_id": PROJECT["id"],
    "request": "add a page",
    "requested_by": "ada",
    "requested_at": "2025-03-03 10:00:00+00",
    "status": "applied",
    "applied_at": "2025-03-03 11:00:00+00",
    "test_results": '{"seconds": 1.5}',
}
TEMPLATE: dict[str, Any] = {
    "id": "33333333-0000-4000-8000-000000000001",
    "name": "Start",
    "description": "A start",
    "category": "api",
    "files": '{"main.py": "x"}',
    "tags": ["b", "a"],
    "created_at": "2025-01-01 00:00:00",
    "updated_at": "2025-01-01 00:00:00",
}


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with postgres.server() as folder:
        yield folder


@pytest.fixture
def made() -> Iterator[Rig]:
    with rig() as result:
        yield result


@pytest.fixture
def database(host: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty old database, which DATABASE_URL names."""
    url = postgres.database(host)
    monkeypatch.setenv("DATABASE_URL", url)
    return url


def fill(url: str, *rows: tuple[str, dict[str, Any]]) -> None:
    with psycopg.connect(url) as connection:
        for table, row in rows:
            postgres.insert(connection, table, row)


def numbered(row: dict[str, Any], number: int, **changes: Any) -> dict[str, Any]:
    return row | {"id": f"{row['id'][:24]}{number:012}"} | changes


def run(folder: Path, *options: str) -> int:
    command = ["run", "--table", TABLE, "--bucket", BUCKET, "--checkpoint", str(folder / "state.json"), "--rows", "2"]
    return main([*command, *options])


THREE = (("project_contexts", PROJECT), ("modifications", MODIFICATION), ("templates", TEMPLATE))


def test_every_row_arrives_with_all_it_says(made: Rig, database: str, tmp_path: Path) -> None:
    fill(database, *THREE)
    assert run(tmp_path, "--verify", "whole") == 0
    project = made.store.project(PROJECT_ID)
    said = (project.owner_id, project.dependencies, project.environment_vars, project.test_coverage, project.created_at)
    assert said[:4] == ("ada", ("fastapi", ""), {"LEVEL": 1, "RATE": Decimal("0.1")}, Decimal("0.875"))
    assert said[4].isoformat() == "2025-03-01T08:00:00.500000+00:00"
    files = (
        File(path="config.json", content='{"on":true,"rate":1.10}', kind="json"),
        File(path="src/app.py", content="print(1)"),
    )
    assert {file.path: json.loads(file.content) if file.kind == "json" else file.content for file in files} == {
        file.path: json.loads(file.content) if file.kind == "json" else file.content
        for file in made.store.project_files(PROJECT_ID).items
    }
    (modification,) = made.store.modifications_of(PROJECT_ID).items
    assert (modification.status, modification.test_results) == ("applied", {"seconds": Decimal("1.5")})
    (template,) = made.store.templates_by_tag("a").items
    assert (template.tags, template.estimated_setup_time, template.complexity) == (("a", "b"), 15, "medium")
    assert template.created_at.isoformat() == "2025-01-01T00:00:00+00:00"


def test_digits_of_a_number_in_a_file_are_kept(made: Rig, database: str, tmp_path: Path) -> None:
    fill(database, ("project_contexts", PROJECT | {"codebase": '{"a": [1.10, 123456789012345678901234567890.5]}'}))
    assert run(tmp_path, "--verify", "whole") == 0
    (file,) = made.store.project_files(PROJECT_ID).items
    assert file == File(path="a", content="[1.10,123456789012345678901234567890.5]", kind="json")


def test_second_run_changes_nothing(
    made: Rig, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(database, *THREE)
    run(tmp_path)
    before = made.items()
    capsys.readouterr()
    assert run(tmp_path) == 0
    assert made.items() == before
    assert "project_contexts: 1 rows read, 0 written, 1 there already, 0 refused" in capsys.readouterr().out


def test_run_from_another_folder_changes_nothing_either(made: Rig, database: str, tmp_path: Path) -> None:
    fill(database, *THREE)
    run(tmp_path)
    before = made.items()
    (tmp_path / "state.json").unlink()
    assert run(tmp_path, "--into-existing") == 0
    assert made.items() == before


def test_what_the_application_changed_since_is_left_alone(made: Rig, database: str, tmp_path: Path) -> None:
    fill(database, *THREE)
    run(tmp_path)
    changed = made.store.update_project(made.store.project(PROJECT_ID), name="Changed")
    assert run(tmp_path) == 0
    assert made.store.project(PROJECT_ID) == changed


def test_row_that_changed_since_is_told_and_not_written_over(
    made: Rig, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(database, *THREE)
    run(tmp_path)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE templates SET name = 'Other'")
    assert run(tmp_path) == 1
    line = (
        f"not migrated: templates {TEMPLATE['id']}: is in the table already with other content, which was left as it is"
    )
    assert line in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("killed_at", range(1, 8))
def test_killed_migration_goes_on_and_ends_as_one_that_was_not(
    made: Rig, database: str, tmp_path: Path, killed_at: int
) -> None:
    large = json.dumps({"large": "x" * 400_000, "small": "y"})
    rows = [numbered(PROJECT, number, codebase=large if number == 3 else PROJECT["codebase"]) for number in range(1, 6)]
    rows[1] |= {"type": "website"}
    fill(
        database, *(("project_contexts", row) for row in rows), ("modifications", MODIFICATION), ("templates", TEMPLATE)
    )
    path = tmp_path / "state.json"

    def attempt() -> Checkpoint:
        with connect(database) as source:
            checkpoint = Checkpoint.load(path, source.name, TABLE)
            migrate(source, Target(made.table), checkpoint, rows=2, advance=lambda table, rows: None)
            return checkpoint

    def killed(call: Any, arguments: Any) -> Any:
        call(**arguments)
        raise SystemExit("killed")

    def counted(call: Any, arguments: Any) -> Any:
        return call(**arguments)

    made.dynamodb.order("batch_write_item", *[counted] * (killed_at - 1), killed)
    with pytest.raises(SystemExit):
        attempt()
    made.dynamodb.orders.clear()
    checkpoint = attempt()
    assert {name: (p.read, p.refused, p.done) for name, p in checkpoint.state.tables.items()} == {
        "project_contexts": (5, 1, True),
        "modifications": (1, 0, True),
        "templates": (1, 0, True),
    }
    assert [one.row for one in checkpoint.refusals()] == [rows[1]["id"]]
    assert len(made.objects()) == 1
    assert len(made.items()) == 4 * 3 + 1 + 4  # projects, two files each; a modification; a template, file, two tags


def test_dry_run_writes_nothing_and_says_what_it_would(
    made: Rig, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    large = json.dumps({"large": "x" * 400_000})
    fill(
        database,
        *THREE,
        ("templates", numbered(TEMPLATE, 2, files=large)),
        ("templates", numbered(TEMPLATE, 3, category="x")),
    )
    assert run(tmp_path, "--dry-run") == 1
    assert (made.items(), made.objects(), list(tmp_path.iterdir())) == ({}, {}, [])
    assert "templates: 3 rows read, 2 to be written, 0 there already, 1 refused" in capsys.readouterr().out


WRONG = [
    ("project_contexts", {"type": "website"}, "type: 'website' is none of api, web_app"),
    ("project_contexts", {"name": None}, "name: is null"),
    ("project_contexts", {"owner_id": ""}, "owner_id: must not be empty"),
    ("project_contexts", {"owner_id": "a" * 1000}, "owner_id: 1,000 bytes, more than 900"),
    ("project_contexts", {"codebase": "[1]"}, "codebase: a JSON object of paths and contents is needed, not list"),
    ("project_contexts", {"codebase": json.dumps({"p" * 1000: ""})}, "path: 1,000 bytes, more than 900"),
    ("project_contexts", {"dependencies": [None]}, "dependencies.0: is null"),
    ("project_contexts", {"test_coverage": "NaN"}, "test_coverage: Input should be a finite number"),
    ("project_contexts", {"test_coverage": 87.5}, "test_coverage: 87.5 is not from 0 to 1"),
    ("project_contexts", {"created_at": "infinity"}, "created_at: 'infinity' is no time from year 1 to 9999"),
    ("project_contexts", {"updated_at": "0044-03-15 BC"}, "is no time from year 1 to 9999"),
    (
        "project_contexts",
        {"environment_vars": '{"a": ' + "1" * 5000 + "}"},
        "environment_vars.a: a number has more",
    ),
    ("project_contexts", {"environment_vars": '{"a":' * 40 + "1" + "}" * 40}, "environment_vars: nested deeper"),
    (
        "project_contexts",
        {"deployment_config": "[" * 2000 + "]" * 2000},
        "JSON is nested too deeply",
    ),
    ("modifications", {"status": "thought"}, "status: 'thought' is none of pending"),
    ("modifications", {"project_id": None}, "its project None does not exist"),
    ("modifications", {"requested_at": None}, "created_at: is null"),
    ("templates", {"complexity": "odd", "tags": [""]}, "complexity: 'odd' is none of simple"),
    ("templates", {"tags": [str(number) for number in range(41)]}, "tags: 41 given, more than 40"),
    ("templates", {"estimated_setup_time": -1}, "estimated_setup_time: minutes from 0"),
]


def test_malformed_rows_are_told_one_by_one_and_the_rest_arrives(
    made: Rig, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = dict(THREE)
    wrong = [(table, numbered(good[table], 100 + n, **changes)) for n, (table, changes, _) in enumerate(WRONG)]
    fill(database, *THREE, *wrong)
    assert run(tmp_path, "--report", str(tmp_path / "report.json")) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("not migrated: ")]
    told = {line.split(": ", 2)[1]: line.split(": ", 2)[2] for line in lines}
    for (table, row), (_, _, reason) in zip(wrong, WRONG, strict=True):
        assert reason in told.pop(f"{table} {row['id']}")
    assert told == {}
    report = json.loads((tmp_path / "report.json").read_text())
    assert [(name, one["written"]) for name, one in report["tables"].items()] == [(name, 1) for name, _ in THREE]
    assert len(report["refused"]) == len(WRONG)
    assert (report["verified"]["compared"], report["verified"]["wrong"]) == (3, [])


def test_modification_of_a_refused_project_is_refused_too(made: Rig, database: str, tmp_path: Path) -> None:
    fill(database, ("project_contexts", PROJECT | {"type": "odd"}), ("modifications", MODIFICATION))
    assert run(tmp_path, "--report", str(tmp_path / "report.json")) == 1
    reasons = [one["reason"] for one in json.loads((tmp_path / "report.json").read_text())["refused"]]
    assert reasons[1] == f"its project {PROJECT['id']} was not migrated"
    assert made.items() == {}


def test_oversized_item_goes_to_s3_and_is_refused_where_there_is_no_bucket(
    made: Rig, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(database, ("templates", TEMPLATE | {"files": json.dumps({"a": "x" * 500_000})}))
    command = ["run", "--table", TABLE, "--checkpoint", str(tmp_path / "other.json")]
    assert main(command) == 1
    assert "more than 358,400 bytes and there is no bucket for its parts" in capsys.readouterr().out
    assert made.items() == {}
    assert run(tmp_path, "--verify", "whole") == 0
    assert len(made.objects()) == 1


def test_row_that_dynamodb_refuses_does_not_take_its_page_along(made: Rig, database: str, tmp_path: Path) -> None:
    fill(database, *(("templates", numbered(TEMPLATE, number)) for number in (1, 2)))
    spoiled = refused("ValidationException")
    made.dynamodb.order("batch_write_item", spoiled, spoiled)
    with connect(database) as source:
        checkpoint = Checkpoint.load(tmp_path / "state.json", source.name, TABLE)
        migrate(source, Target(made.table), checkpoint, rows=2, advance=lambda table, rows: None)
    assert [str(one) for one in checkpoint.refusals()] == [
        f"templates {TEMPLATE['id']}: refused by DynamoDB: said so",
    ]
    assert checkpoint.of("templates").written == 1


def test_verification_finds_what_is_missing_and_what_differs(
    made: Rig, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(database, *THREE, ("templates", numbered(TEMPLATE, 2)), ("templates", numbered(TEMPLATE, 3)))
    run(tmp_path)
    first, second, third = sorted(
        key[0] for key in made.items() if key[0].startswith("TEMPLATE#") and key[1] == "METADATA"
    )
    made.dynamodb.client.delete_item(TableName=TABLE, Key={"PK": first, "SK": "METADATA"})
    made.dynamodb.client.delete_item(TableName=TABLE, Key={"PK": second, "SK": "FILE#main.py"})
    made.dynamodb.client.delete_item(TableName=TABLE, Key={"PK": third, "SK": "TAG#a"})
    fill(database, ("modifications", numbered(MODIFICATION, 2)))
    capsys.readouterr()
    command = ["verify", "--table", TABLE, "--bucket", BUCKET, "--checkpoint", str(tmp_path / "state.json"), "--whole"]
    assert main(command) == 1
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("wrong")] == [
        "wrong: modifications: 2 rows now, 1 when they were migrated; run the migration again",
        f"wrong: modifications {MODIFICATION['id'][:-1]}2: is not in the table",
        f"wrong: templates {TEMPLATE['id'][:-1]}1: is not in the table",
        f"wrong: templates {TEMPLATE['id'][:-1]}2: differs from its row",
        f"wrong: templates {TEMPLATE['id'][:-1]}3: has other tags than its row",
    ]


# Wrong from the start: one line, exit status 2, nothing changed


def stopped(capsys: pytest.CaptureFixture[str]) -> str:
    output = capsys.readouterr()
    (line,) = [line for line in output.err.splitlines() if line.startswith("migrate: ")]
    assert "Traceback" not in output.err and "hunter2" not in output.out + output.err
    return line.removeprefix("migrate: ")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "DATABASE_URL: not set"),
        ("postgresql://ada:hunter2@[broken/db", "DATABASE_URL: not a connection string"),
        ("host=x password='hunter2", "DATABASE_URL: not a connection string"),
        ("postgresql+asyncpg://ada:hunter2@127.0.0.1:1/db", "postgresql://127.0.0.1/db: connection failed"),
        ("postgresql://ada:hunter2@/db?host=/nonexistent", "postgresql:///nonexistent/db: connection is bad"),
    ],
)
def test_wrong_source_is_told_without_its_password(
    made: Rig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    url: str | None,
    said: str,
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    if url:
        monkeypatch.setenv("DATABASE_URL", url)
    assert run(tmp_path) == 2
    assert stopped(capsys).startswith(said)
    assert list(tmp_path.iterdir()) == []


def test_database_of_something_else_is_told_with_all_that_it_lacks(
    made: Rig, host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = postgres.SCHEMA.replace("owner_id varchar(2000),", "").replace(
        "CREATE TABLE templates (\n    id uuid", "CREATE TABLE templates (id text"
    )
    monkeypatch.setenv("DATABASE_URL", postgres.database(host, (other,)))
    assert run(tmp_path) == 2
    lacks = "column project_contexts.owner_id, uuid as the type of templates.id (it is text)"
    assert stopped(capsys).endswith(f"not the application's database, it lacks {lacks}")


def test_connection_that_is_lost_on_the_way_is_told_and_nothing_is_lost(
    made: Rig, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(database, *THREE, *(("templates", numbered(TEMPLATE, number)) for number in range(2, 9)))
    with pytest.raises(Stop) as lost, connect(database) as source:
        checkpoint = Checkpoint.load(tmp_path / "state.json", source.name, TABLE)

        def cut(table: str, rows: int) -> None:
            if table == "templates" and checkpoint.of(table).read == 2:
                with psycopg.connect(database, autocommit=True) as other:
                    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
                    other.execute(query, ("agenticai-migrate",))

        migrate(source, Target(made.table), checkpoint, rows=2, advance=cut)
    assert str(lost.value).startswith("postgresql://") and "\n" not in str(lost.value)
    assert str(lost.value).endswith("; run the same command again to go on")
    assert run(tmp_path, "--verify", "whole") == 0
    assert len([key for key in made.items() if key[0].startswith("TEMPLATE#") and key[1] == "METADATA"]) == 8


def test_table_that_is_not_empty_is_left_alone(
    made: Rig, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(database, *THREE)
    project = made.store.create_project(name="There", type="api", owner_id="bob")
    before = made.items()
    assert run(tmp_path) == 2
    assert stopped(capsys).startswith(f"{TABLE}: the table is not empty and there is no checkpoint")
    assert made.items() == before
    assert run(tmp_path, "--into-existing") == 0
    assert made.store.project(project.id) == project


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not a checkpoint of this tool"),
        ('{"source": "postgresql:///x/y", "table": "t"}', "belongs to a migration from postgresql:///x/y to t"),
        ('{"source": "s", "table": "t", "form": 2}', "not a checkpoint of this tool"),
    ],
)
def test_wrong_checkpoint_is_told_and_kept(
    made: Rig, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    (tmp_path / "state.json").write_text(content)
    assert run(tmp_path) == 2
    assert said in stopped(capsys)
    assert (tmp_path / "state.json").read_text() == content


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--table", "absent"], "absent: no such table"),
        (["--checkpoint", "/nonexistent/state.json"], "/nonexistent/state.json: the folder does not exist"),
    ],
)
def test_wrong_option_is_told(
    made: Rig, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert run(tmp_path, *options) == 2
    assert stopped(capsys).startswith(said)


def test_table_is_made_at_a_local_endpoint_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["create-table", "--table", "x"]) == 2
    assert stopped(capsys).startswith("in AWS the table belongs to the stack")


def test_interrupted_run_is_told(
    made: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("DATABASE_URL", "postgresql:///x")
    monkeypatch.setattr(psycopg, "connect", interrupted)
    assert run(tmp_path) == 2
    assert stopped(capsys) == "interrupted; run the same command again to go on"


def test_key_of_the_row_can_be_read_off_an_id() -> None:
    assert ids.row_key(PROJECT_ID) == uuid.UUID(PROJECT["id"])
