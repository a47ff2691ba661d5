"""systems.settings and systems.trading.settings: good settings, and the exact line for each mistake."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pydantic
import pytest
from conftest import ROOT

import systems
from components.account import Account
from components.naming import Naming
from plumbline.project import Project
from systems import trading
from systems.settings import RETENTION_DAYS, SettingsError, load
from systems.trading import data
from systems.trading.settings import Settings

AT = "Pulumi.test.yaml: plumbline:settings"
GONE = object()
CAPACITY: dict[str, Any] = {
    "read": {"minimum": 5, "maximum": 100},
    "write": {"minimum": 2, "maximum": 40},
    "target_percent": 70,
}
GOOD: dict[str, Any] = {
    "environment": "test",
    "account_id": "111111111111",
    "region": "us-east-1",
    "tags": {"project": "trading", "owner": "trading-platform", "cost_center": "trading-test"},
    "tables": {"billing": "on_demand", "deletion_protection": False, "protect": False},
    "functions": {"account_concurrency_quota": 1000, "provisioned_concurrency": 0, "log_retention_days": 30},
}


def changed(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return good settings with the values at some dotted paths replaced, or taken away with GONE."""
    settings = copy.deepcopy(GOOD)
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = settings
        for step in parents:
            place = place[step]
        if value is GONE:
            del place[last]
        else:
            place[last] = value
    return settings


def loaded(changes: Mapping[str, Any] | None = None) -> Settings:
    return load(Settings, json.dumps(changed(changes or {})), "test")


def mistakes(changes: Mapping[str, Any]) -> list[str]:
    """Return the lines that the changed settings are refused with."""
    with pytest.raises(SettingsError) as raised:
        loaded(changes)
    return str(raised.value).splitlines()


def provisioned(**changes: Any) -> dict[str, Any]:
    return {"tables.billing": "provisioned", "tables.capacity": {**CAPACITY, **changes}}


# Good settings.


def test_good_settings_are_loaded_as_given_with_the_defaults() -> None:
    assert loaded().model_dump() == {
        **GOOD,
        "tables": {**GOOD["tables"], "capacity": None},
        "functions": {**GOOD["functions"], "package_bucket": None, "packages": {}},
    }


def test_provisioned_capacity_is_loaded_as_given() -> None:
    capacity = loaded(provisioned()).tables.capacity
    assert capacity is not None
    assert capacity.model_dump() == CAPACITY


def test_tables_are_protected_unless_told_otherwise() -> None:
    tables = loaded({"tables.deletion_protection": GONE, "tables.protect": GONE}).tables
    assert (tables.deletion_protection, tables.protect) == (True, True)


def test_packages_with_their_bucket_are_loaded() -> None:
    packages = {"audit": {"key": "audit/1.zip", "version": "v1"}, "backfills": {"key": "b.zip"}}
    functions = loaded({"functions.package_bucket": "packages", "functions.packages": packages}).functions
    assert (functions.package_bucket, {name: (p.key, p.version) for name, p in functions.packages.items()}) == (
        "packages",
        {"audit": ("audit/1.zip", "v1"), "backfills": ("b.zip", None)},
    )


def test_account_and_naming_follow_from_the_settings() -> None:
    settings = loaded({"region": "cn-north-1"})
    assert settings.account() == Account(account_id="111111111111", region="cn-north-1")
    assert settings.naming() == Naming("test")


def test_tags_are_the_four_as_aws_shows_them() -> None:
    assert loaded().all_tags() == {
        "Environment": "test",
        "Project": "trading",
        "Owner": "trading-platform",
        "CostCenter": "trading-test",
    }


@pytest.mark.parametrize("days", RETENTION_DAYS)
def test_every_retention_that_cloudwatch_takes_is_good(days: int) -> None:
    assert loaded({"functions.log_retention_days": days}).functions.log_retention_days == days


@pytest.mark.parametrize("place", ["", "tables", "tags", "functions"])
def test_settings_are_frozen_in_every_part(place: str) -> None:
    settings = loaded()
    part = getattr(settings, place) if place else settings
    field = next(iter(type(part).model_fields))
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        setattr(part, field, getattr(part, field))


@pytest.mark.parametrize("name", ["test", "prod"])
def test_stack_files_of_the_project_are_good(name: str) -> None:
    text = Project(ROOT).config(name)["plumbline:settings"]
    assert load(Settings, text, name).environment == name


@pytest.mark.parametrize("provisioned_concurrency", [0, 10])
def test_provisioned_concurrency_up_to_the_smallest_reservation_is_good(provisioned_concurrency: int) -> None:
    loaded({"functions.provisioned_concurrency": provisioned_concurrency})


def test_quota_that_just_holds_all_reservations_is_good() -> None:
    loaded({"functions.account_concurrency_quota": 290})


def test_minimum_may_equal_maximum() -> None:
    loaded(provisioned(read={"minimum": 5, "maximum": 5}))


# Mistakes in single values: what is changed, and the one line that tells it.

RETENTIONS = ", ".join(map(str, RETENTION_DAYS))
SINGLE: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key near a known one": (
        {"enviroment": "test"},
        ".enviroment: not a setting (did you mean environment?)",
    ),
    "unknown key of a part": (
        {"tables.deletion_protecton": True},
        ".tables.deletion_protecton: not a setting (did you mean deletion_protection?)",
    ),
    "unknown key of an optional part": (
        provisioned(target_percentage=70),
        ".tables.capacity.target_percentage: not a setting (did you mean target_percent?)",
    ),
    "unknown key near none": ({"zzz": 1}, ".zzz: not a setting"),
    "number as account": ({"account_id": 111111111111}, ".account_id: 111111111111 given; allowed: string"),
    "text as number": (
        {"functions.log_retention_days": "30"},
        '.functions.log_retention_days: "30" given; allowed: integer',
    ),
    "truth value as number": (
        {"functions.log_retention_days": True},
        ".functions.log_retention_days: true given; allowed: integer",
    ),
    "text as truth value": ({"tables.protect": "yes"}, '.tables.protect: "yes" given; allowed: boolean'),
    "list as part": ({"tables": []}, ".tables: [] given; allowed: an object"),
    "nothing as text": ({"region": None}, ".region: null given; allowed: string"),
    "unknown environment": ({"environment": "dev"}, ".environment: \"dev\" given; allowed: 'test' or 'prod'"),
    "unknown billing": (
        {"tables.billing": "on-demand"},
        ".tables.billing: \"on-demand\" given; allowed: 'on_demand' or 'provisioned'",
    ),
    "too large": (
        provisioned(target_percent=91),
        ".tables.capacity.target_percent: 91 given; allowed: less than or equal to 90",
    ),
    "too small": (
        provisioned(target_percent=19),
        ".tables.capacity.target_percent: 19 given; allowed: greater than or equal to 20",
    ),
    "quota below what lambda keeps": (
        {"functions.account_concurrency_quota": 99},
        ".functions.account_concurrency_quota: 99 given; allowed: greater than or equal to 100",
    ),
    "negative": (
        {"functions.provisioned_concurrency": -1},
        ".functions.provisioned_concurrency: -1 given; allowed: greater than or equal to 0",
    ),
    "retention of 31 days": (
        {"functions.log_retention_days": 31},
        f".functions.log_retention_days: 31 given; allowed: {RETENTIONS}",
    ),
    "missing text": ({"region": GONE}, ".region: missing; AWS region, such as us-east-1"),
    "missing account": ({"account_id": GONE}, ".account_id: missing; AWS account, twelve digits in quotes"),
    "missing part": ({"tags": GONE}, ".tags: missing; Tags that every resource carries"),
    "missing value of a part": (
        {"tags.owner": GONE},
        ".tags.owner: missing; Tag Owner: the team that answers for the stack",
    ),
    "missing value of an optional part": (
        provisioned(read={"minimum": 5}),
        ".tables.capacity.read.maximum: missing; Capacity units per second that scaling may reach",
    ),
}


@pytest.mark.parametrize("case", SINGLE)
def test_wrong_value_is_told_in_one_line(case: str) -> None:
    changes, line = SINGLE[case]
    assert mistakes(changes) == [AT + line]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("account_id", "1234"),
        ("region", "us_east_1"),
        ("tags.owner", ""),
        ("tags.owner", "x" * 257),
        ("functions.package_bucket", "Packages"),
    ],
)
def test_text_of_a_wrong_form_is_told_with_its_path_and_value(path: str, value: str) -> None:
    [line] = mistakes({path: value})
    assert line.startswith(f"{AT}.{path}: {json.dumps(value)} given; allowed: ")


def test_all_mistakes_are_told_at_once_and_in_order() -> None:
    assert mistakes({"account_id": 1, "region": GONE, "tables.bilin": 1}) == [
        f"{AT}.account_id: 1 given; allowed: string",
        f"{AT}.region: missing; AWS region, such as us-east-1",
        f"{AT}.tables.bilin: not a setting (did you mean billing?)",
    ]


def test_empty_settings_are_told_as_missing_one_line_each() -> None:
    with pytest.raises(SettingsError) as raised:
        load(Settings, "{}", "prod")
    assert str(raised.value).splitlines() == [
        "Pulumi.prod.yaml: plumbline:settings.environment: missing; test or prod (TRADING-00.5)",
        "Pulumi.prod.yaml: plumbline:settings.account_id: missing; AWS account, twelve digits in quotes",
        "Pulumi.prod.yaml: plumbline:settings.region: missing; AWS region, such as us-east-1",
        "Pulumi.prod.yaml: plumbline:settings.tags: missing; Tags that every resource carries",
        "Pulumi.prod.yaml: plumbline:settings.tables: missing; DynamoDB tables",
        "Pulumi.prod.yaml: plumbline:settings.functions: missing; Lambda functions",
    ]


def test_settings_that_are_no_mapping_are_told() -> None:
    with pytest.raises(SettingsError) as raised:
        load(Settings, "[]", "test")
    assert str(raised.value) == f"{AT}: [] given; allowed: an object"


def test_settings_that_are_no_json_are_told() -> None:
    with pytest.raises(SettingsError) as raised:
        load(Settings, "trading", "test")
    [line] = str(raised.value).splitlines()
    assert line.startswith(f"{AT}: Invalid JSON: ")


def test_mistakes_are_run_errors_which_engines_show_without_traceback() -> None:
    assert issubclass(SettingsError, pulumi.RunError)


# Mistakes across values.


def test_provisioned_without_capacity_is_told() -> None:
    assert mistakes({"tables.billing": "provisioned"}) == [
        f"{AT}.tables.capacity: missing; billing: provisioned needs it"
    ]


def test_on_demand_with_capacity_is_told() -> None:
    assert mistakes({"tables.capacity": CAPACITY}) == [f"{AT}.tables.capacity: given, but billing: on_demand has none"]


@pytest.mark.parametrize("dimension", ["read", "write"])
def test_minimum_above_maximum_is_told(dimension: str) -> None:
    assert mistakes(provisioned(**{dimension: {"minimum": 9, "maximum": 8}})) == [
        f"{AT}.tables.capacity.{dimension}: minimum 9 given; allowed: at most 8"
    ]


def test_quota_too_small_for_all_reservations_is_told() -> None:
    assert mistakes({"functions.account_concurrency_quota": 289}) == [
        f"{AT}.functions.account_concurrency_quota: 289 given; allowed: at least 290 (190 reserved, 100 kept by Lambda)"
    ]


def test_provisioned_concurrency_above_a_reservation_is_told_for_each_function() -> None:
    start = f"{AT}.functions.provisioned_concurrency: 15 given; allowed: at most 10, the reserved concurrency of"
    assert mistakes({"functions.provisioned_concurrency": 15}) == [f"{start} position-limits", f"{start} drawdown"]


def test_package_of_an_unknown_function_is_told_with_the_known_ones() -> None:
    changes = {"functions.package_bucket": "packages", "functions.packages": {"nothing": {"key": "k.zip"}}}
    known = ", ".join(data.functions())
    assert mistakes(changes) == [f"{AT}.functions.packages.nothing: no such function; known: {known}"]


def test_packages_without_bucket_are_told() -> None:
    assert mistakes({"functions.packages": {"audit": {"key": "k.zip"}}}) == [
        f"{AT}.functions.package_bucket: missing; packages need the bucket they lie in"
    ]


def test_package_without_key_is_told() -> None:
    changes = {"functions.package_bucket": "packages", "functions.packages": {"audit": {}}}
    [line] = mistakes(changes)
    assert line.startswith(f"{AT}.functions.packages.audit.key: missing; ")


def test_several_mistakes_across_values_are_told_at_once() -> None:
    changes = {
        "tables.billing": "provisioned",
        "functions.account_concurrency_quota": 100,
        "functions.packages": {"audit": {"key": "k.zip"}},
    }
    assert mistakes(changes) == [
        f"{AT}.tables.capacity: missing; billing: provisioned needs it",
        f"{AT}.functions.account_concurrency_quota: 100 given; "
        "allowed: at least 290 (190 reserved, 100 kept by Lambda)",
        f"{AT}.functions.package_bucket: missing; packages need the bucket they lie in",
    ]


def test_mistakes_of_the_data_files_are_told_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong() -> None:
        raise data.DataError("first\nsecond")

    monkeypatch.setattr(data, "functions", wrong)
    assert mistakes({}) == [f"{AT}.first", f"{AT}.second"]


# Systems.


def test_system_is_found_by_name() -> None:
    assert systems.find("trading") is trading
    assert trading.Settings is Settings


def test_all_systems_are_named() -> None:
    assert systems.names() == ["trading"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("tradin", "plumbline:system: 'tradin' given (did you mean trading?); known: trading"),
        ("settings", "plumbline:system: 'settings' given; known: trading"),
        ("", "plumbline:system: '' given; known: trading"),
    ],
)
def test_unknown_system_is_told_with_the_known_ones(name: str, line: str) -> None:
    with pytest.raises(SettingsError) as raised:
        systems.find(name)
    assert str(raised.value) == line


def test_a_mistake_in_a_part_by_name_is_told_like_any_other() -> None:
    packages = {"functions.package_bucket": "packages", "functions.packages": {"audit": {"ky": "a.zip"}}}
    assert mistakes(packages) == [
        f"{AT}.functions.packages.audit.key: missing; Key of the object in the package bucket",
        f"{AT}.functions.packages.audit.ky: not a setting (did you mean key?)",
    ]
