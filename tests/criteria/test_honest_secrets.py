"""Requirement 09 cannot be fooled: what weakens a secret fails its criterion, and what is unknown stays open."""

from __future__ import annotations

from typing import Any

import pytest

from plumbline.graph import UNKNOWN
from tests.criteria.breaking import (
    FUNCTION,
    KEY,
    ROLE,
    ROLE_POLICY,
    SECRET,
    Change,
    Row,
    add,
    add_statement,
    breaks,
    cases,
    drop,
    leaves_open,
    policy,
    refer,
    set_,
    settings,
    statement,
    together,
    verdict,
    whole,
)

_POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"
_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
_ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
_PERMISSION = "aws:lambda/permission:Permission"
_ACCOUNT = "arn:aws:iam::222222222222:"
_READER = f"{_ACCOUNT}role/prod-ai-intelligence-analysis"
_SECRETS = "arn:aws:secretsmanager:us-east-1:222222222222:secret:prod-"
_DEPLOYER = f"{_ACCOUNT}role/bootstrap-deploy-prod"


def _deny(**elements: Any) -> Change:
    return statement(_POLICY, "secrets-gemini-api-key-policy", "OnlyNamedRolesRead", **elements)


def _only(*arns: str, operator: str = "ArnNotEquals", key: str = "aws:PrincipalArn") -> Change:
    return _deny(Condition={operator: {key: list(arns)}})


def _permission(**inputs: Any) -> Change:
    return set_(_PERMISSION, "secrets-redis-token-rotator", **inputs)


def _also(principal: object) -> Change:
    """Let somebody do everything else; whoever may change the policy may lift its refusal."""
    return add_statement(
        _POLICY, "secrets-gemini-api-key-policy", Effect="Allow", Principal=principal, Action="*", Resource="*"
    )


BROKEN: list[Row] = [
    ("09.5", "prod", "everybody may do the rest", _also("*")),
    ("09.5", "prod", "another account may do the rest", _also({"AWS": "arn:aws:iam::333333333333:root"})),
    ("09.5", "prod", "a service may do the rest", _also({"Service": "lambda.amazonaws.com"})),
    ("09.1", "prod", "no such secret", drop(SECRET, "-exchange-credentials")),
    (
        "09.1",
        "prod",
        "a secret that no function reads",
        together(
            *(
                drop(ROLE_POLICY, f"{name}-secret-exchange-credentials")
                for name in ("exchange-connections", "exchange-orders", "exchange-positions")
            )
        ),
    ),
    ("09.2a", "prod", "no such secret", drop(SECRET, "-gemini-api-key")),
    ("09.2a", "prod", "two of them", set_(SECRET, "-deepseek-api-key", name="prod-gemini-key")),
    ("09.2a", "prod", "one for two providers", set_(SECRET, "-gemini-api-key", name="prod-gemini-openai")),
    (
        "09.2a",
        "prod",
        "one that is read for two providers",
        together(
            set_(SECRET, "-gemini-api-key", name="prod-gemini-openai"),
            statement(
                ROLE_POLICY, "analysis-secret-gemini-api-key", "ReadSecret", Resource=f"{_SECRETS}gemini-openai-??????"
            ),
        ),
    ),
    (
        "09.2a",
        "prod",
        "a secret of another region",
        statement(
            ROLE_POLICY,
            "-secret-gemini-api-key",
            "ReadSecret",
            Resource="arn:aws:secretsmanager:eu-west-1:222222222222:secret:prod-gemini-api-key-??????",
        ),
    ),
    ("09.2b", "prod", "no such secret", drop(SECRET, "-openai-api-key")),
    ("09.2c", "prod", "no such secret", drop(SECRET, "-deepseek-api-key")),
    ("09.3", "prod", "no such secret", drop(SECRET, "-connection-strings")),
    ("09.3", "prod", "no value", drop(_VERSION, "-connection-strings-value")),
    (
        "09.3",
        "prod",
        "a value that is no address",
        refer(_VERSION, "-connection-strings-value", "secretString", (SECRET, "-redis-token")),
    ),
    (
        "09.3",
        "prod",
        "the value of another secret",
        refer(_VERSION, "-connection-strings-value", "secretId", (SECRET, "-redis-token")),
    ),
    ("09.4", "prod", "no such secret", drop(SECRET, "secrets-redis-token")),
    ("09.4", "prod", "no rotation", drop(_ROTATION, "-rotation")),
    (
        "09.4",
        "prod",
        "the rotation of another secret",
        refer(_ROTATION, "-rotation", "secretId", (SECRET, "-openai-api-key")),
    ),
    ("09.4", "prod", "no schedule", set_(_ROTATION, "-rotation", rotationRules={})),
    (
        "09.4",
        "prod",
        "a function of elsewhere",
        set_(_ROTATION, "-rotation", rotationLambdaArn="arn:aws:lambda:us-east-1:222222222222:function:other"),
    ),
    (
        "09.4",
        "prod",
        "a function that may not change it",
        refer(_ROTATION, "-rotation", "rotationLambdaArn", ("aws:lambda/alias:Alias", "functions-audit-live")),
    ),
    (
        "09.4",
        "prod",
        "a function without the last step",
        statement(
            ROLE_POLICY,
            "rotate-redis-token-secret-redis-token",
            "RotateSecret",
            Action=["secretsmanager:PutSecretValue"],
        ),
    ),
    ("09.4", "prod", "no permission to invoke", drop(_PERMISSION, "secrets-redis-token-rotator")),
    ("09.4", "prod", "a permission of another service", _permission(principal="s3.amazonaws.com")),
    ("09.4", "prod", "a permission for another alias", _permission(qualifier="other")),
    ("09.4", "prod", "a permission for another call", _permission(action="lambda:GetFunction")),
    ("09.4", "prod", "a permission for another account", _permission(sourceAccount="333333333333")),
    (
        "09.4",
        "prod",
        "a permission on another function",
        refer(
            _PERMISSION, "secrets-redis-token-rotator", "function", (FUNCTION, "functions-audit"), value="prod-audit"
        ),
    ),
    ("09.5", "prod", "no policy", drop(_POLICY, "secrets-gemini-api-key-policy")),
    (
        "09.5",
        "prod",
        "the policy of another secret",
        refer(_POLICY, "secrets-gemini-api-key-policy", "secretArn", (SECRET, "-openai-api-key")),
    ),
    ("09.5", "prod", "no statement", set_(_POLICY, "secrets-gemini-api-key-policy", policy="{}")),
    ("09.5", "prod", "no JSON", set_(_POLICY, "secrets-gemini-api-key-policy", policy="none")),
    ("09.5", "prod", "an Allow", _deny(Effect="Allow")),
    ("09.5", "prod", "another call", _deny(Action=["secretsmanager:DescribeSecret"])),
    ("09.5", "prod", "all calls but some", _deny(Action=None, NotAction=["secretsmanager:GetSecretValue"])),
    ("09.5", "prod", "some principals", _deny(Principal={"AWS": f"{_ACCOUNT}role/other"})),
    ("09.5", "prod", "another resource", _deny(Resource="arn:aws:secretsmanager:us-east-1:222222222222:secret:x")),
    ("09.5", "prod", "everybody is excepted", _only("*")),
    ("09.5", "prod", "any role is excepted", _only(f"{_ACCOUNT}role/*", _READER)),
    ("09.5", "prod", "roles of one prefix are excepted", _only(f"{_ACCOUNT}role/prod-ai-*")),
    ("09.5", "prod", "the account is excepted", _only(f"{_ACCOUNT}root", _READER)),
    ("09.5", "prod", "a user is excepted", _only(f"{_ACCOUNT}user/somebody", _READER)),
    (
        "09.5",
        "prod",
        "a role of another account",
        _only("arn:aws:iam::333333333333:role/prod-ai-intelligence-analysis"),
    ),
    ("09.5", "prod", "a role that nobody has", _only(f"{_ACCOUNT}role/other", _READER)),
    ("09.5", "prod", "a role that runs no function", _only(f"{_ACCOUNT}role/prod-flow-log", _READER)),
    ("09.5", "prod", "a role that does not read it", _only(f"{_ACCOUNT}role/prod-audit-audit", _READER)),
    (
        "09.5",
        "prod",
        "a role that is refused by its own policy",
        statement(ROLE_POLICY, "analysis-secret-gemini-api-key", "ReadSecret", Effect="Deny"),
    ),
    ("09.5", "prod", "the deployer alone", _only(_DEPLOYER)),
    ("09.5", "prod", "no exception", _only()),
    ("09.5", "prod", "another deployer", settings(deployment={"role": "other"})),
    ("09.5", "prod", "another key", _only(_READER, key="aws:userid")),
    ("09.5", "prod", "an operator that lets a missing key pass", _only(_READER, operator="ForAnyValue:ArnNotEquals")),
    ("09.5", "prod", "an operator that means the opposite", _only(_READER, operator="ArnEquals")),
    (
        "09.5",
        "prod",
        "a second condition",
        _deny(Condition={"ArnNotEquals": {"aws:PrincipalArn": [_READER]}, "Bool": {"aws:SecureTransport": "false"}}),
    ),
    ("09.5", "prod", "no condition", _deny(Condition=None)),
    ("09.5", "prod", "a policy inside the secret", set_(SECRET, "-gemini-api-key", policy=policy())),
    (
        "09.5",
        "prod",
        "a second policy",
        add(_POLICY, "second", {"secretArn": (SECRET, "-gemini-api-key")}, policy=policy()),
    ),
    ("09.6", "prod", "AWS's key", set_(SECRET, "-gemini-api-key", kmsKeyId=None)),
    ("09.6", "prod", "AWS's key by name", set_(SECRET, "-gemini-api-key", kmsKeyId="alias/aws/secretsmanager")),
    ("09.7", "prod", "no prefix", set_(SECRET, "-gemini-api-key", name="gemini-api-key")),
    ("09.7", "prod", "a name that AWS makes up", set_(SECRET, "-gemini-api-key", name=None)),
]
OPEN: list[Row] = [
    ("09.1", "prod", "a name", set_(SECRET, "-exchange-credentials", name=UNKNOWN)),
    ("09.1", "prod", "permissions", set_(ROLE_POLICY, "-secret-exchange-credentials", policy=UNKNOWN)),
    ("09.4", "prod", "a function", refer(_ROTATION, "-rotation", "rotationLambdaArn")),
    ("09.4", "prod", "a schedule", set_(_ROTATION, "-rotation", rotationRules=UNKNOWN)),
    ("09.4", "prod", "an account", _permission(sourceAccount=UNKNOWN)),
    ("09.5", "prod", "a policy", set_(_POLICY, "secrets-gemini-api-key-policy", policy=UNKNOWN)),
    ("09.6", "prod", "a key that is nowhere in the stack", drop(KEY, "keys-secrets")),
    ("09.7", "prod", "a name", set_(SECRET, "-gemini-api-key", name=UNKNOWN)),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


def test_those_who_may_read_may_be_named_in_another_statement() -> None:
    assert verdict("09.5", _also({"AWS": [_READER, _DEPLOYER]})(whole("prod"))).word == "pass"


def test_a_rotation_may_go_by_an_expression() -> None:
    weekly = set_(_ROTATION, "-rotation", rotationRules={"scheduleExpression": "rate(7 days)"})
    assert verdict("09.4", weekly(whole("prod"))).word == "pass"


def test_the_connection_strings_are_a_stated_deviation() -> None:
    found = verdict("09.3", whole("prod"))
    assert (found.word, found.decision) == ("deviation", 11)


def test_a_role_is_found_by_its_name_and_not_by_its_place_in_the_list() -> None:
    assert verdict("09.5", _only(_READER)(whole("prod"))).word == "pass"
    renamed = together(_only(_READER), set_(ROLE, "roles-analysis", name="prod-other"))
    assert verdict("09.5", renamed(whole("prod"))).word == "fail"
