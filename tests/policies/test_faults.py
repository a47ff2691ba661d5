"""Every fault in the real graphs is caught by a rule that should, and docs/faults.md says so."""

from __future__ import annotations

import functools

import pytest

from policies.catalogue import controls
from policies.rules import load_all
from tests.evaluations import preview
from tests.policies.fault_report import Result, inject, report, uncovered
from tests.policies.faults import REPORT
from tests.stacks import STACKS

# Rules that no fault in these stacks can set off, and why.
WITHOUT_FAULT = {
    "account-has-config-recorder": "disabled in config.yaml",
    "account-has-trail": "disabled in config.yaml",
    "cognito-threat-protection-is-on": "disabled in config.yaml",
    "distribution-limits-countries-as-required": "asks for nothing without its parameters",
    "public-zone-logs-queries": "disabled in config.yaml",
}


@functools.cache
def result(stack: str) -> Result:
    return inject(preview(stack).graph)


@pytest.mark.parametrize("stack", STACKS)
def test_every_fault_is_caught(stack: str) -> None:
    assert [f"{fault.area}: {fault.name}" for fault in result(stack).missed] == []


def test_there_are_many_faults() -> None:
    assert sum(len(result(stack).caught) for stack in ("test", "prod")) > 10_000


def test_every_rule_catches_a_fault_but_these() -> None:
    assert uncovered(map(result, STACKS)).keys() == WITHOUT_FAULT.keys()


def test_every_control_that_a_rule_covers_has_a_fault_but_these() -> None:
    told = set(load_all()) - WITHOUT_FAULT.keys()
    without = {row["id"] for row in controls() if row["rules"] and not told & set(row["rules"])}
    assert without == {"AwsSolutions-CFR1", "AwsSolutions-COG8", "CKV2_AWS_39", "CKV_AWS_374", "Cognito.1", "Route53.2"}


def test_report_is_up_to_date() -> None:
    assert REPORT.read_text() == report([result(stack) for stack in STACKS])
