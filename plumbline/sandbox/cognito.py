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
_POOL = (
    "accountRecoverySetting",
    "aliasAttributes",
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
    "usernameAttributes",
    "usernameConfiguration",
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
    policies = given(
        PasswordPolicy=_words(inputs.get("passwordPolicy")), SignInPolicy=_words(inputs.get("signInPolicy"))
    )
    made = client.create_user_pool(
        PoolName=inputs["name"],
        UserPoolTags=dict(inputs.get("tags") or {}),
        **_chosen(inputs, _POOL),
        **given(
            Policies=policies or None,
            Schema=_words(inputs.get("schemas")),
            AdminCreateUserConfig=_invitations(inputs.get("adminCreateUserConfig")),
        ),
    )["UserPool"]
    identity = made["Id"]
    _factors(client, identity, inputs)
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
        UserPoolId=pool, Identifier=identifier, Name=inputs["name"], Scopes=_words(scopes)
    )
    return f"{pool}|{identifier}", {"scopeIdentifiers": [f"{identifier}/{row['scopeName']}" for row in scopes]}


def _factors(client: Any, pool: str, inputs: Inputs) -> None:
    """Set by what users prove themselves besides a password. moto knows text messages and tokens of an app."""
    app = inputs.get("softwareTokenMfaConfiguration")
    messages = inputs.get("smsConfiguration")
    if not app and not inputs.get("mfaConfiguration"):
        return
    client.set_user_pool_mfa_config(
        UserPoolId=pool,
        MfaConfiguration=inputs.get("mfaConfiguration") or "OFF",
        **given(
            SoftwareTokenMfaConfiguration=_words(app),
            SmsMfaConfiguration=messages
            and given(
                SmsAuthenticationMessage=inputs.get("smsAuthenticationMessage"), SmsConfiguration=_words(messages)
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
    return {_word(name): _words(inputs[name]) for name in names if inputs.get(name) is not None}


def _words(value: Any) -> Any:
    """Return a nested input with the names that AWS gives its parts."""
    if isinstance(value, dict):
        return {_word(name): _words(part) for name, part in value.items() if part is not None}
    return [_words(part) for part in value] if isinstance(value, list) else value


def _word(name: str) -> str:
    return _WORDS.get(name) or name[0].upper() + name[1:]
