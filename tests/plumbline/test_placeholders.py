"""plumbline.placeholders: each kind of example is told with its path, and nothing real is."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.placeholders import placeholders
from plumbline.project import Project
from tests.evaluations import ROOT

DOMAIN = "a domain that is reserved for examples"
ACCOUNT = "an account id of examples"
TELEPHONE = "a telephone number that is reserved for fiction"
REPOSITORY = "a repository of nobody's"
MISSING = "a value that is still to be given"
ADDRESS = "an address that is reserved for documentation"


def kinds(value: Any) -> list[tuple[str, str]]:
    return list(placeholders({"a": value}))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("example.com", DOMAIN),
        ("example.net", DOMAIN),
        ("example.org", DOMAIN),
        ("trading.example.com", DOMAIN),
        ("Trading.Example.COM", DOMAIN),
        ("ops@example.com", DOMAIN),
        ("ops@trading.example.org", DOMAIN),
        ("https://example.com/hook", DOMAIN),
        ("https://trading.example.com:8443", DOMAIN),
        ("https://trading.example.com?x=1", DOMAIN),
        ("*.example.com", DOMAIN),
        ("example.com.", DOMAIN),
        ("trading.example", DOMAIN),
        ("api.trading.test", DOMAIN),
        ("nowhere.invalid", DOMAIN),
        ("app.localhost", DOMAIN),
        ("ops@mail.test", DOMAIN),
        ("111111111111", ACCOUNT),
        ("000000000000", ACCOUNT),
        ("123456789012", ACCOUNT),
        ("arn:aws:iam::222222222222:role/deploy", ACCOUNT),
        ("s3://bootstrap-state-111111111111/test?region=us-east-1", ACCOUNT),
        ("+1 555 555 0100", TELEPHONE),
        ("+12125550199", TELEPHONE),
        ("+1-212-555-0123", TELEPHONE),
        ("+1 (212) 555-0123", TELEPHONE),
        ("example/repo", REPOSITORY),
        ("example-org/plumbline", REPOSITORY),
        ("your-org/plumbline", REPOSITORY),
        ("OWNER/NAME", REPOSITORY),
        ("org/repo", REPOSITORY),
        ("changeme", MISSING),
        ("CHANGE-ME", MISSING),
        ("TODO", MISSING),
        ("tbd", MISSING),
        ("xxx", MISSING),
        ("xxxxxx", MISSING),
        ("placeholder", MISSING),
        ("<account>", MISSING),
        ("192.0.2.1", ADDRESS),
        ("198.51.100.0/24", ADDRESS),
        ("203.0.113.7/32", ADDRESS),
    ],
)
def test_each_kind_of_example_is_told_with_its_path(value: str, kind: str) -> None:
    assert kinds(value) == [("a", f"{value}: {kind}")]


@pytest.mark.parametrize(
    "value",
    [
        "example.company.com",
        "myexample.com",
        "counterexample.com",
        "example.com.au",
        "example.community",
        "example",
        "test.trading.com",
        "latest.io",
        "contest.com",
        "trading-test",
        "s3://states-of-prod/test?region=us-east-1",
        "alias/test",
        "111111111112",
        "1111111111111",
        "11111111111",
        "123412341234",
        "1234567890123",
        "+1 555 123 4567",
        "+1 212 555 1234",
        "+44 555 0123",
        "10.0.0.0/8",
        "0.0.0.0",
        "192.0.3.0/24",
        "203.0.114.1",
        "examples/repo",
        "my-org/example",
        "company/owner",
        "todos",
        "a tbd value",
        "xx",
        "<",
        "",
        7,
        True,
        None,
        3.5,
    ],
)
def test_what_is_real_is_not_told(value: Any) -> None:
    assert kinds(value) == []


def test_a_block_that_contains_addresses_of_documentation_is_told() -> None:
    assert kinds("203.0.0.0/16") == [("a", f"203.0.0.0/16: {ADDRESS}")]


def test_every_value_is_told_at_its_own_path() -> None:
    settings = {
        "account_id": "111111111111",
        "owner": "platform",
        "github": {"repository": "example-org/plumbline", "environments": ["test", "TODO"]},
        "contacts": [{"mail": "ops@example.com"}, {"mail": "ops@company.com"}],
    }
    assert list(placeholders(settings)) == [
        ("account_id", f"111111111111: {ACCOUNT}"),
        ("github.repository", f"example-org/plumbline: {REPOSITORY}"),
        ("github.environments[1]", f"TODO: {MISSING}"),
        ("contacts[0].mail", f"ops@example.com: {DOMAIN}"),
    ]


def test_a_key_is_told_once_however_many_values_it_has() -> None:
    settings = {
        "zones": {
            "example.com": {"description": "Domains", "delegations": {"a.example.com": ["ns1.dns.com", "ns2.dns.com"]}}
        }
    }
    assert list(placeholders(settings)) == [
        ('zones["example.com"]', DOMAIN),
        ('zones["example.com"].delegations["a.example.com"]', DOMAIN),
    ]


def test_a_key_and_its_value_are_both_told() -> None:
    assert list(placeholders({"example.com": "ops@example.net"})) == [
        ('["example.com"]', DOMAIN),
        ('["example.com"]', f"ops@example.net: {DOMAIN}"),
    ]


def test_no_stack_of_this_repository_can_be_deployed_as_it_is() -> None:
    project = Project(ROOT)
    told = {stack: [path for path, _ in placeholders(project.settings(stack))] for stack in project.stacks()}
    assert [stack for stack, paths in told.items() if "account_id" not in paths] == []
