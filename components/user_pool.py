"""The user pool whose tokens the API accepts: users with a tenant, made by administrators only (requirement 07)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.naming import Naming

TENANT = "tenant"  # the custom attribute; in a token the claim is custom:tenant
_PASSWORD_LENGTH = 12
_INVITATION_DAYS = 3  # how long the password that a new user gets by e-mail can be used
_TENANT_LENGTH = 64


@dataclass(frozen=True, kw_only=True)
class UserPoolArgs:
    """The users of one stack.

    `name` is the pool's, without the environment. `mfa` asks for the one-time code of an application: never, of users
    who set one up, or of all. ID and access tokens hold for `token_minutes` (5 to 1,440), and a sign-in can be renewed
    for `sign_in_days` (1 to 3,650).
    """

    naming: Naming
    name: str
    mfa: Literal["OFF", "OPTIONAL", "ON"]
    token_minutes: int
    sign_in_days: int


class UserPool(pulumi.ComponentResource):
    """A Cognito user pool with one client for a frontend that keeps no secret.

    `arn` is for the authorizer; `pool_id` and `client_id` are what the frontend signs in with.
    """

    def __init__(self, name: str, args: UserPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:UserPool", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.resource = self._pool(name)
        self.client = self._client(name)
        self.arn: pulumi.Output[str] = self.resource.arn
        self.pool_id: pulumi.Output[str] = self.resource.id
        self.client_id: pulumi.Output[str] = self.client.id
        self.register_outputs({"pool": self.pool_id, "client": self.client_id})

    def _pool(self, name: str) -> aws.cognito.UserPool:
        return aws.cognito.UserPool(
            f"{name}-pool",
            name=self._args.naming.exact("user_pool", self._args.name),
            username_attributes=["email"],
            username_configuration={"case_sensitive": False},
            auto_verified_attributes=["email"],
            # A mistyped new address must not lock its owner out.
            user_attribute_update_settings={"attributes_require_verification_before_updates": ["email"]},
            admin_create_user_config={"allow_admin_create_user_only": True},
            account_recovery_setting={"recovery_mechanisms": [{"name": "verified_email", "priority": 1}]},
            mfa_configuration=self._args.mfa,
            software_token_mfa_configuration={"enabled": True} if self._args.mfa != "OFF" else None,
            password_policy={
                "minimum_length": _PASSWORD_LENGTH,
                "require_lowercase": True,
                "require_uppercase": True,
                "require_numbers": True,
                "require_symbols": True,
                "temporary_password_validity_days": _INVITATION_DAYS,
            },
            schemas=[
                {
                    "name": TENANT,
                    "attribute_data_type": "String",
                    # Whoever could change it would see another tenant's data.
                    "mutable": False,
                    "required": False,  # Cognito requires standard attributes only
                    "developer_only_attribute": False,
                    "string_attribute_constraints": {"min_length": "1", "max_length": str(_TENANT_LENGTH)},
                }
            ],
            opts=self._child,
        )

    def _client(self, name: str) -> aws.cognito.UserPoolClient:
        minutes = self._args.token_minutes
        return aws.cognito.UserPoolClient(
            f"{name}-client",
            name=self._args.naming.exact("user_pool", f"{self._args.name}-frontend"),
            user_pool_id=self.resource.id,
            generate_secret=False,
            # The password itself never leaves the browser.
            explicit_auth_flows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            supported_identity_providers=["COGNITO"],
            prevent_user_existence_errors="ENABLED",
            enable_token_revocation=True,
            access_token_validity=minutes,
            id_token_validity=minutes,
            refresh_token_validity=self._args.sign_in_days,
            token_validity_units={"access_token": "minutes", "id_token": "minutes", "refresh_token": "days"},
            read_attributes=["email", "email_verified", "name", f"custom:{TENANT}"],
            write_attributes=["email", "name"],
            opts=self._child,
        )
