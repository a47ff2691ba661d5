"""Wrong programs about Cognito and Timestream, and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_base import ACCOUNT, REGION, Wrong, function

BACK = "https://shop.example.com/back"
WEB = {
    "allowed_oauth_flows": ["code"],
    "allowed_oauth_flows_user_pool_client": True,
    "allowed_oauth_scopes": ["openid", "email"],
    "callback_urls": [BACK],
}
SERVER = {**WEB, "allowed_oauth_flows": ["client_credentials"], "allowed_oauth_scopes": ["orders/read"]}


def pool(**changes: Any) -> aws.cognito.UserPool:
    """A user pool in which users sign in with their e-mail address."""
    return aws.cognito.UserPool("users", **{"name": "users", "username_attributes": ["email"], **changes})


def client(**changes: Any) -> None:
    aws.cognito.UserPoolClient("web", **{"name": "web", "user_pool_id": pool().id, **changes})


def machine(*, depends: bool = True, scope: str = "read", **changes: Any) -> None:
    """A client that acts for itself, with the scopes of a resource server."""
    users = pool()
    server = aws.cognito.ResourceServer(
        "orders",
        identifier="orders",
        name="orders",
        user_pool_id=users.id,
        scopes=[{"scope_name": scope, "scope_description": "Orders"}],
    )
    opts = pulumi.ResourceOptions(depends_on=[server] if depends else [])
    whole = {"name": "machine", "user_pool_id": users.id, "generate_secret": True, **SERVER, **changes}
    aws.cognito.UserPoolClient("machine", opts=opts, **whole)


def scopes(*names: str) -> None:
    rows = [{"scope_name": name, "scope_description": "Orders"} for name in names]
    aws.cognito.ResourceServer("orders", identifier="orders", name="orders", user_pool_id=pool().id, scopes=rows)


def domain(name: str, **changes: Any) -> None:
    aws.cognito.UserPoolDomain("sign-in", domain=name, user_pool_id=pool().id, **changes)


def triggered(*, permitted: bool) -> None:
    """A pool that calls a function before a user signs up."""
    called = function()
    if permitted:
        aws.lambda_.Permission(
            "call",
            action="lambda:InvokeFunction",
            function=called.name,
            principal="cognito-idp.amazonaws.com",
            source_arn=f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/*",
        )
    pool(lambda_config={"pre_sign_up": called.arn})


def attribute(**changes: Any) -> dict[str, Any]:
    return {"name": "tenant", "attribute_data_type": "String", **changes}


def ways(*names: str) -> dict[str, Any]:
    return {"recovery_mechanisms": [{"name": name, "priority": 1} for name in names]}


def template(**changes: Any) -> None:
    pool(verification_message_template=changes)


def certificate(region: str) -> str:
    return f"arn:aws:acm:{region}:{ACCOUNT}:certificate/1"


def database(name: str = "market", **changes: Any) -> aws.timestreamwrite.Database:
    return aws.timestreamwrite.Database(name, **{"database_name": name, **changes})


def series(*, of: Any = None, times: int = 1, **changes: Any) -> None:
    """Tables of a database."""
    owner = of or database().database_name
    for index in range(times):
        retention = {"memory_store_retention_period_in_hours": 24, "magnetic_store_retention_period_in_days": 365}
        whole = {"database_name": owner, "table_name": "prices", "retention_properties": retention, **changes}
        aws.timestreamwrite.Table(f"prices-{index}", **whole)


def retention(hours: int, days: int) -> None:
    kept = {"memory_store_retention_period_in_hours": hours, "magnetic_store_retention_period_in_days": days}
    series(retention_properties=kept)


def rejected(location: Any, *, enabled: bool = True) -> None:
    properties = {"enable_magnetic_store_writes": enabled, "magnetic_store_rejected_data_location": location}
    series(magnetic_store_write_properties=properties)


def partitioned(**key: Any) -> None:
    series(schema={"composite_partition_key": key})


def _plain_database() -> None:
    database()
    series(of="market")


SSE = {"s3_configuration": {"bucket_name": "rejected", "encryption_option": "SSE_S3"}}
WRONG_COGNITO = [
    Wrong(
        "aliases and names",
        lambda: pool(alias_attributes=["email"]),
        "usernameAttributes",
        "given together with aliasAttributes",
    ),
    Wrong(
        "second factor without a way",
        lambda: pool(mfa_configuration="ON"),
        "mfaConfiguration",
        "'ON' given without a factor",
    ),
    Wrong(
        "codes from cognito's own address",
        lambda: pool(email_mfa_configuration={"subject": "Code"}),
        "emailMfaConfiguration",
        "codes by e-mail need emailSendingAccount DEVELOPER",
    ),
    Wrong(
        "address without identity",
        lambda: pool(email_configuration={"email_sending_account": "DEVELOPER"}),
        "emailConfiguration.sourceArn",
        "missing; emailSendingAccount DEVELOPER needs it",
    ),
    Wrong(
        "threat protection of a small tier",
        lambda: pool(user_pool_add_ons={"advanced_security_mode": "AUDIT"}),
        "userPoolAddOns.advancedSecurityMode",
        "tier ESSENTIALS has no threat protection",
    ),
    Wrong(
        "short passwords",
        lambda: pool(password_policy={"minimum_length": 5}),
        "passwordPolicy.minimumLength",
        "5 given; allowed: at least 6",
    ),
    Wrong(
        "required attribute",
        lambda: pool(schemas=[attribute(required=True)]),
        "schemas[0].required",
        "'tenant' is no standard attribute",
    ),
    Wrong(
        "attribute twice",
        lambda: pool(schemas=[attribute(), attribute()]),
        "schemas[1].name",
        "'tenant' is the name of another attribute",
    ),
    Wrong(
        "message twice",
        lambda: pool(email_verification_message="{####}", verification_message_template={"email_message": "{####}"}),
        "emailVerificationMessage",
        "given together with verificationMessageTemplate.emailMessage",
    ),
    Wrong(
        "message without code",
        lambda: template(email_message="Welcome"),
        "verificationMessageTemplate.emailMessage",
        "the place for the code",
    ),
    Wrong(
        "message without link",
        lambda: template(email_message_by_link="Welcome"),
        "verificationMessageTemplate.emailMessageByLink",
        "the place for the link",
    ),
    Wrong(
        "invitation without name",
        lambda: pool(admin_create_user_config={"invite_message_template": {"sms_message": "{####}"}}),
        "adminCreateUserConfig.inviteMessageTemplate.smsMessage",
        "{username} missing",
    ),
    Wrong(
        "recovery by all",
        lambda: pool(account_recovery_setting=ways("admin_only", "verified_email")),
        "accountRecoverySetting.recoveryMechanisms",
        "admin_only given with others",
        also=(("accountRecoverySetting.recoveryMechanisms", "two mechanisms have one priority"),),
    ),
    Wrong(
        "pool without permission",
        lambda: triggered(permitted=False),
        "lambdaConfig",
        "has no permission that lets cognito-idp.amazonaws.com call it",
    ),
    Wrong(
        "grant of oauth",
        lambda: client(**{**WEB, "allowed_oauth_flows": ["code", "password"]}),
        "allowedOauthFlows[1]",
        "'password' given; allowed: code, implicit",
    ),
    Wrong(
        "grants without oauth",
        lambda: client(**{**WEB, "allowed_oauth_flows_user_pool_client": None}),
        "allowedOauthFlowsUserPoolClient",
        "missing; allowedOauthFlows need true",
    ),
    Wrong(
        "grants without scopes",
        lambda: client(**{**WEB, "allowed_oauth_scopes": None}),
        "allowedOauthScopes",
        "missing; allowedOauthFlows need at least one",
    ),
    Wrong(
        "grants without address",
        lambda: client(**{**WEB, "callback_urls": None}),
        "callbackUrls",
        "missing; the grants code and implicit",
    ),
    Wrong(
        "credentials with others",
        lambda: machine(allowed_oauth_flows=["code", "client_credentials"]),
        "allowedOauthFlows",
        "client_credentials given with others",
    ),
    Wrong(
        "credentials without secret",
        lambda: machine(generate_secret=None),
        "generateSecret",
        "missing; client_credentials need a secret",
    ),
    Wrong(
        "scope",
        lambda: client(**{**WEB, "allowed_oauth_scopes": ["read"]}),
        "allowedOauthScopes[0]",
        "'read' given; allowed: phone, email",
    ),
    Wrong(
        "scope of no server",
        lambda: machine(allowed_oauth_scopes=["carts/read"]),
        "allowedOauthScopes[0]",
        "no resource server 'carts' in the stack",
    ),
    Wrong("scope that a server lacks", lambda: machine(scope="write"), "allowedOauthScopes[0]", "has no scope 'read'"),
    Wrong(
        "scope before its server", lambda: machine(depends=False), "allowedOauthScopes[0]", "without depending on it"
    ),
    Wrong(
        "address without tls",
        lambda: client(callback_urls=["http://shop.example.com"]),
        "callbackUrls[0]",
        "allowed: https://, http://localhost",
    ),
    Wrong(
        "default that is no address",
        lambda: client(**WEB, default_redirect_uri="https://shop.example.com"),
        "defaultRedirectUri",
        "allowed: one of callbackUrls",
    ),
    Wrong(
        "flow of authentication",
        lambda: client(explicit_auth_flows=["ALLOW_PASSWORD"]),
        "explicitAuthFlows[0]",
        "'ALLOW_PASSWORD' given; allowed: ALLOW_ADMIN",
    ),
    Wrong(
        "flows of two ages",
        lambda: client(explicit_auth_flows=["ALLOW_USER_SRP_AUTH", "USER_PASSWORD_AUTH"]),
        "explicitAuthFlows",
        "given together with USER_PASSWORD_AUTH",
    ),
    Wrong(
        "refresh and rotation",
        lambda: client(explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH"], refresh_token_rotation={"feature": "ENABLED"}),
        "explicitAuthFlows",
        "rotation of refresh tokens excludes it",
    ),
    Wrong(
        "token for two days",
        lambda: client(access_token_validity=48),
        "accessTokenValidity",
        "48 hours given; allowed: 300 to 86400 seconds",
    ),
    Wrong(
        "token longer than the refresh",
        lambda: client(id_token_validity=3, refresh_token_validity=2, token_validity_units={"refresh_token": "hours"}),
        "idTokenValidity",
        "longer than the refresh token lives",
    ),
    Wrong("prefix in capitals", lambda: domain("Shop"), "domain", "'Shop' given; allowed: 1 to 63 lower-case"),
    Wrong("prefix with aws", lambda: domain("shop-aws"), "domain", "aws is not allowed in a prefix"),
    Wrong(
        "prefix with certificate",
        lambda: domain("shop", certificate_arn=certificate("us-east-1")),
        "certificateArn",
        "is a prefix of Cognito's own domain",
    ),
    Wrong(
        "own domain without certificate",
        lambda: domain("id.example.com"),
        "certificateArn",
        "missing; 'id.example.com' is a domain of one's own",
    ),
    Wrong(
        "own domain with another certificate",
        lambda: domain("id.example.com", certificate_arn=certificate(REGION)),
        "certificateArn",
        "a certificate in us-east-1 is needed",
    ),
    Wrong(
        "scope twice", lambda: scopes("read", "read"), "scopes[1].scopeName", "'read' is the name of another scope too"
    ),
    Wrong("short name of a database", lambda: database("db"), "databaseName", "2 characters given; allowed: 3 to 64"),
    Wrong(
        "two tables of one name",
        lambda: series(times=2),
        "tableName",
        "'prices' is the name of aws:timestreamwrite/table:Table prices-0 too",
    ),
    Wrong(
        "database in another region",
        lambda: database(region="eu-north-1"),
        "region",
        "'eu-north-1' given; allowed: us-east-1",
    ),
    Wrong(
        "memory for ever",
        lambda: retention(8767, 365),
        "retentionProperties.memoryStoreRetentionPeriodInHours",
        "8767 given; allowed: at most 8766",
    ),
    Wrong(
        "magnetic store for nothing",
        lambda: retention(1, 0),
        "retentionProperties.magneticStoreRetentionPeriodInDays",
        "0 given; allowed: at least 1",
    ),
    Wrong(
        "rejected records without store",
        lambda: rejected(SSE, enabled=False),
        "magneticStoreWriteProperties.enableMagneticStoreWrites",
        "a place for rejected records needs true",
    ),
    Wrong(
        "rejected records without bucket",
        lambda: rejected({"s3_configuration": {"object_key_prefix": "a"}}),
        "magneticStoreWriteProperties.magneticStoreRejectedDataLocation",
        "no bucket named",
    ),
    Wrong(
        "key of rejected records",
        lambda: rejected({"s3_configuration": {**SSE["s3_configuration"], "kms_key_id": "key"}}),
        "magneticStoreWriteProperties.magneticStoreRejectedDataLocation.s3Configuration.kmsKeyId",
        "given, but SSE_S3 takes none",
    ),
    Wrong(
        "partition without name",
        lambda: partitioned(type="DIMENSION"),
        "schema.compositePartitionKey.name",
        "missing; a key of type DIMENSION needs it",
    ),
    Wrong(
        "partition by a named measure",
        lambda: partitioned(type="MEASURE", name="price"),
        "schema.compositePartitionKey.type",
        "MEASURE given, which takes no name",
    ),
    Wrong("table by the plain name of its database", _plain_database, "databaseName", "without depending on it"),
]
SOUND_COGNITO: dict[str, Callable[[], Any]] = {
    "pool": pool,
    "pool with second factor": lambda: pool(
        mfa_configuration="OPTIONAL", software_token_mfa_configuration={"enabled": True}
    ),
    "attributes": lambda: pool(schemas=[attribute(), attribute(name="email", required=True)]),
    "messages": lambda: template(email_message="Your code is {####}.", email_message_by_link="{##Click##}"),
    "threat protection": lambda: pool(user_pool_tier="PLUS", user_pool_add_ons={"advanced_security_mode": "ENFORCED"}),
    "recovery": lambda: pool(account_recovery_setting=ways("verified_email")),
    "pool that calls a function": lambda: triggered(permitted=True),
    "client": lambda: client(**WEB, default_redirect_uri=BACK),
    "client of an app": lambda: client(callback_urls=["shop://back", "http://localhost:3000/back"]),
    "client of a server": machine,
    "flows": lambda: client(explicit_auth_flows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]),
    "tokens": lambda: client(
        access_token_validity=5, token_validity_units={"access_token": "minutes"}, refresh_token_validity=30
    ),
    "prefix": lambda: domain("shop-1"),
    "own domain": lambda: domain("id.example.com", certificate_arn=certificate("us-east-1")),
    "series": series,
    "longest retention": lambda: retention(8766, 73_000),
    "rejected records": lambda: rejected(SSE),
    "partition": lambda: partitioned(type="DIMENSION", name="symbol", enforcement_in_record="REQUIRED"),
}
