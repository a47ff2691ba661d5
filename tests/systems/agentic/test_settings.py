"""systems.agentic.settings: good settings, and the exact line for each mistake."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.naming import Naming
from plumbline.project import Project
from systems.agentic import data
from systems.agentic.settings import Settings
from systems.settings import RETENTION_DAYS, SettingsError, load
from tests.evaluations import ROOT

AT = "Pulumi.dev.yaml: plumbline:settings"
GONE = object()
RANGE = {"minimum": 1, "maximum": 25}
CAPACITY = {"read": RANGE, "write": RANGE, "target_percent": 70}
GOOD: dict[str, Any] = {
    "environment": "dev",
    "account_id": "111111111111",
    "region": "us-east-1",
    "tags": {"project": "agentic", "owner": "team", "cost_center": "dev"},
    "deployment": {
        "bootstrap": "bootstrap",
        "backend": "s3://bootstrap-state-111111111111/dev?region=us-east-1",
        "secrets_provider": "awskms://alias/bootstrap-secrets?region=us-east-1",
        "role": "deploy",
    },
    "stateful": "disposable",
    "log_retention_days": 7,
    "buckets": {"artefact_days": 30, "noncurrent_days": 7, "export_days": 14, "log_days": 7},
    "functions": {"reserve_concurrency": True, "account_concurrency_quota": 1000},
    "api": {
        "allowed_origin": "https://app.example.com",
        "limits": {"rate": 100.0, "burst": 200, "monthly_quota": 100_000},
        "clients": ["first"],
    },
    "alarms": {"emails": ["alerts@example.com"]},
}


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a directory without stack files: the settings have no siblings there."""
    monkeypatch.chdir(tmp_path)


def loaded(changes: dict[str, Any] | None = None) -> Settings:
    """Load good settings with the values at some dotted paths replaced, or taken away with GONE."""
    settings = copy.deepcopy(GOOD)
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        place = settings
        for step in parents:
            place = place.setdefault(step, {})
        if value is GONE:
            del place[last]
        else:
            place[last] = value
    return load(Settings, json.dumps(settings), "dev")


def mistakes(changes: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        loaded(changes)
    return str(raised.value).splitlines()


def test_good_settings_are_loaded_as_given_with_the_defaults() -> None:
    assert json.loads(loaded().model_dump_json()) == {
        **GOOD,
        "table": {"billing": "on_demand", "capacity": None, "backup_days": 7},
        "deployment": {**GOOD["deployment"], "preview_role": None},
        "websocket": {"compute": "api_gateway", "container": None},
        "buckets": {**GOOD["buckets"], "archive_after_days": None},
        "api": {**GOOD["api"], "stage": "prod", "domain": None},
        "alarms": {
            "error_percent": 5.0,
            "duration_percent": 80.0,
            "table_throttles": 1,
            "dead_letters": 1,
            "allowance_percent": 80.0,
            **GOOD["alarms"],
        },
        "exports": {"schedule": "cron(0 3 ? * SUN *)"},
    }


@pytest.mark.parametrize("name", ["agentic-dev", "agentic-prod"])
def test_stack_files_of_the_project_are_good(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = Project(ROOT).config(name)["plumbline:settings"]
    assert load(Settings, text, name).environment == name.removeprefix("agentic-")


def test_names_begin_with_environment_and_application_and_parameters_the_other_way_round() -> None:
    assert (loaded().naming(), loaded().parameter_path()) == (Naming("dev-agenticai"), "/agenticai/dev")


@pytest.mark.parametrize(
    "changes",
    [
        {"functions.account_concurrency_quota": 110},
        {"functions.account_concurrency_quota": 1, "functions.reserve_concurrency": False},
        {"table": {"billing": "provisioned", "capacity": CAPACITY, "backup_days": 7}},
        {"buckets.archive_after_days": 13},
        {"api.domain": {"name": "example.com", "zone": "example.com"}},
        {"api.domain": {"name": "api.example.com", "zone": "example.com"}},
        {"exports": {"schedule": "cron(30 23 ? * MON *)"}},
        {"environment": "staging"},
    ],
)
def test_neighbour_of_a_mistake_is_good(changes: dict[str, Any]) -> None:
    given = json.loads(loaded(changes).model_dump_json())
    for path, value in changes.items():
        place = given
        for step in path.split("."):
            place = place[step]
        assert place == value


EXPORTS = (
    '.exports.schedule: "{}" given; allowed: a text like '
    r"'^cron\(([0-5]?[0-9]) ([01]?[0-9]|2[0-3]) \? \* (MON|TUE|WED|THU|FRI|SAT|SUN) \*\)$'"
)
SINGLE: dict[str, tuple[dict[str, Any], str]] = {
    "unknown environment": (
        {"environment": "test"},
        ".environment: \"test\" given; allowed: 'dev', 'staging' or 'prod'",
    ),
    "unknown key near a known one": (
        {"log_retention": 7, "log_retention_days": 7},
        ".log_retention: not a setting (did you mean log_retention_days?)",
    ),
    "unknown key of a part": (
        {"api.alowed_origin": "https://x.example.com"},
        ".api.alowed_origin: not a setting (did you mean allowed_origin?)",
    ),
    "missing part": ({"alarms": GONE}, ".alarms: missing; Alarms"),
    "logs kept too short": (
        {"log_retention_days": 5},
        ".log_retention_days: 5 given; allowed: greater than or equal to 7",
    ),
    "retention that CloudWatch does not take": (
        {"log_retention_days": 8},
        f".log_retention_days: 8 given; allowed: {', '.join(map(str, RETENTION_DAYS))}",
    ),
    "unknown billing": (
        {"table": {"billing": "reserved"}},
        ".table.billing: \"reserved\" given; allowed: 'on_demand' or 'provisioned'",
    ),
    "provisioned without capacity": (
        {"table": {"billing": "provisioned"}},
        ".table.capacity: missing; billing: provisioned needs it",
    ),
    "capacity on demand": (
        {"table": {"billing": "on_demand", "capacity": CAPACITY}},
        ".table.capacity: given, but billing: on_demand has none",
    ),
    "minimum above maximum": (
        {
            "table": {
                "billing": "provisioned",
                "capacity": {"read": RANGE, "write": {"minimum": 26, "maximum": 25}, "target_percent": 70},
            }
        },
        ".table.capacity.write: minimum 26 given; allowed: at most 25",
    ),
    "no capacity at all": (
        {
            "table": {
                "billing": "provisioned",
                "capacity": {"read": {"minimum": 0, "maximum": 25}, "write": RANGE, "target_percent": 70},
            }
        },
        ".table.capacity.read.minimum: 0 given; allowed: greater than or equal to 1",
    ),
    "capacity without a target": (
        {"table": {"billing": "provisioned", "capacity": {"read": RANGE, "write": RANGE}}},
        ".table.capacity.target_percent: missing; Utilization in percent that scaling aims at",
    ),
    "exports kept too short": (
        {"buckets.export_days": 6},
        ".buckets.export_days: 6 given; allowed: greater than or equal to 7",
    ),
    "versions kept too short": (
        {"buckets.noncurrent_days": 6},
        ".buckets.noncurrent_days: 6 given; allowed: greater than or equal to 7",
    ),
    "exports that go as they move": (
        {"buckets.archive_after_days": 14},
        ".buckets.export_days: 14 given; allowed: more than 14, when exports move to the archive",
    ),
    "quota too small": (
        {"functions.account_concurrency_quota": 109},
        ".functions.account_concurrency_quota: 109 given; allowed: at least 110 (10 reserved, 100 kept by Lambda), "
        "or reserve_concurrency: false",
    ),
    "text as truth value": (
        {"functions.reserve_concurrency": "yes"},
        '.functions.reserve_concurrency: "yes" given; allowed: boolean',
    ),
    "origin without https": (
        {"api.allowed_origin": "http://app.example.com"},
        ".api.allowed_origin: \"http://app.example.com\" given; allowed: a text like '^https://[a-z0-9.-]+(:[0-9]+)?$'",
    ),
    "any origin": (
        {"api.allowed_origin": "*"},
        ".api.allowed_origin: \"*\" given; allowed: a text like '^https://[a-z0-9.-]+(:[0-9]+)?$'",
    ),
    "stage with a slash": (
        {"api.stage": "prod/v1"},
        ".api.stage: \"prod/v1\" given; allowed: a text like '^[A-Za-z0-9_-]{1,128}$'",
    ),
    "no requests": ({"api.limits.rate": 0.0}, ".api.limits.rate: 0.0 given; allowed: greater than 0"),
    "more than API Gateway allows": (
        {"api.limits.burst": 5001},
        ".api.limits.burst: 5001 given; allowed: less than or equal to 5000",
    ),
    "no clients": ({"api.clients": []}, ".api.clients: [] given; allowed: a list of at least 1 item"),
    "client without a name": (
        {"api.clients": ["a", ""]},
        ".api.clients[1]: \"\" given; allowed: a text like '^[a-z][a-z0-9-]{0,62}$'",
    ),
    "client twice": ({"api.clients": ["a", "b", "a"]}, ".api.clients: a given twice; allowed: each once"),
    "domain in another zone": (
        {"api.domain": {"name": "api.example.org", "zone": "example.com"}},
        ".api.domain.name: api.example.org given; allowed: a domain in the zone example.com",
    ),
    "domain that only ends like its zone": (
        {"api.domain": {"name": "myexample.com", "zone": "example.com"}},
        ".api.domain.name: myexample.com given; allowed: a domain in the zone example.com",
    ),
    "domain in capitals": (
        {"api.domain": {"name": "API.example.com", "zone": "example.com"}},
        ".api.domain.name: \"API.example.com\" given; allowed: a text like '^([a-z0-9-]+\\.)+[a-z]{2,63}$'",
    ),
    "domain without a zone": (
        {"api.domain": {"name": "api.example.com"}},
        ".api.domain.zone: missing; Hosted zone that it lies in",
    ),
    "more than all": (
        {"alarms.error_percent": 101.0},
        ".alarms.error_percent: 101.0 given; allowed: less than or equal to 100",
    ),
    "nobody told": ({"alarms.emails": []}, ".alarms.emails: [] given; allowed: a list of at least 1 item"),
    "address that is none": (
        {"alarms.emails": ["alerts"]},
        '.alarms.emails[0]: "alerts" given; allowed: a text like '
        r"'^[^@\s]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$'",
    ),
    "export every day": ({"exports": {"schedule": "cron(0 3 * * ? *)"}}, EXPORTS.format("cron(0 3 * * ? *)")),
    "backend of another account": (
        {"deployment.backend": "s3://bootstrap-state-222222222222/dev?region=us-east-1"},
        ".deployment.backend: a bucket of account 222222222222 given; allowed: one of account 111111111111",
    ),
    "export at no time of day": (
        {"exports": {"schedule": "cron(60 3 ? * SUN *)"}},
        EXPORTS.format("cron(60 3 ? * SUN *)"),
    ),
}


@pytest.mark.parametrize("name", SINGLE)
def test_each_mistake_is_told_in_one_line(name: str) -> None:
    changes, line = SINGLE[name]
    assert mistakes(changes) == [f"{AT}{line}"]


def test_several_mistakes_are_told_at_once() -> None:
    changes = {
        "table": {"billing": "provisioned"},
        "functions.account_concurrency_quota": 100,
        "buckets.archive_after_days": 14,
        "api.clients": ["b", "a", "b", "a"],
    }
    assert mistakes(changes) == [
        f"{AT}.table.capacity: missing; billing: provisioned needs it",
        f"{AT}.functions.account_concurrency_quota: 100 given; allowed: at least 110 (10 reserved, 100 kept by "
        "Lambda), or reserve_concurrency: false",
        f"{AT}.buckets.export_days: 14 given; allowed: more than 14, when exports move to the archive",
        f"{AT}.api.clients: a given twice; allowed: each once",
        f"{AT}.api.clients: b given twice; allowed: each once",
    ]


# Mistakes in the data files, told with the settings: each once, whichever file it is met through.


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], None]:
    """Return a way to change a data file, of which a copy is read."""
    for file in (ROOT / "systems" / "agentic" / "data").iterdir():
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(data, "_DIRECTORY", tmp_path)
    for name in ("tables", "buckets", "queues", "parameters", "allowances", "functions", "paths", "container"):
        # Without what others have loaded, and leaving nothing behind for them.
        monkeypatch.setattr(data, name, getattr(data, name).__wrapped__)

    def change(file: str, old: str, new: str) -> None:
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert old in text
        (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


FILES: dict[str, tuple[tuple[str, str, str], str]] = {
    "unknown field": (
        ("functions.yaml", "  memory: 512\n", "  memori: 512\n  memory: 512\n"),
        "functions.yaml: api-handler.memori: Extra inputs are not permitted",
    ),
    "too little memory": (
        ("functions.yaml", "  memory: 512\n", "  memory: 64\n"),
        "functions.yaml: api-handler.memory: Input should be greater than or equal to 128",
    ),
    "unknown queue": (
        ("functions.yaml", "sends: [pm-queue, qa-queue]", "sends: [pm-queue, qa]"),
        "functions.yaml: api-handler: no queue 'qa'",
    ),
    "unknown parameter": (
        ("functions.yaml", "parameters: [jwt-secret]", "parameters: [jwt]"),
        "functions.yaml: api-handler: no parameter 'jwt'",
    ),
    "queue without consumer": (
        ("queues.yaml", "pm-queue:", "new-queue: {batch_size: 1, max_receives: 5}\npm-queue:"),
        "queues.yaml: new-queue: 0 consumers given; allowed: one",
    ),
    "unknown body": (
        ("routes.yaml", "POST: {body: project}", "POST: {body: projekt}"),
        "routes.yaml: /api/projects: POST: no body 'projekt'; known: project, project-change, modification, "
        "from-template, nothing, template, test",
    ),
    "no YAML": (("table.yaml", "data:", "data: ["), "table.yaml:"),
    "limit that is none": (
        ("allowances.yaml", "limit: 1000000", "limit: 0"),
        "allowances.yaml: lambda-requests.limit: Input should be greater than 0",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_mistake_in_a_data_file_is_told_in_one_line(name: str, files: Callable[[str, str, str], None]) -> None:
    change, line = FILES[name]
    files(*change)
    [told] = mistakes({})
    assert told.startswith(f"{AT}.systems/agentic/data/{line}")


def test_the_copied_data_files_are_good(files: Callable[[str, str, str], None]) -> None:
    files("functions.yaml", "  memory: 512\n", "  memory: 640\n")
    assert (loaded().environment, data.functions()["api-handler"].memory) == ("dev", 640)
