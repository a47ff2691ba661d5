"""components.user_pool: the users whose tokens the API accepts."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.naming import NameRefused, Naming
from components.user_pool import UserPool, UserPoolArgs
from plumbline.constraints import check
from plumbline.graph import UNKNOWN, Options, StackGraph
from tests.components.programs import NAMING, component_urn, graph_of, needs, only, options, present
from tests.plumbline.test_sandbox import rehearse

POOL = "aws:cognito/userPool:UserPool"
CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
URN = component_urn("UserPool", "users")
POOL_INPUTS: dict[str, Any] = {
    "name": "test-users",
    "usernameAttributes": ["email"],
    "usernameConfiguration": {"caseSensitive": False},
    "autoVerifiedAttributes": ["email"],
    "userAttributeUpdateSettings": {"attributesRequireVerificationBeforeUpdates": ["email"]},
    "adminCreateUserConfig": {"allowAdminCreateUserOnly": True},
    "accountRecoverySetting": {"recoveryMechanisms": [{"name": "verified_email", "priority": 1}]},
    "mfaConfiguration": "OPTIONAL",
    "softwareTokenMfaConfiguration": {"enabled": True},
    "passwordPolicy": {
        "minimumLength": 12,
        "requireLowercase": True,
        "requireUppercase": True,
        "requireNumbers": True,
        "requireSymbols": True,
        "temporaryPasswordValidityDays": 3,
    },
    "schemas": [
        {
            "name": "tenant",
            "attributeDataType": "String",
            "mutable": False,
            "required": False,
            "developerOnlyAttribute": False,
            "stringAttributeConstraints": {"minLength": "1", "maxLength": "64"},
        }
    ],
}


def args(**changes: Any) -> UserPoolArgs:
    values = {"naming": NAMING, "name": "users", "mfa": "OPTIONAL", "token_minutes": 60, "sign_in_days": 30}
    return UserPoolArgs(**{**values, **changes})


def users(**changes: Any) -> StackGraph:
    return graph_of(lambda: UserPool("users", args(**changes)))


def test_pool_has_exactly_these_inputs() -> None:
    pool = only(users(), POOL)
    assert present(dict(pool.inputs)) == POOL_INPUTS
    assert (pool.name, pool.parent, options(pool)) == ("users-pool", URN, Options())


@pytest.mark.parametrize(
    ("mfa", "expected"),
    [
        ("OFF", {"mfaConfiguration": "OFF"}),
        ("ON", {"mfaConfiguration": "ON", "softwareTokenMfaConfiguration": {"enabled": True}}),
    ],
)
def test_one_time_codes_are_offered_unless_they_are_off(mfa: str, expected: dict[str, Any]) -> None:
    changed = {"mfaConfiguration", "softwareTokenMfaConfiguration"}
    rest = {key: value for key, value in POOL_INPUTS.items() if key not in changed}
    found = present(dict(only(users(mfa=mfa), POOL).inputs))
    assert found == {**rest, **expected}


def test_client_keeps_no_secret_and_cannot_write_the_tenant() -> None:
    client = only(users(token_minutes=15, sign_in_days=7), CLIENT)
    assert present(dict(client.inputs)) == {
        "name": "test-users-frontend",
        "userPoolId": UNKNOWN,
        "generateSecret": False,
        "explicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "supportedIdentityProviders": ["COGNITO"],
        "preventUserExistenceErrors": "ENABLED",
        "enableTokenRevocation": True,
        "accessTokenValidity": 15,
        "idTokenValidity": 15,
        "refreshTokenValidity": 7,
        "tokenValidityUnits": {"accessToken": "minutes", "idToken": "minutes", "refreshToken": "days"},
        "readAttributes": ["email", "email_verified", "name", "custom:tenant"],
        "writeAttributes": ["email", "name"],
    }
    assert (client.name, client.parent, needs(client)) == ("users-client", URN, {"userPoolId": ("users-pool",)})


def test_component_gives_pool_and_client() -> None:
    def program() -> None:
        made = UserPool("users", args())
        pulumi.export("all", [made.arn, made.pool_id, made.client_id])

    graph = graph_of(program)
    assert graph.outputs == {"all": [UNKNOWN, UNKNOWN, UNKNOWN]}
    assert graph.resources[URN].outputs == {"pool": UNKNOWN, "client": UNKNOWN}


def test_name_that_cognito_would_refuse_is_refused() -> None:
    def program() -> None:
        with pytest.raises(NameRefused, match="a user_pool name at most 128"):
            UserPool("users", args(naming=Naming("e" * 128)))

    graph_of(program)


def test_aws_takes_pool_and_client() -> None:
    rehearsal = rehearse(lambda: UserPool("users", args()) and None)
    assert (rehearsal.evaluation.mistakes, dict(rehearsal.simulated)) == ((), {})
    assert check(rehearsal.evaluation.graph) == []
