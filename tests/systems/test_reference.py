"""The table of settings is what the models say."""

from __future__ import annotations

import pytest

import systems
from systems import reference


def test_the_table_of_settings_is_up_to_date() -> None:
    assert reference.PATH.read_text(encoding="utf-8") == reference.markdown(), "run make docs"


def test_every_setting_has_a_meaning() -> None:
    assert "| None |" not in reference.markdown()


@pytest.mark.parametrize(
    "row",
    [
        "| `network.zones` | list of text | required | Availability zones, two or more (TRADING-02.1c) |",
        "| `network.private_mask` | whole number | 20 | Prefix length of the private subnet in each zone |",
        "| `recovery_account_id` | text | none | Account that may decrypt with the stack's keys "
        "when this one has to be recovered (TRADING-17.5) |",
        "| `buckets.audit_log_transitions` | list of mapping | none | Where audit logs move before that, by age |",
        "| `buckets.audit_log_transitions[].days` | whole number | required | Age in days at which objects move |",
        "| `tables.key` | aws or customer | aws | aws for the AWS-managed key (TRADING-03.5), "
        "customer for the stack's own (17.1c) |",
        "| `tables.capacity.read` | mapping | required | Read capacity units |",
        "| `cache.multi_az` | true or false | required | Nodes in several zones, with automatic failover; "
        "needs two nodes |",
        "| `functions.packages` | mapping | none | Code package per function; "
        "the others run the small handlers of this repository |",
        "| `functions.packages.*.version` | text | none | Version id of the object |",
        "| `market_data.influx.storage_gib` | whole number | required | Storage in GiB |",
        "| `api.tiers.*.rate` | number | required | Requests per second in the long run |",
        "| `api.tenants` | mapping | none | Tier of each tenant; each gets an API key (TRADING-07.7b) |",
        "| `contacts.critical.emails` | list of text | none | E-mail addresses; each has to be confirmed once |",
        "| `api.limits.monthly_quota` | whole number | required | Requests per month |",
        "| `table.billing` | on_demand or provisioned | on_demand | on_demand (AGENTIC-07.3), or provisioned, "
        "which alone has a free allowance (decision 33) |",
        "| `events.archive_days` | whole number | required | Days in which events can be replayed |",
    ],
)
def test_row_of_each_kind_of_setting_is_in_the_table(row: str) -> None:
    assert row in reference.markdown().splitlines()


def test_every_system_has_its_table() -> None:
    titles = [line.removeprefix("## ") for line in reference.markdown().splitlines() if line.startswith("## ")]
    assert titles == systems.names()


def test_no_row_shows_a_type_of_python() -> None:
    types = [line.split(" | ")[1] for line in reference.markdown().splitlines() if line.startswith("| `")]
    assert [text for text in types if set("[]<>'") & set(text) or "Ellipsis" in text] == []
