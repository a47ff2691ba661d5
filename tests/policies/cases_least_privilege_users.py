"""Fixtures of rules about Cognito."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, Program, changed, made

POOL = made(
    "aws:cognito/userPool:UserPool",
    mfaConfiguration="ON",
    softwareTokenMfaConfiguration={"enabled": True},
    userPoolAddOns={"advancedSecurityMode": "ENFORCED"},
    passwordPolicy={
        "minimumLength": 12,
        "requireLowercase": True,
        "requireNumbers": True,
        "requireSymbols": True,
        "requireUppercase": True,
        "temporaryPasswordValidityDays": 3,
    },
)
FACTOR, APPLICATION = "mfaConfiguration", "softwareTokenMfaConfiguration"
MFA = Cases(
    rule="cognito-requires-mfa",
    good={"on": [POOL], "lower case": [changed(POOL, {FACTOR: "on"})]},
    bad={
        "off": ([changed(POOL, {FACTOR: "OFF"})], (FACTOR,)),
        "not set": ([changed(POOL, {FACTOR: GONE})], (FACTOR,)),
        "as the user likes": ([changed(POOL, {FACTOR: "OPTIONAL"})], (FACTOR,)),
        "by message alone": ([changed(POOL, {APPLICATION: GONE})], (f"{APPLICATION}.enabled",)),
        "application off": ([changed(POOL, {APPLICATION: {"enabled": False}})], (f"{APPLICATION}.enabled",)),
    },
    unknown={"mode": ([changed(POOL, {FACTOR: UNKNOWN})], (FACTOR,))},
    always=True,
)

MODE = "userPoolAddOns.advancedSecurityMode"
THREATS = Cases(
    rule="cognito-threat-protection-is-on",
    good={"on": [POOL]},
    bad={
        "off": ([changed(POOL, {MODE: "OFF"})], (MODE,)),
        "only reports": ([changed(POOL, {MODE: "AUDIT"})], (MODE,)),
        "not set": ([changed(POOL, {"userPoolAddOns": GONE})], (MODE,)),
    },
    unknown={"mode": ([changed(POOL, {MODE: UNKNOWN})], (MODE,))},
    always=True,
)

RULES = "passwordPolicy"
TEMPORARY = f"{RULES}.temporaryPasswordValidityDays"
PASSWORDS = Cases(
    rule="cognito-passwords-are-strong",
    good={
        "all": [POOL],
        "shortest": [changed(POOL, {f"{RULES}.minimumLength": 8.0})],
        "longest wait": [changed(POOL, {TEMPORARY: 7})],
        "default wait": [changed(POOL, {TEMPORARY: GONE})],
    },
    bad={
        "not set": ([changed(POOL, {RULES: GONE})], (RULES,)),
        "short": ([changed(POOL, {f"{RULES}.minimumLength": 7})], (f"{RULES}.minimumLength",)),
        "no length": ([changed(POOL, {f"{RULES}.minimumLength": GONE})], (f"{RULES}.minimumLength",)),
        "text": ([changed(POOL, {f"{RULES}.minimumLength": "long"})], (f"{RULES}.minimumLength",)),
        "long wait": ([changed(POOL, {TEMPORARY: 8})], (TEMPORARY,)),
        **{
            kind: ([changed(POOL, {f"{RULES}.{kind}": value})], (f"{RULES}.{kind}",))
            for kind, value in {
                "requireLowercase": False,
                "requireUppercase": GONE,
                "requireNumbers": "false",
                "requireSymbols": None,
            }.items()
        },
    },
    unknown={"length": ([changed(POOL, {f"{RULES}.minimumLength": UNKNOWN})], (f"{RULES}.minimumLength",))},
    always=True,
)

IDENTITIES = made("aws:cognito/identityPool:IdentityPool", allowUnauthenticatedIdentities=False)
GUESTS, CLASSIC = "allowUnauthenticatedIdentities", "allowClassicFlow"
GUEST = Cases(
    rule="cognito-identity-pool-refuses-guests",
    good={"refused": [IDENTITIES], "default": [changed(IDENTITIES, {GUESTS: GONE})]},
    bad={
        "allowed": ([changed(IDENTITIES, {GUESTS: True})], (GUESTS,)),
        "text": ([changed(IDENTITIES, {GUESTS: "true"})], (GUESTS,)),
        "old flow": ([changed(IDENTITIES, {CLASSIC: True})], (CLASSIC,)),
    },
    unknown={"guests": ([changed(IDENTITIES, {GUESTS: UNKNOWN})], (GUESTS,))},
    always=True,
)

CLIENT = made(
    "aws:cognito/userPoolClient:UserPoolClient",
    explicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    allowedOauthFlows=["code"],
    callbackUrls=["https://app.example.com/signed-in", "http://localhost:3000/signed-in"],
    preventUserExistenceErrors="ENABLED",
    enableTokenRevocation=True,
    accessTokenValidity=60,
    refreshTokenValidity=7,
    tokenValidityUnits={"accessToken": "minutes", "refreshToken": "days"},
)
FLOWS, OAUTH, TELLS = "explicitAuthFlows", "allowedOauthFlows", "preventUserExistenceErrors"
ACCESS, IDENTITY, REFRESH = "accessTokenValidity", "idTokenValidity", "refreshTokenValidity"


def periods(**units_and_counts: Any) -> Program:
    """Return a client whose tokens hold for some periods, as `access=(60, "minutes")`; None for no unit."""
    names = {"access": ACCESS, "id": IDENTITY, "refresh": REFRESH}
    given = {f"{kind}Token": unit for kind, (_, unit) in units_and_counts.items() if unit is not None}
    bare = changed(CLIENT, {ACCESS: GONE, REFRESH: GONE, "tokenValidityUnits": given})
    return [changed(bare, {names[kind]: count for kind, (count, _) in units_and_counts.items()})]


CLIENTS = Cases(
    rule="cognito-client-keeps-credentials-safe",
    good={
        "safe": [CLIENT],
        "default periods": [
            changed(CLIENT, {"accessTokenValidity": GONE, "refreshTokenValidity": GONE, "tokenValidityUnits": GONE})
        ],
        **{
            f"{count} {unit} of {kind}": periods(**{kind: (count, unit)})
            for kind, count, unit in (
                *(("access", 3600, "seconds"), ("access", 60, "minutes"), ("access", 1, "hours"), ("access", 1, None)),
                *(("id", 1, "Hours"), ("id", 60, "minutes"), ("refresh", 30, None), ("refresh", 720, "hours")),
            )
        },
        "the same machine": [changed(CLIENT, {"callbackUrls": ["http://localhost/in", "http://LOCALHOST:80/in"]})],
        "default revocation": [changed(CLIENT, {"enableTokenRevocation": GONE})],
    },
    bad={
        "password": ([changed(CLIENT, {FLOWS: ["ALLOW_USER_PASSWORD_AUTH"]})], (FLOWS,)),
        "password, oldest": ([changed(CLIENT, {FLOWS: ["user_password_auth"]})], (FLOWS,)),
        **{
            f"{count} {unit} of {kind}": (periods(**{kind: (count, unit)}), (path,))
            for kind, count, unit, path in (
                *(("access", 3601, "seconds", ACCESS), ("access", 61, "minutes", ACCESS), ("access", 2, None, ACCESS)),
                *(("id", 2, "hours", IDENTITY), ("id", 61, "minutes", IDENTITY), ("access", 1, "weeks", ACCESS)),
                *(("refresh", 31, None, REFRESH), ("refresh", 721, "hours", REFRESH), ("access", 1, "days", ACCESS)),
            )
        },
        "pattern": ([changed(CLIENT, {"callbackUrls": ["https://*.example.com"]})], ("callbackUrls.0",)),
        "password, old": ([changed(CLIENT, {FLOWS: ["ADMIN_NO_SRP_AUTH"]})], (FLOWS,)),
        "implicit": ([changed(CLIENT, {OAUTH: ["code", "implicit"]})], (OAUTH,)),
        "tells who there is": ([changed(CLIENT, {TELLS: "LEGACY"})], (TELLS,)),
        "default": ([changed(CLIENT, {TELLS: GONE})], (TELLS,)),
        "never revoked": ([changed(CLIENT, {"enableTokenRevocation": False})], ("enableTokenRevocation",)),
        "no TLS": ([changed(CLIENT, {"callbackUrls": ["http://app.example.com"]})], ("callbackUrls.0",)),
        "looks local": ([changed(CLIENT, {"logoutUrls": ["http://localhost.example.com"]})], ("logoutUrls.0",)),
        "days": ([changed(CLIENT, {"tokenValidityUnits.accessToken": "days"})], ("accessTokenValidity",)),
        "a day": (
            [changed(CLIENT, {"accessTokenValidity": 24, "tokenValidityUnits": GONE, "refreshTokenValidity": GONE})],
            ("accessTokenValidity",),
        ),
        "a year": ([changed(CLIENT, {"refreshTokenValidity": 365})], ("refreshTokenValidity",)),
    },
    unknown={
        "flows": ([changed(CLIENT, {FLOWS: UNKNOWN})], (FLOWS,)),
        "flow": ([changed(CLIENT, {FLOWS: [UNKNOWN]})], (FLOWS,)),
        "unit": (
            [changed(CLIENT, {"accessTokenValidity": 30, "tokenValidityUnits": {"accessToken": UNKNOWN}})],
            ("tokenValidityUnits.accessToken",),
        ),
        "address": ([changed(CLIENT, {"callbackUrls": [UNKNOWN]})], ("callbackUrls",)),
    },
    always=True,
)

OWN_POOL = made(
    POOL.type,
    "pool",
    schemas=[{"name": "tenant", "mutable": True}, {"name": "email", "mutable": True}, {"name": "plan"}],
)
OTHER_POOL = made(POOL.type, "other", schemas=[{"name": "tenant", "mutable": True}])
PLAIN_POOL = made(POOL.type, "plain", schemas=[{"name": "email", "mutable": True}])
# https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims
OF_OPENID = (
    *("sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile"),
    *("picture", "website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number"),
    *("phone_number_verified", "address", "updated_at"),
)
FRONTEND = made(CLIENT.type, "frontend", refers={"userPoolId": OWN_POOL}, writeAttributes=["email", "name"])
WRITES = "writeAttributes"
CLAIMS = Cases(
    rule="cognito-client-cannot-change-claims",
    parameters={"attributes": ["nickname_colour", "custom:plan"]},
    good={
        "standard": [FRONTEND, OWN_POOL],
        "meant": [changed(FRONTEND, {WRITES: ["email", "custom:nickname_colour", "custom:plan"]}), OWN_POOL],
    },
    bad={
        "tenant": ([changed(FRONTEND, {WRITES: ["email", "custom:tenant"]}), OWN_POOL], (WRITES,)),
        "developer's": ([changed(FRONTEND, {WRITES: ["dev:role"]}), OWN_POOL], (WRITES,)),
        "all": ([changed(FRONTEND, {WRITES: GONE}), OWN_POOL], (WRITES,)),
        "all, another pool before": ([changed(FRONTEND, {WRITES: GONE}), PLAIN_POOL, OWN_POOL], (WRITES,)),
    },
    unknown={"attributes": ([changed(FRONTEND, {WRITES: UNKNOWN}), OWN_POOL], (WRITES,))},
    skipped={
        "all, and all standard": [
            changed(FRONTEND, {WRITES: GONE}),
            changed(OWN_POOL, {"schemas": [{"name": name, "mutable": True} for name in OF_OPENID]}),
        ],
        "all, and own ones that are meant": [
            changed(FRONTEND, {WRITES: GONE}),
            changed(OWN_POOL, {"schemas": [{"name": "custom:plan", "mutable": True}]}),
        ],
        "all, beside another pool": [
            changed(FRONTEND, {WRITES: GONE}),
            changed(OWN_POOL, {"schemas": []}),
            OTHER_POOL,
        ],
        "all, of a pool without own ones": [
            changed(FRONTEND, {WRITES: GONE}),
            changed(OWN_POOL, {"schemas": [{"name": "email", "mutable": True}, {"name": "plan", "mutable": False}]}),
        ],
    },
)

CASES: list[Cases] = [MFA, THREATS, PASSWORDS, GUEST, CLIENTS, CLAIMS]
