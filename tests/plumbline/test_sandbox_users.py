"""The in-process AWS holds the user pools that a program declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from tests.plumbline.rehearsals import ACCOUNT, REGION, part, readers, rehearse

TEAM = {"Owner": "team"}
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:check"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
CERTIFICATE = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555"
POOL: dict[str, Any] = {
    "Id": None,
    "Arn": None,
    "Name": "users",
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
    "AdminCreateUserConfig": {
        "AllowAdminCreateUserOnly": True,
        "InviteMessageTemplate": {
            "EmailMessage": "{username} {####}",
            "EmailSubject": "Welcome",
            "SMSMessage": "{username} {####}",
        },
    },
    "AutoVerifiedAttributes": ["email"],
    "DeletionProtection": "ACTIVE",
    "EmailConfiguration": {"EmailSendingAccount": "DEVELOPER", "From": "a@example.com"},
    "LambdaConfig": {"PreSignUp": FUNCTION, "KMSKeyID": KEY},
    "MfaConfiguration": "OPTIONAL",
    "Policies": {"PasswordPolicy": {"MinimumLength": 14, "RequireSymbols": True, "TemporaryPasswordValidityDays": 3}},
    "SchemaAttributes": [
        {
            "Name": "custom:desk",
            "AttributeDataType": "String",
            "DeveloperOnlyAttribute": False,
            "Mutable": True,
            "Required": False,
            "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "10"},
        }
    ],
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
    "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
    "UserPoolTags": TEAM,
    "UsernameAttributes": ["email"],
    "UsernameConfiguration": {"CaseSensitive": False},
}
SERVICE: dict[str, Any] = {
    "ClientId": None,
    "ClientName": "service",
    "AllowedOAuthFlows": ["client_credentials"],
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthScopes": ["orders/write"],
    "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
    "AccessTokenValidity": 5,
    "TokenValidityUnits": {"AccessToken": "minutes"},
}
PAGE: dict[str, Any] = {
    "ClientId": None,
    "ClientName": "page",
    "CallbackURLs": ["https://example.com/in"],
    "LogoutURLs": ["https://example.com/out"],
    "DefaultRedirectURI": "https://example.com/in",
    "PreventUserExistenceErrors": "ENABLED",
}


def users() -> None:
    """Register a user pool with all that belongs to one."""
    provider = aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT])
    opts = pulumi.ResourceOptions(provider=provider)
    pool = aws.cognito.UserPool(
        "pool",
        name="users",
        account_recovery_setting={"recovery_mechanisms": [{"name": "verified_email", "priority": 1}]},
        admin_create_user_config={
            "allow_admin_create_user_only": True,
            "invite_message_template": {
                "email_message": "{username} {####}",
                "email_subject": "Welcome",
                "sms_message": "{username} {####}",
            },
        },
        auto_verified_attributes=["email"],
        deletion_protection="ACTIVE",
        email_configuration={"email_sending_account": "DEVELOPER", "from_email_address": "a@example.com"},
        lambda_config={"pre_sign_up": FUNCTION, "kms_key_id": KEY},
        mfa_configuration="OPTIONAL",
        software_token_mfa_configuration={"enabled": True},
        password_policy={"minimum_length": 14, "require_symbols": True, "temporary_password_validity_days": 3},
        schemas=[
            {
                "attribute_data_type": "String",
                "name": "desk",
                "mutable": True,
                "string_attribute_constraints": {"min_length": "1", "max_length": "10"},
            }
        ],
        user_attribute_update_settings={"attributes_require_verification_before_updates": ["email"]},
        user_pool_add_ons={"advanced_security_mode": "ENFORCED"},
        username_attributes=["email"],
        username_configuration={"case_sensitive": False},
        tags=TEAM,
        opts=opts,
    )
    server = aws.cognito.ResourceServer(
        "server",
        identifier="orders",
        name="Orders",
        user_pool_id=pool.id,
        scopes=[{"scope_name": "write", "scope_description": "Write orders"}],
        opts=opts,
    )
    aws.cognito.UserPoolClient(
        "service",
        name="service",
        user_pool_id=pool.id,
        generate_secret=True,
        allowed_oauth_flows=["client_credentials"],
        allowed_oauth_flows_user_pool_client=True,
        allowed_oauth_scopes=server.scope_identifiers,
        explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH"],
        access_token_validity=5,
        token_validity_units={"access_token": "minutes"},
        opts=opts,
    )
    aws.cognito.UserPoolClient(
        "page",
        name="page",
        user_pool_id=pool.id,
        callback_urls=["https://example.com/in"],
        logout_urls=["https://example.com/out"],
        default_redirect_uri="https://example.com/in",
        prevent_user_existence_errors="ENABLED",
        opts=opts,
    )
    aws.cognito.UserPoolDomain("login", domain="team-login", user_pool_id=pool.id, opts=opts)
    aws.cognito.UserPoolDomain(
        "own", domain="login.example.com", certificate_arn=CERTIFICATE, user_pool_id=pool.id, opts=opts
    )


def look() -> dict[str, Any]:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION)
    cognito = session.client("cognito-idp")
    (pool,) = cognito.list_user_pools(MaxResults=5)["UserPools"]
    of_pool = {"UserPoolId": pool["Id"]}
    clients = cognito.list_user_pool_clients(**of_pool, MaxResults=5)["UserPoolClients"]
    return {
        "pool": cognito.describe_user_pool(**of_pool)["UserPool"],
        "factors": cognito.get_user_pool_mfa_config(**of_pool),
        "server": cognito.describe_resource_server(**of_pool, Identifier="orders")["ResourceServer"],
        "clients": {
            row["ClientName"]: cognito.describe_user_pool_client(**of_pool, ClientId=row["ClientId"])["UserPoolClient"]
            for row in clients
        },
        "login": cognito.describe_user_pool_domain(Domain="team-login")["DomainDescription"],
        "own": cognito.describe_user_pool_domain(Domain="login.example.com")["DomainDescription"],
    }


whole, seen, identity, outputs = readers(users, look)


def test_nothing_of_a_user_pool_is_only_simulated() -> None:
    assert whole().simulated == {}


def test_a_user_pool_has_its_settings() -> None:
    pool = identity("pool")
    arn = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{pool}"
    assert part(seen("pool"), POOL) == {**POOL, "Id": pool, "Arn": arn}
    expected = {"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
    assert part(seen("factors"), expected) == expected
    assert pool.startswith(f"{REGION}_")
    assert outputs("pool") == {
        "arn": arn,
        "endpoint": f"cognito-idp.{REGION}.amazonaws.com/{pool}",
        "estimatedNumberOfUsers": 0,
    }


def test_clients_of_a_user_pool() -> None:
    service = seen("clients")["service"]
    assert part(service, SERVICE) == {**SERVICE, "ClientId": identity("service")}
    assert outputs("service") == {"clientSecret": service["ClientSecret"]}
    page = seen("clients")["page"]
    assert part(page, PAGE) == {**PAGE, "ClientId": identity("page")}
    assert ("ClientSecret" in page, outputs("page")) == (False, {})


def test_a_user_pool_has_scopes_and_an_address() -> None:
    pool = identity("pool")
    scopes = [{"ScopeName": "write", "ScopeDescription": "Write orders"}]
    assert seen("server") == {"UserPoolId": pool, "Identifier": "orders", "Name": "Orders", "Scopes": scopes}
    assert identity("server") == f"{pool}|orders"
    assert outputs("server") == {"scopeIdentifiers": ["orders/write"]}
    assert (seen("login")["Domain"], seen("login")["UserPoolId"]) == ("team-login", pool)
    assert identity("login") == "team-login"
    for name in ("login", "own"):
        address = seen(name)["CloudFrontDistribution"]
        assert outputs(name) == {
            "awsAccountId": ACCOUNT,
            "cloudfrontDistribution": address,
            "cloudfrontDistributionArn": address,
            "cloudfrontDistributionZoneId": "Z2FDTNDATAQYW2",
        }
    assert seen("own")["CloudFrontDistribution"].endswith(".cloudfront.net")


def test_the_same_user_pool_twice_has_the_same_ids() -> None:
    again = rehearse(users)
    assert again.evaluation.mistakes == ()
    for first, second in zip(whole().evaluation.graph, again.evaluation.graph, strict=True):
        assert (first.urn, first.id, dict(first.outputs)) == (second.urn, second.id, dict(second.outputs))


def no_pool() -> None:
    aws.cognito.UserPoolClient("it", name="client", user_pool_id="eu-west-1_none")


def factors_of_no_kind() -> None:
    aws.cognito.UserPool("it", name="users", mfa_configuration="ON")


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (no_pool, "ResourceNotFoundException: "),
        (factors_of_no_kind, "InvalidParameterException: "),
    ],
)
def test_a_mistake_is_one_line(program: Callable[[], None], words: str) -> None:
    (line,) = rehearse(program).evaluation.mistakes
    assert f" it: {words}" in line
    assert "\n" not in line
