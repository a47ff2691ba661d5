"""components.keys: customer keys with rotation, aliases and key policies."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from components.account import Account
from components.keys import ADMINISTRATION, Keys, KeysArgs, KeySpec, key_policy
from components.resource_policies import policy_text
from plumbline.graph import UNKNOWN, Options, StackGraph
from tests.components.programs import (
    ACCOUNT,
    NAMING,
    a_role,
    child_urn,
    component_urn,
    document,
    graph_of,
    names,
    needs,
    only,
    policy,
    statement,
)

KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
KEYS_URN = component_urn("Keys", "keys")
KEY_URN = child_urn("Keys", KEY, "keys-data")
ROOT = {"AWS": "arn:aws:iam::111111111111:root"}
USE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
ANY = ["*"]
DISTRIBUTIONS = "arn:aws:cloudfront::111111111111:distribution/*"

ADMINISTERS = statement("AccountAdministers", list(ADMINISTRATION), ANY, Principal=ROOT)


def by_services(*hosts: str) -> list[dict[str, Any]]:
    """Return the two statements for services that work on behalf of the account's principals."""
    through = {"kms:CallerAccount": "111111111111", "kms:ViaService": list(hosts)}
    granted = {"StringEquals": through, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        statement("AccountUsesThroughServices", USE, ANY, Principal=ROOT, Condition={"StringEquals": through}),
        statement("ServicesHoldGrants", ["kms:CreateGrant"], ANY, Principal=ROOT, Condition=granted),
    ]


# What is asked for, and the statements besides the account's administration.
POLICIES: dict[str, tuple[KeySpec, list[dict[str, Any]]]] = {
    "nobody": (KeySpec(description="Idle"), []),
    "one service": (
        KeySpec(description="Tables", services=("dynamodb",)),
        by_services("dynamodb.us-east-1.amazonaws.com"),
    ),
    "two services": (
        KeySpec(description="Data", services=("s3", "sqs")),
        by_services("s3.us-east-1.amazonaws.com", "sqs.us-east-1.amazonaws.com"),
    ),
    "a role": (
        KeySpec(description="State", users=("deploy",)),
        [
            statement(
                "RolesUse",
                USE,
                ANY,
                Principal=ROOT,
                Condition={"ArnEquals": {"aws:PrincipalArn": ["arn:aws:iam::111111111111:role/deploy"]}},
            )
        ],
    ),
    "publishers": (
        KeySpec(description="Topics", publishers=("budgets.amazonaws.com", "events.amazonaws.com")),
        [
            statement(
                "ServicesPublish",
                ["kms:Decrypt", "kms:GenerateDataKey*"],
                ANY,
                Principal={"Service": ["budgets.amazonaws.com", "events.amazonaws.com"]},
                Condition={"StringEquals": {"aws:SourceAccount": "111111111111"}},
            )
        ],
    ),
    "readers": (
        KeySpec(description="Pages", readers={"cloudfront.amazonaws.com": DISTRIBUTIONS}),
        [
            statement(
                "CloudfrontDecrypts",
                ["kms:Decrypt"],
                ANY,
                Principal={"Service": "cloudfront.amazonaws.com"},
                Condition={"ArnLike": {"aws:SourceArn": DISTRIBUTIONS}},
            )
        ],
    ),
}
EVERYTHING = KeySpec(
    description="All",
    services=("dynamodb",),
    users=("deploy",),
    publishers=("budgets.amazonaws.com", "events.amazonaws.com"),
    readers={"cloudfront.amazonaws.com": DISTRIBUTIONS},
)


def args(*, spec: KeySpec = EVERYTHING, account: Account = ACCOUNT, recovery: str | None = None) -> KeysArgs:
    return KeysArgs(account=account, naming=NAMING, keys={"data": spec}, recovery_account_id=recovery)


def one_key(**changes: Any) -> StackGraph:
    return graph_of(lambda: Keys("keys", args(**changes)))


@pytest.mark.parametrize("case", POLICIES)
def test_key_policy_of_each_kind_is_exactly_this(case: str) -> None:
    spec, expected = POLICIES[case]
    assert document(only(one_key(spec=spec), KEY)) == policy(ADMINISTERS, *expected)


def test_key_policy_of_all_kinds_together_has_their_statements_in_one_order() -> None:
    kinds = ("one service", "a role", "publishers", "readers")
    expected = [row for kind in kinds for row in POLICIES[kind][1]]
    assert document(only(one_key(), KEY)) == policy(ADMINISTERS, *expected)


def test_recovery_account_may_decrypt_and_nothing_else() -> None:
    spec, expected = POLICIES["one service"]
    recovery = statement(
        "RecoveryAccountDecrypts",
        ["kms:Decrypt", "kms:DescribeKey", "kms:ReEncryptFrom"],
        ANY,
        Principal={"AWS": "arn:aws:iam::333333333333:root"},
    )
    found = document(only(one_key(spec=spec, recovery="333333333333"), KEY))
    assert found == policy(ADMINISTERS, *expected, recovery)


def test_key_policy_follows_partition_and_region() -> None:
    china = Account(account_id="222222222222", region="cn-north-1")
    spec = KeySpec(description="Data", services=("s3",), users=("deploy",))
    text = policy_text(key_policy(spec, args(spec=spec, account=china, recovery="333333333333")))
    statements = {item["Sid"]: item for item in json.loads(text)["Statement"]}
    assert statements["AccountAdministers"]["Principal"] == {"AWS": "arn:aws-cn:iam::222222222222:root"}
    assert statements["RecoveryAccountDecrypts"]["Principal"] == {"AWS": "arn:aws-cn:iam::333333333333:root"}
    through = statements["AccountUsesThroughServices"]["Condition"]["StringEquals"]["kms:ViaService"]
    assert through == ["s3.cn-north-1.amazonaws.com.cn"]
    roles = statements["RolesUse"]["Condition"]["ArnEquals"]["aws:PrincipalArn"]
    assert roles == ["arn:aws-cn:iam::222222222222:role/deploy"]


def test_administration_uses_the_key_for_nothing() -> None:
    # Encrypting and decrypting need a service or a role that is named.
    cryptographic = ("Decrypt", "Encrypt", "Generate", "ReEncrypt", "Sign", "Verify", "CreateGrant")
    assert [action for action in ADMINISTRATION if action.removeprefix("kms:").startswith(cryptographic)] == []
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"} <= set(ADMINISTRATION)


def test_key_has_exactly_these_inputs() -> None:
    key = only(one_key(), KEY)
    assert dict(key.inputs) == {
        "description": "All",
        "enableKeyRotation": True,
        "rotationPeriodInDays": 365,
        "policy": key.inputs["policy"],
    }
    assert (key.urn, key.parent, key.dependencies, key.options) == (KEY_URN, KEYS_URN, (), Options())


def test_key_waits_for_the_roles_that_its_policy_names_and_the_stack_makes() -> None:
    def program() -> None:
        _, role = a_role()
        spec = KeySpec(description="State", users=("test-audit",), after=(role.resource,))
        Keys("keys", args(spec=spec))

    assert names(only(graph_of(program), KEY).dependencies) == ("roles-of-audit-audit",)


def test_alias_names_the_key_with_the_prefix_of_the_environment() -> None:
    alias = only(one_key(), ALIAS)
    assert dict(alias.inputs) == {"name": "alias/test-data", "targetKeyId": UNKNOWN}
    assert (alias.name, alias.parent, alias.options) == ("keys-data-alias", KEYS_URN, Options())
    assert needs(alias) == {"targetKeyId": ("keys-data",)}


def test_handle_has_arn_and_alias_and_needs_key_and_alias() -> None:
    found: list[Any] = []

    def program() -> None:
        key = Keys("keys", args()).keys["data"]
        found.extend((key.alias, [type(resource).__name__ for resource in key.needs]))
        pulumi.export("arn", key.arn)

    graph = graph_of(program)
    assert (found, graph.outputs) == (["alias/test-data", ["Key", "Alias"]], {"arn": UNKNOWN})


def test_component_gives_the_aliases_as_outputs_which_are_known() -> None:
    assert one_key().resources[KEYS_URN].outputs == {"aliases": {"data": "alias/test-data"}}
