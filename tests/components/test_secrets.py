"""components.secrets: secrets under a customer key, their values, readers and rotation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.functions import Functions, FunctionsArgs, FunctionSpec
from components.keys import Keys, KeysArgs, KeySpec
from components.naming import NameRefused
from components.roles import Role
from components.secrets import Secrets, SecretsArgs, SecretSpec
from components.security_groups import SecurityGroups, SecurityGroupsArgs
from plumbline.graph import UNKNOWN, Options, Secret, StackGraph, walk
from tests.components.programs import (
    ACCOUNT,
    CUSTOMER_KEY,
    KEY_ARN,
    NAMING,
    ROLE_POLICY,
    a_role,
    child_urn,
    component_urn,
    document,
    graph_of,
    named,
    names,
    needs,
    only,
    policy,
    statement,
)

SECRETS_URN = component_urn("Secrets", "secrets")
SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
PERMISSION = "aws:lambda/permission:Permission"
SPECS = {
    "api-keys": SecretSpec(description="Keys of an exchange"),
    "token": SecretSpec(description="Token of the cache", generated_length=64),
}
READ = ["secretsmanager:GetSecretValue"]
CHANGE = [
    "secretsmanager:CancelRotateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:PutSecretValue",
    "secretsmanager:RotateSecret",
    "secretsmanager:UpdateSecret",
    "secretsmanager:UpdateSecretVersionStage",
]


def some_secrets(**changes: Any) -> Secrets:
    """Register the secrets, through a provider: the first value is asked of AWS."""
    provider = aws.Provider("aws", region="us-east-1", allowed_account_ids=["111111111111"])
    values = {"account": ACCOUNT, "naming": NAMING, "customer_key": CUSTOMER_KEY, "deployers": ["deploy"]}
    args = SecretsArgs(**{"secrets": SPECS, **values, **changes})
    return Secrets("secrets", args, pulumi.ResourceOptions(providers={"aws": provider}))


def secrets(use: Callable[[Secrets], Any] = lambda _: None, **changes: Any) -> StackGraph:
    """Evaluate a program that registers the secrets, uses them and attaches their policies."""

    def program() -> None:
        made = some_secrets(**changes)
        use(made)
        made.attach()

    return graph_of(program)


def role_arns(*names: str) -> list[str]:
    return [f"arn:aws:iam::111111111111:role/{name}" for name in names]


def denied(readers: list[str], changers: list[str]) -> dict[str, Any]:
    """Return the resource policy that lets only these roles read and change a secret."""

    def deny(sid: str, actions: list[str], roles: list[str]) -> dict[str, Any]:
        condition = {"ArnNotEquals": {"aws:PrincipalArn": role_arns(*roles)}}
        return statement(sid, actions, ["*"], Effect="Deny", Principal="*", Condition=condition)

    return policy(deny("OnlyNamedRolesRead", READ, readers), deny("OnlyNamedRolesChange", CHANGE, changers))


def test_secret_has_exactly_these_inputs() -> None:
    secret = named(secrets(), "secrets-api-keys")
    assert (secret.type, dict(secret.inputs)) == (
        SECRET,
        {"name": "test-api-keys", "description": "Keys of an exchange", "kmsKeyId": KEY_ARN},
    )
    assert (secret.parent, secret.dependencies) == (SECRETS_URN, ())


def test_secret_waits_for_everything_that_its_key_needs() -> None:
    def program() -> None:
        keys = Keys("keys", KeysArgs(account=ACCOUNT, naming=NAMING, keys={"data": KeySpec(description="Data")}))
        some_secrets(customer_key=keys.keys["data"])

    assert names(named(graph_of(program), "secrets-api-keys").dependencies) == ("keys-data", "keys-data-alias")


def test_component_gives_the_arns_as_outputs() -> None:
    assert secrets().resources[SECRETS_URN].outputs == {"arns": {"api-keys": UNKNOWN, "token": UNKNOWN}}


def test_name_that_ends_like_the_suffix_of_an_arn_is_refused() -> None:
    def program() -> None:
        with pytest.raises(NameRefused, match="'test-token-abc123' does not match"):
            some_secrets(secrets={"token-abc123": SecretSpec(description="")})

    graph_of(program)


# Values.


def test_only_a_secret_with_a_length_gets_a_first_value() -> None:
    version = only(secrets(), VERSION)
    assert (version.name, version.parent) == ("secrets-token-first", SECRETS_URN)
    assert needs(version) == {"secretId": ("secrets-token",)}


def test_first_value_is_a_secret_of_the_length_that_is_asked_for() -> None:
    version = only(secrets(), VERSION)
    value = version.inputs["secretString"]
    assert dict(version.inputs) == {"secretId": UNKNOWN, "secretString": value}
    assert isinstance(value, Secret)
    assert (len(value.value), value.value.isalnum()) == (64, True)


def test_first_value_is_nowhere_in_clear_text() -> None:
    graph = secrets()
    value = only(graph, VERSION).inputs["secretString"].value
    leaves = [leaf for resource in graph for part in (resource.inputs, resource.outputs) for _, leaf in walk(part)]
    assert [leaf for leaf in leaves if isinstance(leaf, str) and value in leaf] == []
    assert value not in repr(list(graph))


def test_first_value_stays_when_rotation_replaces_it() -> None:
    assert only(secrets(), VERSION).options.ignore_changes == ("secretString", "versionStages")


def test_generated_value_is_a_secret_output_and_others_have_none() -> None:
    found: list[Any] = []

    def use(made: Secrets) -> None:
        found.append(made.secrets["api-keys"].value)
        pulumi.export("token", made.secrets["token"].value)

    outputs = secrets(use).outputs
    assert (found, isinstance(outputs["token"], Secret)) == ([None], True)


def test_value_that_is_put_in_is_a_secret_and_follows_what_it_comes_from() -> None:
    def use(made: Secrets) -> None:
        made.put("api-keys", pulumi.Output.from_input("rediss://host:6379"))

    version = named(secrets(use), "secrets-api-keys-value")
    assert dict(version.inputs) == {"secretId": UNKNOWN, "secretString": Secret("rediss://host:6379")}
    assert (version.type, version.parent) == (VERSION, SECRETS_URN)
    assert version.options.ignore_changes == ()


# Who may read and change.


def read(secret: str, *roles: str) -> Callable[[Secrets], None]:
    def use(made: Secrets) -> None:
        for role in roles:
            component, handle = a_role(role)
            made.secrets[secret].grant_read(handle)
            component.attach()

    return use


def policy_of(graph: StackGraph, secret: str) -> Any:
    return document(graph.resources[child_urn("Secrets", POLICY, f"secrets-{secret}-policy")])


def test_secret_without_readers_is_for_its_deployers_alone() -> None:
    assert policy_of(secrets(deployers=["deploy", "admin"]), "api-keys") == denied(
        ["deploy", "admin"], ["deploy", "admin"]
    )


def test_readers_may_read_and_not_change() -> None:
    graph = secrets(read("api-keys", "audit", "orders"))
    assert policy_of(graph, "api-keys") == denied(["deploy", "test-audit", "test-orders"], ["deploy"])


def test_readers_of_one_secret_are_not_those_of_another() -> None:
    assert policy_of(secrets(read("api-keys", "audit")), "token") == denied(["deploy"], ["deploy"])


def test_rotator_may_change_and_read() -> None:
    def use(made: Secrets) -> None:
        read("token", "audit")(made)
        component, role = a_role("rotator")
        made.secrets["token"].grant_rotate(role)
        component.attach()

    expected = denied(["deploy", "test-rotator", "test-audit"], ["deploy", "test-rotator"])
    assert policy_of(secrets(use), "token") == expected


def test_role_with_two_edges_is_named_once() -> None:
    def use(made: Secrets) -> None:
        component, role = a_role()
        made.secrets["token"].grant_read(role)
        made.secrets["token"].grant_read(role)
        component.attach()

    assert policy_of(secrets(use), "token") == denied(["deploy", "test-audit"], ["deploy"])


def test_policy_never_denies_to_mend_it() -> None:
    denials = {action for item in policy_of(secrets(), "token")["Statement"] for action in item["Action"]}
    assert not denials & {"secretsmanager:PutResourcePolicy", "secretsmanager:DeleteResourcePolicy"}


def test_policy_is_registered_after_roles_and_first_value() -> None:
    graph = secrets(read("token", "audit"))
    found = named(graph, "secrets-token-policy")
    assert {key: found.inputs[key] for key in ("secretArn", "blockPublicPolicy")} == {
        "secretArn": UNKNOWN,
        "blockPublicPolicy": True,
    }
    assert names(found.dependencies) == ("roles-of-audit-audit", "secrets-token", "secrets-token-first")


def test_policy_of_a_secret_without_value_or_reader_waits_for_the_secret_alone() -> None:
    assert names(named(secrets(), "secrets-api-keys-policy").dependencies) == ("secrets-api-keys",)


# Permissions of roles.

ARN = "arn:aws:secretsmanager:us-east-1:111111111111:secret:test-token-??????"
KEYS = ["arn:aws:kms:us-east-1:111111111111:key/*"]
THROUGH = {
    "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/test-data"},
    "StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"},
}
USE = statement("UseKey", ["kms:Decrypt", "kms:DescribeKey"], KEYS, Condition=THROUGH)
PRODUCE = statement("UseKeyToWrite", ["kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"], KEYS, Condition=THROUGH)
ROTATE = [
    *("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"),
    *("secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"),
]


def granted(edge: Callable[[Any, Role], Any]) -> dict[str, Any]:
    def use(made: Secrets) -> None:
        component, role = a_role()
        edge(made.secrets["token"], role)
        component.attach()

    found = only(secrets(use), ROLE_POLICY)
    return {**found.inputs, "policy": json.loads(found.inputs["policy"])}


def test_reader_gets_exactly_the_value_and_the_use_of_the_key() -> None:
    assert granted(lambda secret, role: secret.grant_read(role)) == {
        "name": "secret-token",
        "role": "test-audit",
        "policy": policy(statement("ReadSecret", READ, [ARN]), USE),
    }


def test_rotator_gets_exactly_the_four_steps_and_the_use_of_the_key() -> None:
    assert granted(lambda secret, role: secret.grant_rotate(role)) == {
        "name": "secret-token",
        "role": "test-audit",
        "policy": policy(
            statement("RotateSecret", ROTATE, [ARN]),
            statement("MakePassword", ["secretsmanager:GetRandomPassword"], ["*"]),
            USE,
            PRODUCE,
        ),
    }


# Rotation.


@pytest.fixture
def rotated(tmp_path: Path) -> StackGraph:
    """A secret that a function rotates every 30 days."""
    (tmp_path / "main.py").write_text("def handler(event, context): ...\n")

    def use(made: Secrets) -> None:
        component, role = a_role("rotator")
        made.secrets["token"].grant_rotate(role)
        groups = SecurityGroups("groups", SecurityGroupsArgs(naming=NAMING, vpc_id="vpc-1", groups={"all": "All"}))
        spec = FunctionSpec(
            role=role,
            security_groups=(groups.groups["all"],),
            handler="main.handler",
            code=tmp_path,
            memory_mb=128,
            timeout_seconds=30,
        )
        args = FunctionsArgs(
            account=ACCOUNT,
            naming=NAMING,
            functions={"rotate": spec},
            layer=tmp_path,
            log_retention_days=30,
            subnet_ids=["subnet-1"],
        )
        functions = Functions("functions", args)
        component.attach()
        made.rotate("token", functions.functions["rotate"], 30)

    return secrets(use)


def test_secrets_manager_may_call_the_live_alias_for_secrets_of_the_account_alone(rotated: StackGraph) -> None:
    permission = only(rotated, PERMISSION)
    assert dict(permission.inputs) == {
        "action": "lambda:InvokeFunction",
        "function": "test-rotate",
        "qualifier": "live",
        "principal": "secretsmanager.amazonaws.com",
        "sourceAccount": "111111111111",
    }
    assert (permission.name, permission.parent, permission.options) == (
        "secrets-token-rotator",
        SECRETS_URN,
        Options(provider=permission.options.provider),
    )
    assert needs(permission) == {
        "function": ("functions-rotate-live",),
        "qualifier": ("functions-rotate-live",),
    }


def test_rotation_calls_the_live_alias_every_so_many_days_and_not_at_once(rotated: StackGraph) -> None:
    rotation = only(rotated, ROTATION)
    assert dict(rotation.inputs) == {
        "secretId": UNKNOWN,
        "rotationLambdaArn": UNKNOWN,
        "rotateImmediately": False,
        "rotationRules": {"automaticallyAfterDays": 30},
    }
    assert needs(rotation) == {"secretId": ("secrets-token",), "rotationLambdaArn": ("functions-rotate-live",)}


def test_rotation_comes_after_permission_and_first_value(rotated: StackGraph) -> None:
    assert names(only(rotated, ROTATION).dependencies) == (
        "functions-rotate-live",
        "secrets-token",
        "secrets-token-first",
        "secrets-token-rotator",
    )
