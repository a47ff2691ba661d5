"""Users of the application: how they sign in to Cognito, and what its clients may do."""

from __future__ import annotations

from plumbline.cognito import STANDARD_ATTRIBUTES
from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check,
    check_false,
    check_true,
    check_word,
    fail,
    is_true,
    rule,
    unknown,
)

_COGNITO = "https://docs.aws.amazon.com/cognito/latest/developerguide"
_POOL = "aws:cognito/userPool:UserPool"
_CLIENT = "aws:cognito/userPoolClient:UserPoolClient"


@rule(
    "LP-100",
    "cognito-requires-mfa",
    pack="least_privilege",
    types=(_POOL,),
    severity="medium",
    level="open",
    rationale="A password that leaked elsewhere opens no account that asks for a second factor.",
    url=f"{_COGNITO}/user-pool-settings-mfa.html",
    remediation='Set mfa_configuration="ON" with software_token_mfa_configuration={"enabled": True}.',
    controls=("Cognito.5", "AwsSolutions-COG2"),
    parameters={"allowed": ["ON"]},
)
def mfa(view: View) -> Outcome:
    """A second factor by text message alone can be taken over with the phone number."""
    kind = check_word(view, "mfaConfiguration", view.parameters["allowed"], default="OFF", known=("OFF", "OPTIONAL"))
    return all_of([kind, check_true(view, "softwareTokenMfaConfiguration.enabled")])


@rule(
    "LP-101",
    "cognito-threat-protection-is-on",
    pack="least_privilege",
    types=(_POOL,),
    severity="medium",
    level="open",
    rationale="Cognito then refuses sign-ins with leaked passwords and from places that do not fit the user.",
    url=f"{_COGNITO}/cognito-user-pool-settings-threat-protection.html",
    remediation='Set user_pool_add_ons={"advanced_security_mode": "ENFORCED"}, which needs the feature plan PLUS.',
    controls=("Cognito.1", "AwsSolutions-COG8"),
)
def threats(view: View) -> Outcome:
    path = "userPoolAddOns.advancedSecurityMode"
    return check_word(view, path, ("ENFORCED",), default="OFF", known=("OFF", "AUDIT"))


_CLASSES = ("requireLowercase", "requireUppercase", "requireNumbers", "requireSymbols")


@rule(
    "LP-102",
    "cognito-passwords-are-strong",
    pack="least_privilege",
    types=(_POOL,),
    severity="medium",
    rationale="Short or simple passwords are guessed, and a temporary one that stays valid waits to be found.",
    url=f"{_COGNITO}/managing-users-passwords.html",
    remediation="Set password_policy with minimum_length, all four kinds of characters and a short temporary validity.",
    controls=("Cognito.3", "AwsSolutions-COG1"),
    parameters={"shortest": 8, "temporary_days": 7},
)
def passwords(view: View) -> Outcome:
    """Without a policy Cognito takes its own, with 8 characters of all kinds; the property is all or nothing."""
    shortest, days = view.parameters["shortest"], view.parameters["temporary_days"]
    path = "passwordPolicy"
    if view.get(path) is None:
        return fail(path, "not set", "a password policy")
    outcomes = [
        check(view, f"{path}.minimumLength", lambda n: n >= shortest, f"{shortest} or more", default=0),
        check(view, f"{path}.temporaryPasswordValidityDays", lambda n: n <= days, f"{days} or fewer", default=7),
        *(check_true(view, f"{path}.{name}") for name in _CLASSES),
    ]
    return all_of(outcomes)


@rule(
    "LP-103",
    "cognito-identity-pool-refuses-guests",
    pack="least_privilege",
    types=("aws:cognito/identityPool:IdentityPool",),
    severity="medium",
    rationale="A guest gets credentials of AWS without saying who they are.",
    url=f"{_COGNITO}/identity-pools.html",
    remediation="Set allow_unauthenticated_identities=False and leave allow_classic_flow out.",
    controls=("Cognito.2", "CKV_AWS_366", "AwsSolutions-COG7"),
)
def guests(view: View) -> Outcome:
    return all_of([check_false(view, "allowUnauthenticatedIdentities"), check_false(view, "allowClassicFlow")])


_WEAK_FLOWS = ("ADMIN_NO_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH")
_HOURS = {"seconds": 1 / 3600, "minutes": 1 / 60, "hours": 1.0, "days": 24.0}


@rule(
    "LP-104",
    "cognito-client-keeps-credentials-safe",
    pack="least_privilege",
    types=(_CLIENT,),
    severity="medium",
    rationale="A client that sends passwords, puts tokens into addresses or tells who has an account helps attackers.",
    url=f"{_COGNITO}/user-pool-settings-client-apps.html",
    remediation='Sign in by SRP or code, revoke tokens; prevent_user_existence_errors="ENABLED", https addresses.',
    controls=("Cognito.3",),
    parameters={"flows": [], "access_hours": 1, "refresh_days": 30},
)
def client(view: View) -> Outcome:
    """`flows` are authentication flows that are meant although they send the password."""
    units = "tokenValidityUnits"
    return all_of(
        [
            *_flows(view),
            *_addresses(view),
            check_word(view, "preventUserExistenceErrors", ("ENABLED",), default="LEGACY", known=("LEGACY", "ENABLED")),
            check_true(view, "enableTokenRevocation", default=True),
            _validity(view, "accessTokenValidity", f"{units}.accessToken", view.parameters["access_hours"]),
            _validity(view, "idTokenValidity", f"{units}.idToken", view.parameters["access_hours"]),
            _validity(view, "refreshTokenValidity", f"{units}.refreshToken", view.parameters["refresh_days"] * 24),
        ]
    )


def _flows(view: View) -> list[Outcome]:
    meant = {str(each).upper() for each in view.parameters["flows"]}
    given = [(path, view.items(path)) for path in ("explicitAuthFlows", "allowedOauthFlows")]
    outcomes: list[Outcome] = []
    for path, items in given:
        if items is None or any(each is UNKNOWN for each in items):
            outcomes.append(unknown(path, "flows that keep the password and tokens safe"))
        weak = [each for each in items or () if isinstance(each, str) and each.upper() in (*_WEAK_FLOWS, "IMPLICIT")]
        shown = ", ".join(each for each in weak if each.upper() not in meant)
        if shown:
            outcomes.append(fail(path, shown, "flows that keep the password and tokens safe"))
    return outcomes


def _addresses(view: View) -> list[Outcome]:
    """Judge where tokens are sent: over TLS, or to an application on the same machine."""
    outcomes: list[Outcome] = []
    for path in ("callbackUrls", "logoutUrls"):
        urls = view.items(path)
        if urls is None or any(url is UNKNOWN for url in urls):
            outcomes.append(unknown(path, "https addresses"))
        for number, url in enumerate(urls or ()):
            plain = isinstance(url, str) and url.lower().startswith("http://")
            local = plain and url.lower().removeprefix("http://").split("/")[0].split(":")[0] == "localhost"
            if (plain and not local) or (isinstance(url, str) and "*" in url):
                outcomes.append(fail(f"{path}.{number}", "an address without TLS, or a pattern", "an https address"))
    return outcomes


def _validity(view: View, path: str, unit_path: str, most: float) -> Outcome:
    """Judge how long a token holds. Cognito's own periods are fine where nothing is set."""
    unit = view.get(unit_path, "days" if path.startswith("refresh") else "hours")
    if not view.is_set(path):
        return PASS
    if unit is UNKNOWN:
        return unknown(unit_path, "seconds, minutes, hours or days")
    factor = _HOURS.get(str(unit).lower(), 24.0)
    return check(view, path, lambda count: count * factor <= most, f"{most:g} hours or fewer")


@rule(
    "LP-105",
    "cognito-client-cannot-change-claims",
    pack="least_privilege",
    types=(_CLIENT,),
    severity="high",
    scope="stack",
    rationale="A pool's own attributes, such as the tenant, decide what a user may see: nobody may change their own.",
    url=f"{_COGNITO}/user-pool-settings-attributes.html",
    remediation="List standard attributes in write_attributes, and make the pool's own ones with mutable=False.",
    controls=("Cognito.3",),
    criteria=("TRADING-07.7a",),
    parameters={"attributes": []},
)
def claims(view: View) -> Outcome:
    """`attributes` are own ones that users are meant to change. Without a list, a client may change all that can be."""
    own = _own_attributes(view)
    meant = {f"custom:{str(each).removeprefix('custom:')}" for each in view.parameters["attributes"]}
    given, expected = view.items("writeAttributes"), "standard attributes only"
    if given is None:
        return unknown("writeAttributes", expected)
    if not given and not own - meant:
        return NOT_APPLICABLE
    if not given:
        return fail("writeAttributes", "not set", expected)
    wrong = [each for each in given if str(each).startswith(("custom:", "dev:")) and each not in meant]
    return fail("writeAttributes", f"{len(wrong)} of the pool's own", expected) if wrong else PASS


def _own_attributes(view: View) -> set[str]:
    """Return the attributes of the client's pool that are not standard ones and can change."""
    found: set[str] = set()
    for pool in view.of_type(_POOL):
        if view.refers_to("userPoolId", pool) is False:
            continue
        for number in range(len(pool.items("schemas") or ())):
            name, mutable = (pool.get(f"schemas.{number}.{key}") for key in ("name", "mutable"))
            if isinstance(name, str) and name not in STANDARD_ATTRIBUTES and is_true(mutable):
                found.add(f"custom:{name.removeprefix('custom:')}")
    return found
