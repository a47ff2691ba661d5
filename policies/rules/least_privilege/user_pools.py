"""User pools: who becomes a user, and what users may change of themselves."""

from __future__ import annotations

from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, all_of, fail, rule, unknown

_USERS = "aws:cognito/userPool:UserPool"


@rule(
    "LP-206",
    "cognito-tenant-is-fixed",
    pack="least_privilege",
    types=(_USERS,),
    severity="high",
    rationale="An attribute that says whose data a user sees must not change once an administrator has set it.",
    url="https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html",
    remediation="Set mutable=False for the attribute in schemas.",
    criteria=("TRADING-07.0",),
    parameters={"attributes": ["tenant", "tenant_id", "tenantid", "role", "roles", "group", "groups", "organization"]},
)
def tenant(view: View) -> Outcome:
    """`attributes` are those by which access is decided."""
    schemas = view.items("schemas")
    if schemas is None:
        return unknown("schemas", "attributes that cannot be changed")
    wanted = {str(each).lower() for each in view.parameters["attributes"]}
    outcomes: list[Outcome] = []
    for number, schema in enumerate(schemas):
        name = schema.get("name") if isinstance(schema, dict) else None
        if name is UNKNOWN and str(schema.get("mutable", True)).lower() != "false":
            outcomes.append(unknown(f"schemas.{number}.name", "attributes that cannot be changed"))
        if not isinstance(name, str) or name.lower().removeprefix("custom:") not in wanted:
            continue
        mutable, path = schema.get("mutable", True), f"schemas.{number}.mutable"
        if mutable is UNKNOWN:
            outcomes.append(unknown(path, "false"))
        else:
            outcomes.append(PASS if str(mutable).lower() == "false" else fail(path, "true", "false"))
    return all_of(outcomes)


@rule(
    "LP-207",
    "cognito-users-are-invited",
    pack="least_privilege",
    types=(_USERS,),
    severity="medium",
    level="open",
    rationale="Where anybody can sign up, anybody has a login, and with it whatever each user may see.",
    url="https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-admin-create-user-policy.html",
    remediation="Set admin_create_user_config.allow_admin_create_user_only=True.",
    parameters={"sign_up": False},
)
def invited(view: View) -> Outcome:
    """`sign_up` is for applications whose users come by themselves."""
    path = "adminCreateUserConfig.allowAdminCreateUserOnly"
    if view.parameters["sign_up"] is True:
        return NOT_APPLICABLE
    value = view.get(path, default=False)
    if value is UNKNOWN:
        return unknown(path, "true")
    return PASS if str(value).lower() == "true" else fail(path, "false", "true")


@rule(
    "LP-208",
    "cognito-addresses-are-verified",
    pack="least_privilege",
    types=(_USERS,),
    severity="medium",
    rationale="Whoever can write another's address into a profile gets the codes that reset its password.",
    url="https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-email-phone-verification.html",
    remediation="Set auto_verified_attributes and user_attribute_update_settings to the addresses of users.",
)
def verified(view: View) -> Outcome:
    """Only for pools whose users sign in by an address."""
    outcomes: list[Outcome] = []
    names: list[Any] = []
    for path in ("usernameAttributes", "aliasAttributes"):
        given = view.items(path)
        if given is None or UNKNOWN in given:
            outcomes.append(unknown(path, "addresses by which users sign in"))
        names += given or ()
    wanted = [name for name in ("email", "phone_number") if name in names]
    for path in ("autoVerifiedAttributes", "userAttributeUpdateSettings.attributesRequireVerificationBeforeUpdates"):
        given = view.items(path)
        for name in wanted:
            if given is None or UNKNOWN in given:
                outcomes.append(unknown(path, name))
            else:
                outcomes.append(PASS if name in given else fail(path, f"without {name}", name))
    return all_of(outcomes)
