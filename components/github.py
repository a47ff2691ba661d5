"""Roles that GitHub Actions assume through OpenID Connect, without stored credentials."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.grants import Statement, policy_document
from components.naming import Naming
from components.roles import Role

_HOST = "token.actions.githubusercontent.com"
_AUDIENCE = "sts.amazonaws.com"
_SESSION_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class GithubRoleSpec:
    """One role.

    `subjects` are the exact subjects of the tokens that may assume it, such as
    `repo:OWNER/NAME:environment:prod` (GitHub: "OpenID Connect reference"). `policies` become one managed policy each.
    """

    description: str
    subjects: Sequence[str]
    policies: Mapping[str, Sequence[Statement]]


@dataclass(frozen=True, kw_only=True)
class GithubRolesArgs:
    """The roles for one account, by logical name."""

    account: Account
    naming: Naming
    roles: Mapping[str, GithubRoleSpec]


class GithubRoles(pulumi.ComponentResource):
    """GitHub's identity provider, and roles that only tokens of exact subjects can assume.

    `roles` holds them by logical name. Further edges lead to them as to any role; call `attach` when all are given.
    """

    def __init__(self, name: str, args: GithubRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:GithubRoles", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        # AWS knows the authority behind GitHub's certificate, so no thumbprint is kept here.
        self._identity = aws.iam.OpenIdConnectProvider(
            f"{name}-identity", url=f"https://{_HOST}", client_id_lists=[_AUDIENCE], opts=self._child
        )
        self.roles: Mapping[str, Role] = {role: self._role(role, spec) for role, spec in args.roles.items()}

    def attach(self) -> None:
        """Register the permissions of every role: the component's last step."""
        for role in self.roles.values():
            role.attach()
        self.register_outputs({"arns": {name: role.arn for name, role in self.roles.items()}})

    def _role(self, role: str, spec: GithubRoleSpec) -> Role:
        physical_name = self._args.naming.exact("role", role)
        resource = aws.iam.Role(
            f"{self._prefix}-{role}",
            name=physical_name,
            description=spec.description,
            max_session_duration=_SESSION_SECONDS,
            assume_role_policy=self._trust(spec.subjects),
            # The trust names the identity provider by its composed ARN, and IAM wants it to exist.
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[self._identity])),
        )
        for policy, statements in spec.policies.items():
            self._managed(role, policy, statements, resource)
        return Role(role, resource, physical_name, self)

    def _managed(self, role: str, policy: str, statements: Sequence[Statement], resource: aws.iam.Role) -> None:
        """Register a managed policy: together they exceed the 10,240 characters of inline policies."""
        managed = aws.iam.Policy(
            f"{self._prefix}-{role}-{policy}-permissions",
            name=self._args.naming.exact("role_policy", f"{role}-{policy}"),
            policy=json.dumps(policy_document(statements), separators=(",", ":")),
            opts=self._child,
        )
        aws.iam.RolePolicyAttachment(
            f"{self._prefix}-{role}-{policy}", role=resource.name, policy_arn=managed.arn, opts=self._child
        )

    def _trust(self, subjects: Sequence[str]) -> str:
        account = self._args.account
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": f"arn:{account.partition}:iam::{account.account_id}:oidc-provider/{_HOST}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{_HOST}:aud": _AUDIENCE, f"{_HOST}:sub": list(subjects)}},
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
