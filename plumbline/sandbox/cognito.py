"""Cognito user pools, their clients, domains and resource servers in the sandbox."""

from __future__ import annotations

from typing import Any

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given

_CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"  # the one zone of all CloudFront distributions
# Inputs that AWS calls by another name than theirs with a capital letter.
_WORDS = {
    "allowedOauthFlows": "AllowedOAuthFlows",
    "allowedOauthFlowsUserPoolClient": "AllowedOAuthFlowsUserPoolClient",
    "allowedOauthScopes": "AllowedOAuthScopes",
    "attributesRequireVerificationBeforeUpdates": "AttributesRequireVerificationBeforeUpdate",
    "callbackUrls": "CallbackURLs",
    "customSmsSender": "CustomSMSSender",
    "defaultRedirectUri": "DefaultRedirectURI",
    "fromEmailAddress": "From",
    "kmsKeyId": "KMSKeyID",
    "logoutUrls": "LogoutURLs",
}
_ONLY_AT_FIRST = ("aliasAttributes", "usernameAttributes", "usernameConfiguration")
_POOL = (
    "accountRecoverySetting",
    "autoVerifiedAttributes",
    "deletionProtection",
    "deviceConfiguration",
    "emailConfiguration",
    "emailVerificationMessage",
    "emailVerificationSubject",
    "lambdaConfig",
    "smsAuthenticationMessage",
    "smsConfiguration",
    "smsVerificationMessage",
    "userAttributeUpdateSettings",
    "userPoolAddOns",
    "userPoolTier",
    "verificationMessageTemplate",
)
_CLIENT = (
    "accessTokenValidity",
    "allowedOauthFlows",
    "allowedOauthFlowsUserPoolClient",
    "allowedOauthScopes",
    "analyticsConfiguration",
    "authSessionValidity",
    "callbackUrls",
    "defaultRedirectUri",
    "enablePropagateAdditionalUserContextData",
    "enableTokenRevocation",
    "explicitAuthFlows",
    "idTokenValidity",
    "logoutUrls",
    "preventUserExistenceErrors",
    "readAttributes",
    "refreshTokenRotation",
    "refreshTokenValidity",
    "supportedIdentityProviders",
    "tokenValidityUnits",
    "writeAttributes",
)


@adapter("aws:cognito/userPool:UserPool")
def user_pool(context: Context, inputs: Inputs) -> Created:
    client = context.client("cognito-idp", inputs)
    made = client.create_user_pool(PoolName=inputs["name"], **pool_settings(inputs), **_only_at_first(inputs))[
        "UserPool"
    ]
    identity = made["Id"]
    set_factors(client, identity, inputs)
    region = inputs.get("region") or context.region
    outputs = {
        "arn": made["Arn"],
        "endpoint": f"cognito-idp.{region}.amazonaws.com/{identity}",
        "estimatedNumberOfUsers": made["EstimatedNumberOfUsers"],
    }
    return identity, outputs


@adapter("aws:cognito/userPoolClient:UserPoolClient")
def user_pool_client(context: Context, inputs: Inputs) -> Created:
    made = context.client("cognito-idp", inputs).create_user_pool_client(
        UserPoolId=inputs["userPoolId"],
        ClientName=inputs["name"],
        GenerateSecret=bool(inputs.get("generateSecret")),
        **_chosen(inputs, _CLIENT),
    )["UserPoolClient"]
    return made["ClientId"], given(clientSecret=made.get("ClientSecret"))


@adapter("aws:cognito/userPoolDomain:UserPoolDomain")
def user_pool_domain(context: Context, inputs: Inputs) -> Created:
    client = context.client("cognito-idp", inputs)
    domain = inputs["domain"]
    certificate = inputs.get("certificateArn")
    # moto does not keep the version of the login pages.
    client.create_user_pool_domain(
        Domain=domain,
        UserPoolId=inputs["userPoolId"],
        **given(CustomDomainConfig=certificate and {"CertificateArn": certificate}),
    )
    distribution = client.describe_user_pool_domain(Domain=domain)["DomainDescription"]["CloudFrontDistribution"]
    outputs = {
        # moto tells an account made up at each question.
        "awsAccountId": context.account_id,
        "cloudfrontDistribution": distribution,
        "cloudfrontDistributionArn": distribution,  # the provider's old name for the same address
        "cloudfrontDistributionZoneId": _CLOUDFRONT_ZONE,
    }
    return domain, outputs


@adapter("aws:cognito/resourceServer:ResourceServer")
def resource_server(context: Context, inputs: Inputs) -> Created:
    pool, identifier = inputs["userPoolId"], inputs["identifier"]
    scopes = inputs.get("scopes") or []
    context.client("cognito-idp", inputs).create_resource_server(
        UserPoolId=pool, Identifier=identifier, Name=inputs["name"], Scopes=words(scopes)
    )
    return f"{pool}|{identifier}", {"scopeIdentifiers": [f"{identifier}/{row['scopeName']}" for row in scopes]}


def pool_settings(inputs: Inputs) -> dict[str, Any]:
    """Return what a pool is set to, at its creation and at each change."""
    policies = given(PasswordPolicy=words(inputs.get("passwordPolicy")), SignInPolicy=words(inputs.get("signInPolicy")))
    return {
        "UserPoolTags": dict(inputs.get("tags") or {}),
        **_chosen(inputs, _POOL),
        **given(Policies=policies or None, AdminCreateUserConfig=_invitations(inputs.get("adminCreateUserConfig"))),
    }


def _only_at_first(inputs: Inputs) -> dict[str, Any]:
    return {**_chosen(inputs, _ONLY_AT_FIRST), **given(Schema=words(inputs.get("schemas")))}


def set_factors(client: Any, pool: str, inputs: Inputs) -> None:
    """Set by what users prove themselves besides a password. moto knows text messages and tokens of an app."""
    app = inputs.get("softwareTokenMfaConfiguration")
    messages = inputs.get("smsConfiguration")
    if not app and not inputs.get("mfaConfiguration"):
        return
    client.set_user_pool_mfa_config(
        UserPoolId=pool,
        MfaConfiguration=inputs.get("mfaConfiguration") or "OFF",
        **given(
            SoftwareTokenMfaConfiguration=words(app),
            SmsMfaConfiguration=messages
            and given(
                SmsAuthenticationMessage=inputs.get("smsAuthenticationMessage"), SmsConfiguration=words(messages)
            ),
        ),
    )


def _invitations(settings: Inputs | None) -> dict[str, Any] | None:
    if not settings:
        return None
    message = settings.get("inviteMessageTemplate")
    return given(
        AllowAdminCreateUserOnly=settings.get("allowAdminCreateUserOnly"),
        # Only here AWS writes SMS in capitals.
        InviteMessageTemplate=message
        and given(
            EmailMessage=message.get("emailMessage"),
            EmailSubject=message.get("emailSubject"),
            SMSMessage=message.get("smsMessage"),
        ),
    )


def _chosen(inputs: Inputs, names: tuple[str, ...]) -> dict[str, Any]:
    return {_word(name): words(inputs[name]) for name in names if inputs.get(name) is not None}


def words(value: Any) -> Any:
    """Return a nested input with the names that AWS gives its parts."""
    if isinstance(value, dict):
        return {_word(name): words(part) for name, part in value.items() if part is not None}
    return [words(part) for part in value] if isinstance(value, list) else value


def _word(name: str) -> str:
    return _WORDS.get(name) or name[0].upper() + name[1:]
