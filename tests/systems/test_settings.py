"""systems.settings and systems.trading.settings: good settings, and the exact line for each mistake."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pydantic
import pytest

import systems
from components.account import Account
from components.naming import Naming
from plumbline.project import Project
from systems import trading
from systems.settings import RETENTION_DAYS, SettingsError, load
from systems.trading import data
from systems.trading.settings import Settings
from tests.evaluations import ROOT

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
    "deployment": {
        "bootstrap": "bootstrap",
        "backend": "s3://bootstrap-state-111111111111/test?region=us-east-1",
        "secrets_provider": "awskms://alias/bootstrap-secrets?region=us-east-1",
        "role": "bootstrap-deploy-test",
    },
    "stateful": "disposable",
    "log_retention_days": 30,
    "network": {
        "cidr_block": "10.10.0.0/16",
        "zones": ["us-east-1a", "us-east-1b"],
        "nat": "single",
        "interface_endpoints": ["elasticache", "events", "secretsmanager"],
    },
    "buckets": {"log_days": 90, "audit_log_days": 400, "noncurrent_days": 30},
    "secrets": {"redis_token_rotation_days": 30},
    "cache": {"node_type": "cache.t3.micro", "nodes": 1, "multi_az": False, "snapshot_days": 0},
    "tables": {"billing": "on_demand"},
    "functions": {"account_concurrency_quota": 1000, "provisioned_concurrency": 0},
    "market_data": {"memory_hours": 24, "magnetic_days": 30},
    "api": {
        "throttle": {"rate": 1000.0, "burst": 500},
        "tiers": {"standard": {"rate": 50.0, "burst": 100, "quota": 10_000}},
        "tenants": {"first": "standard"},
        "users": {"mfa": "OPTIONAL"},
    },
    "contacts": {"critical": {"emails": ["alerts@example.com"], "telephones": ["+12025550123"]}},
    "events": {"archive_days": 7},
    "alarms": {
        "lambda_error_percent": 20.0,
        "api_error_percent": 5.0,
        "table_throttle_events": 10,
        "redis_memory_percent": 90.0,
        "redis_cpu_percent": 80.0,
        "application_errors": 5,
        "function_throttles": 10,
        "duration_percent": 95.0,
        "failed_executions": 2,
    },
    "domains": {
        "zone": "example.com",
        "frontend": "app.example.com",
        "api": "api.example.com",
        "health_checks": False,
    },
    "cdn": {"price_class": "PriceClass_100"},
    "firewall": {"requests_per_five_minutes": 2000, "injection_rules": False},
    "backups": {"every": "day", "retention_days": 7},
    "costs": {"monthly_budget_usd": 500},
}
NOBODY: dict[str, Any] = {"emails": [], "telephones": []}
INFLUX = {"instance_type": "db.influx.medium", "storage_gib": 20, "multi_az": False}


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a directory without stack files: the settings have no siblings there."""
    monkeypatch.chdir(tmp_path)


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
    assert json.loads(loaded().model_dump_json()) == {
        **GOOD,
        "recovery_account_id": None,
        "deployment": {**GOOD["deployment"], "preview_role": None},
        "network": {**GOOD["network"], "public_mask": 24, "private_mask": 20, "isolated_mask": 24},
        "buckets": {**GOOD["buckets"], "key": "aws", "audit_log_transitions": []},
        "tables": {**GOOD["tables"], "capacity": None, "key": "aws"},
        "functions": {**GOOD["functions"], "packages": {}},
        "market_data": {**GOOD["market_data"], "engine": "timestream", "influx": None},
        "api": {
            **GOOD["api"],
            "cache": None,
            "stage": "v1",
            "default_endpoint": False,
            "tiers": {"standard": {**GOOD["api"]["tiers"]["standard"], "period": "DAY"}},
            "users": {"mfa": "OPTIONAL", "token_minutes": 60, "sign_in_days": 1},
        },
        "contacts": {**GOOD["contacts"], **dict.fromkeys(("risk", "health", "audit", "costs"), NOBODY)},
        "domains": {**GOOD["domains"], "failover": None},
        "cdn": {**GOOD["cdn"], "countries": [], "trailing_slash": False},
        "backups": {**GOOD["backups"], "copy_region": None, "lock": None},
        "costs": {**GOOD["costs"], "filter_by_tag": False, "shutdown": None},
        "pipeline": {"repositories": []},
    }


def test_provisioned_capacity_is_loaded_as_given() -> None:
    capacity = loaded(provisioned()).tables.capacity
    assert capacity is not None
    assert capacity.model_dump() == CAPACITY


def test_packages_are_loaded() -> None:
    packages = {"audit": {"key": "audit/1.zip", "version": "v1"}, "backfills": {"key": "b.zip"}}
    functions = loaded({"functions.packages": packages}).functions
    assert {name: (package.key, package.version) for name, package in functions.packages.items()} == {
        "audit": ("audit/1.zip", "v1"),
        "backfills": ("b.zip", None),
    }


def test_account_and_naming_follow_from_the_settings() -> None:
    settings = loaded({"region": "cn-north-1", "network.zones": ["cn-north-1a", "cn-north-1b"]})
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
    assert loaded({"log_retention_days": days}).log_retention_days == days


@pytest.mark.parametrize("place", ["", *(name for name, value in GOOD.items() if isinstance(value, dict))])
def test_settings_are_frozen_in_every_part(place: str) -> None:
    settings = loaded()
    part = getattr(settings, place) if place else settings
    field = next(iter(type(part).model_fields))
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        setattr(part, field, getattr(part, field))


@pytest.mark.parametrize("name", ["test", "prod"])
def test_stack_files_of_the_project_are_good(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = Project(ROOT).config(name)["plumbline:settings"]
    assert load(Settings, text, name).environment == name


@pytest.mark.parametrize("provisioned_concurrency", [0, 10])
def test_provisioned_concurrency_up_to_the_smallest_reservation_is_good(provisioned_concurrency: int) -> None:
    loaded({"functions.provisioned_concurrency": provisioned_concurrency})


def test_quota_that_just_holds_all_reservations_is_good() -> None:
    loaded({"functions.account_concurrency_quota": 290})


def test_minimum_may_equal_maximum() -> None:
    loaded(provisioned(read={"minimum": 5, "maximum": 5}))


EMAIL = r"^[^@\s]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"
DOMAIN = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"

# Mistakes in single values: what is changed, and the one line that tells it.

RETENTIONS = ", ".join(map(str, RETENTION_DAYS))
SINGLE: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key near a known one": (
        {"enviroment": "test"},
        ".enviroment: not a setting (did you mean environment?)",
    ),
    "unknown key of a part": (
        {"tables.capasity": None},
        ".tables.capasity: not a setting (did you mean capacity?)",
    ),
    "unknown key of an optional part": (
        provisioned(target_percentage=70),
        ".tables.capacity.target_percentage: not a setting (did you mean target_percent?)",
    ),
    "unknown key near none": ({"zzz": 1}, ".zzz: not a setting"),
    "number as account": ({"account_id": 111111111111}, ".account_id: 111111111111 given; allowed: string"),
    "text as number": (
        {"log_retention_days": "30"},
        '.log_retention_days: "30" given; allowed: integer',
    ),
    "truth value as number": (
        {"log_retention_days": True},
        ".log_retention_days: true given; allowed: integer",
    ),
    "text as truth value": ({"cache.multi_az": "yes"}, '.cache.multi_az: "yes" given; allowed: boolean'),
    "setting of an earlier version": (
        {"tables.deletion_protection": True},
        ".tables.deletion_protection: not a setting",
    ),
    "package bucket of an earlier version": (
        {"functions.package_bucket": "packages"},
        ".functions.package_bucket: not a setting (did you mean packages?)",
    ),
    "unknown fate of data": (
        {"stateful": "kept"},
        ".stateful: \"kept\" given; allowed: 'protected' or 'disposable'",
    ),
    "unknown way out": ({"network.nat": "two"}, ".network.nat: \"two\" given; allowed: 'single' or 'one_per_zone'"),
    "unknown key of tables": ({"tables.key": "own"}, ".tables.key: \"own\" given; allowed: 'aws' or 'customer'"),
    "unknown key of buckets": ({"buckets.key": "own"}, ".buckets.key: \"own\" given; allowed: 'aws' or 'customer'"),
    "unknown storage class": (
        {"buckets.audit_log_transitions": [{"days": 90, "storage_class": "STANDARD"}]},
        '.buckets.audit_log_transitions[0].storage_class: "STANDARD" given; '
        "allowed: 'STANDARD_IA', 'GLACIER_IR', 'GLACIER' or 'DEEP_ARCHIVE'",
    ),
    "transition before the first month": (
        {"buckets.audit_log_transitions": [{"days": 29, "storage_class": "GLACIER"}]},
        ".buckets.audit_log_transitions[0].days: 29 given; allowed: greater than or equal to 30",
    ),
    "rotation after more than a thousand days": (
        {"secrets.redis_token_rotation_days": 1001},
        ".secrets.redis_token_rotation_days: 1001 given; allowed: less than or equal to 1000",
    ),
    "more nodes than a group has": ({"cache.nodes": 7}, ".cache.nodes: 7 given; allowed: less than or equal to 6"),
    "snapshots for more than AWS keeps": (
        {"cache.snapshot_days": 36},
        ".cache.snapshot_days: 36 given; allowed: less than or equal to 35",
    ),
    "subnet that is larger than a VPC": (
        {"network.public_mask": 15},
        ".network.public_mask: 15 given; allowed: greater than or equal to 16",
    ),
    "subnet that is smaller than AWS makes": (
        {"network.isolated_mask": 29},
        ".network.isolated_mask: 29 given; allowed: less than or equal to 28",
    ),
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
        {"log_retention_days": 31},
        f".log_retention_days: 31 given; allowed: {RETENTIONS}",
    ),
    "eleven addresses for costs": (
        {"contacts.costs": {"emails": [f"{letter}@example.com" for letter in "abcdefghijk"]}},
        ".contacts.costs.emails: 11 given; allowed: at most 10",
    ),
    "day that ends before it begins": (
        {"costs.shutdown": {"stop": "06:00", "start": "07:00", "time_zone": "Europe/Berlin"}},
        ".costs.shutdown.stop: 06:00 given; allowed: later than start, 07:00",
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
        ("recovery_account_id", "33333333333"),
        ("network.cidr_block", "10.10.0.0"),
        ("network.cidr_block", "fd00::/8"),
        ("network.zones", ["us-east-1a"]),
        ("cache.node_type", "t3.micro"),
        ("deployment.backend", "https://app.pulumi.com"),
        ("deployment.backend", "s3://Upper-Case"),
        ("deployment.secrets_provider", "alias/bootstrap-secrets"),
        ("deployment.role", "deploy role"),
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
        "Pulumi.prod.yaml: plumbline:settings.deployment: missing; "
        "State backend, secrets provider and deployer of the real engine",
        "Pulumi.prod.yaml: plumbline:settings.stateful: missing; What becomes of data: "
        "protected from deletion and kept, or gone with the stack (stateful.yaml)",
        "Pulumi.prod.yaml: plumbline:settings.log_retention_days: missing; "
        "Days that CloudWatch keeps logs (TRADING-14.6)",
        "Pulumi.prod.yaml: plumbline:settings.network: missing; VPC, subnets, NAT and endpoints",
        "Pulumi.prod.yaml: plumbline:settings.buckets: missing; S3 buckets",
        "Pulumi.prod.yaml: plumbline:settings.secrets: missing; Secrets",
        "Pulumi.prod.yaml: plumbline:settings.cache: missing; Redis",
        "Pulumi.prod.yaml: plumbline:settings.tables: missing; DynamoDB tables",
        "Pulumi.prod.yaml: plumbline:settings.functions: missing; Lambda functions",
        "Pulumi.prod.yaml: plumbline:settings.market_data: missing; Series of market data",
        "Pulumi.prod.yaml: plumbline:settings.api: missing; REST API",
        "Pulumi.prod.yaml: plumbline:settings.contacts: missing; Who is told of what",
        "Pulumi.prod.yaml: plumbline:settings.events: missing; Events",
        "Pulumi.prod.yaml: plumbline:settings.alarms: missing; Thresholds of alarms",
        "Pulumi.prod.yaml: plumbline:settings.domains: missing; Domains, their health checks and failover",
        "Pulumi.prod.yaml: plumbline:settings.cdn: missing; Content delivery network",
        "Pulumi.prod.yaml: plumbline:settings.firewall: missing; Web firewall",
        "Pulumi.prod.yaml: plumbline:settings.backups: missing; Backups",
        "Pulumi.prod.yaml: plumbline:settings.costs: missing; Budget and nightly rest",
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
    changes = {"functions.packages": {"nothing": {"key": "k.zip"}}}
    known = ", ".join(data.functions())
    assert mistakes(changes) == [f"{AT}.functions.packages.nothing: no such function; known: {known}"]


def test_package_without_key_is_told() -> None:
    assert mistakes({"functions.packages": {"audit": {}}}) == [
        f"{AT}.functions.packages.audit.key: missing; Key of the object in the bucket lambda-packages"
    ]


def test_several_mistakes_across_values_are_told_at_once() -> None:
    changes = {
        "tables.billing": "provisioned",
        "functions.account_concurrency_quota": 100,
        "cache.multi_az": True,
        "recovery_account_id": "111111111111",
    }
    assert mistakes(changes) == [
        f"{AT}.tables.capacity: missing; billing: provisioned needs it",
        f"{AT}.cache.nodes: 1 given; allowed: at least 2 where multi_az is true",
        f"{AT}.functions.account_concurrency_quota: 100 given; "
        "allowed: at least 290 (190 reserved, 100 kept by Lambda)",
        f"{AT}.recovery_account_id: the stack's own account given; allowed: another one",
    ]


# Mistakes across values that are about storage and the deployment.

IA = {"days": 90, "storage_class": "STANDARD_IA"}
GLACIER = {"days": 365, "storage_class": "GLACIER"}


def transitions(*moves: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"buckets.audit_log_transitions": list(moves), **changes}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            transitions(GLACIER, IA),
            ".buckets.audit_log_transitions: days [365, 90] given; allowed: each later than the one before",
        ),
        (
            transitions(IA, {**GLACIER, "days": 90}),
            ".buckets.audit_log_transitions: days [90, 90] given; allowed: each later than the one before",
        ),
        (
            transitions(IA, GLACIER, **{"buckets.audit_log_days": 365}),
            ".buckets.audit_log_days: 365 given; allowed: more than 365, the last transition",
        ),
        (
            {"cache.multi_az": True, "cache.nodes": 1},
            ".cache.nodes: 1 given; allowed: at least 2 where multi_az is true",
        ),
        (
            {"recovery_account_id": "111111111111"},
            ".recovery_account_id: the stack's own account given; allowed: another one",
        ),
        (
            {"deployment.backend": "s3://bootstrap-state-222222222222/test?region=us-east-1"},
            ".deployment.backend: a bucket of account 222222222222 given; allowed: one of account 111111111111",
        ),
        (
            {"deployment.backend": "s3://bootstrap-state-222222222222"},
            ".deployment.backend: a bucket of account 222222222222 given; allowed: one of account 111111111111",
        ),
    ],
)
def test_mistake_of_storage_or_deployment_is_told(changes: dict[str, Any], line: str) -> None:
    assert mistakes(changes) == [AT + line]


@pytest.mark.parametrize(
    "changes",
    [
        transitions(IA, GLACIER, **{"buckets.audit_log_days": 366}),
        transitions({**IA, "days": 30}),
        {"cache.multi_az": True, "cache.nodes": 2},
        {"cache.multi_az": False, "cache.nodes": 6, "cache.snapshot_days": 35},
        {"recovery_account_id": "333333333333"},
        {"deployment.backend": "s3://bootstrap-state-111111111111"},
        {"deployment.backend": "s3://state-of-everybody/test"},
        {"deployment.backend": "file:///state", "deployment.secrets_provider": "passphrase"},
        {"deployment.bootstrap": None},
        {"deployment.role": "aws-reserved/sso.amazonaws.com/administrators"},
        {"secrets.redis_token_rotation_days": 1000},
        {"stateful": "protected"},
        {"tables.key": "customer", "buckets.key": "customer"},
    ],
)
def test_neighbour_of_a_mistake_is_good(changes: dict[str, Any]) -> None:
    settings = loaded(changes)
    given = json.loads(settings.model_dump_json())
    for path, value in changes.items():
        part, _, field = path.rpartition(".")
        assert (given[part] if part else given)[field] == value


# Mistakes across values that are about services.

PREMIUM = {"rate": 1000.5, "burst": 500, "quota": 1}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"market_data.engine": "influxdb"}, ".market_data.influx: missing; engine: influxdb needs it"),
        ({"market_data.influx": INFLUX}, ".market_data.influx: given, but engine: timestream has no instance"),
        (
            {"api.tenants": {"first": "standard", "second": "premium"}},
            ".api.tenants.second: tier 'premium' given; known: standard",
        ),
        (
            {"api.tiers.premium": PREMIUM},
            ".api.tiers.premium.rate: 1000.5 given; allowed: at most 1000, the API's",
        ),
        (
            {"contacts.risk": {"emails": ["nobody"]}},
            f".contacts.risk.emails[0]: \"nobody\" given; allowed: a text like '{EMAIL}'",
        ),
        (
            {"contacts.critical.telephones": ["+12025550123", "2025550123"]},
            '.contacts.critical.telephones[1]: "2025550123" given; allowed: a text like ' r"'^\+[1-9][0-9]{6,14}$'",
        ),
        (
            {"domains.frontend": "https://app.example.com"},
            f".domains.frontend: \"https://app.example.com\" given; allowed: a text like '{DOMAIN}'",
        ),
        ({"events.archive_days": 0}, ".events.archive_days: 0 given; allowed: greater than or equal to 1"),
        ({"contacts.critical": GONE}, ".contacts.critical: missing; Critical alerts (TRADING-13.2, 13.5)"),
    ],
)
def test_mistake_of_services_is_told(changes: dict[str, Any], line: str) -> None:
    assert mistakes(changes) == [AT + line]


@pytest.mark.parametrize(
    "changes",
    [
        {"market_data.engine": "influxdb", "market_data.influx": INFLUX},
        {"market_data.engine": "timestream", "market_data.influx": None},
        {"api.tenants": {"first": "standard", "second": "standard"}},
        {"api.tenants": {}},
        {"api.tiers": {"standard": {**PREMIUM, "rate": 1000.0, "period": "DAY"}}},
        {"contacts.risk": {"emails": ["some.body+risk@mail.example.co"], "telephones": []}},
        {"contacts.critical": NOBODY},
        {"contacts.critical.telephones": ["+4915112345678"]},
        {"domains.frontend": "xn--bcher-kva.example.com"},
        {"events.archive_days": 1},
    ],
)
def test_neighbour_of_a_mistake_of_services_is_good(changes: dict[str, Any]) -> None:
    given = json.loads(loaded(changes).model_dump_json())
    for path, value in changes.items():
        place = given
        for step in path.split("."):
            place = place[step]
        assert place == value


def test_several_mistakes_of_services_are_told_at_once() -> None:
    changes = {"market_data.engine": "influxdb", "api.tenants": {"first": "gold"}, "api.tiers.premium": PREMIUM}
    assert mistakes(changes) == [
        f"{AT}.market_data.influx: missing; engine: influxdb needs it",
        f"{AT}.api.tenants.first: tier 'gold' given; known: standard, premium",
        f"{AT}.api.tiers.premium.rate: 1000.5 given; allowed: at most 1000, the API's",
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
    assert systems.names() == ["agentic", "bootstrap", "trading"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("tradin", "plumbline:system: 'tradin' given (did you mean trading?); known: agentic, bootstrap, trading"),
        ("settings", "plumbline:system: 'settings' given; known: agentic, bootstrap, trading"),
        ("", "plumbline:system: '' given; known: agentic, bootstrap, trading"),
    ],
)
def test_unknown_system_is_told_with_the_known_ones(name: str, line: str) -> None:
    with pytest.raises(SettingsError) as raised:
        systems.find(name)
    assert str(raised.value) == line


def test_a_mistake_in_a_part_by_name_is_told_like_any_other() -> None:
    assert mistakes({"functions.packages": {"audit": {"ky": "a.zip"}}}) == [
        f"{AT}.functions.packages.audit.key: missing; Key of the object in the bucket lambda-packages",
        f"{AT}.functions.packages.audit.ky: not a setting (did you mean key?)",
    ]


ZONES = "zones: {example.net: {description: Ours}, trading.example.net: {description: Ours}}"


@pytest.mark.parametrize(
    ("zones", "known"),
    [(ZONES, "example.net, trading.example.net"), ("zones: {}", "none"), ("stateful: protected", "none")],
    ids=["others", "none", "no zones"],
)
def test_a_zone_that_the_bootstrap_stack_does_not_make_is_told(tmp_path: Path, zones: str, known: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: plumbline\n", encoding="utf-8")
    text = f"config: {{plumbline:settings: {{{zones}}}}}\n"
    (tmp_path / "Pulumi.bootstrap.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        loaded()
    assert str(refused.value) == f"{AT}.domains.zone: example.com given; allowed: a zone of stack bootstrap: {known}"


@pytest.mark.parametrize("file", ["config: {plumbline:settings: {zones: {example.com: {}}}}", "config: ["])
def test_a_zone_of_the_bootstrap_stack_and_a_file_that_nobody_can_read_are_good(tmp_path: Path, file: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: plumbline\n", encoding="utf-8")
    (tmp_path / "Pulumi.bootstrap.yaml").write_text(file, encoding="utf-8")
    assert loaded().domains.zone == "example.com"


SECONDARY = {"secondary": "d-2.execute-api.us-west-2.amazonaws.com", "secondary_zone_id": "Z2OJLYMUO9EFXC"}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"frontend": "app.example.net"}, "frontend: app.example.net given; allowed: example.com or a name below it"),
        ({"api": "apiexample.com"}, "api: apiexample.com given; allowed: example.com or a name below it"),
        ({"api": "app.example.com"}, "api: app.example.com given, which is the frontend's; allowed: another name"),
        (
            {"failover": {}},
            "health_checks: false given; allowed: true, since failover follows a health check",
        ),
        (
            {"health_checks": True, "failover": {"secondary": SECONDARY["secondary"]}},
            "failover: one of secondary and secondary_zone_id given; allowed: both or none",
        ),
    ],
)
def test_mistake_of_domains_is_told(changes: dict[str, Any], line: str) -> None:
    assert mistakes({f"domains.{name}": value for name, value in changes.items()}) == [f"{AT}.domains.{line}"]


@pytest.mark.parametrize("failover", [{}, SECONDARY])
def test_failover_needs_no_more_than_a_health_check(failover: dict[str, Any]) -> None:
    assert loaded({"domains.health_checks": True, "domains.failover": failover}).domains.failover is not None
