"""User pools: users are made as the pool's policy says, sign in, and nobody makes one for themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from plumbline.graph import Resource
from plumbline.probing.model import ProbeContext, Trial, judged, probe, trial, value

POOL = "aws:cognito/userPool:UserPool"
_CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
_GROUP = "users"
_USER = "probe@example.com"
_WEAK = "probe"
_WHY = "moto takes every sign-up, whoever may make users"


@probe(_GROUP, POOL)
def user_is_made(context: ProbeContext, pool: Resource) -> Iterator[Trial]:
    """A user is made with a password as the policy asks for, and not with another."""
    client, identity = context.client("cognito-idp", pool), pool.id
    client.admin_create_user(
        UserPoolId=identity,
        Username=_USER,
        UserAttributes=[{"Name": "email", "Value": _USER}],
        MessageAction="SUPPRESS",
    )
    context.undo(client.admin_delete_user, UserPoolId=identity, Username=_USER)
    found = client.admin_get_user(UserPoolId=identity, Username=_USER)
    yield trial(found["Enabled"], "make a user", f"the user is {found['UserStatus']}", "the user is off")
    problem = _set_password(client, identity, _WEAK)
    yield trial(bool(problem), "give them a weak password", f"refused: {problem}", "the pool takes it")
    problem = _set_password(client, identity, _strong(pool))
    yield trial(not problem, "give them a strong password", "the pool takes it", f"refused: {problem}")


@probe(_GROUP, POOL, where=lambda pool: value(pool, "adminCreateUserConfig.allowAdminCreateUserOnly"), optional=True)
def nobody_signs_up(context: ProbeContext, pool: Resource) -> Iterator[Trial]:
    """Where administrators make users, nobody makes one for themselves."""
    found = context.client("cognito-idp", pool).describe_user_pool(UserPoolId=pool.id)["UserPool"]
    closed = (found.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly") is True
    yield judged(closed, "sign up without an administrator", _WHY, "the pool does not allow it", "the pool allows it")


@probe(_GROUP, _CLIENT)
def client_of_pool(context: ProbeContext, client: Resource) -> Iterator[Trial]:
    """An application's client belongs to a pool that exists, and passwords never reach it in the clear."""
    found = context.client("cognito-idp", client).describe_user_pool_client(
        UserPoolId=value(client, "userPoolId"), ClientId=client.id
    )["UserPoolClient"]
    flows = sorted(found.get("ExplicitAuthFlows", []))
    clear = [flow for flow in flows if flow.endswith("USER_PASSWORD_AUTH") or flow == "ADMIN_NO_SRP_AUTH"]
    yield trial(not clear, "ask how users sign in", ", ".join(flows), f"by {', '.join(clear)}")
    wanted = sorted(value(client, "explicitAuthFlows", []))
    yield trial(flows == wanted, "compare with the stack", "as the stack says", f"{flows}, not {wanted}")


def _set_password(client: Any, pool: str, password: str) -> str:
    """Set the password of the probe's user; return the code of the refusal, "" where there is none."""
    try:
        client.admin_set_user_password(UserPoolId=pool, Username=_USER, Password=password, Permanent=True)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""


def _strong(pool: Resource) -> str:
    """Return a password with every kind of character, as long as the policy asks for."""
    return "Aa1!".ljust(int(value(pool, "passwordPolicy.minimumLength", 8)), "x")
