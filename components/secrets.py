"""Secrets under a customer key that only named roles can read (requirement 09)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.functions import Function
from components.keys import CustomerKey
from components.naming import Naming
from components.resource_policies import EVERYBODY, PolicyStatement, policy_text
from components.roles import Grant, Role

READ = ("secretsmanager:GetSecretValue",)
# What changes a secret or makes it unusable. Policies are left out, so that the account can always mend one.
CHANGE = (
    "secretsmanager:CancelRotateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:PutSecretValue",
    "secretsmanager:RotateSecret",
    "secretsmanager:UpdateSecret",
    "secretsmanager:UpdateSecretVersionStage",
)
_ROTATOR = "secretsmanager.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class SecretSpec:
    """One secret. `generated_length` makes up a first value of so many letters and digits, None leaves it empty."""

    description: str
    generated_length: int | None = None


@dataclass(frozen=True, kw_only=True)
class SecretsArgs:
    """The secrets of one stack, by logical name.

    `deployers` are names of roles of the account that put values in and change them, besides a rotation function.
    """

    account: Account
    naming: Naming
    customer_key: CustomerKey
    secrets: Mapping[str, SecretSpec]
    deployers: Sequence[str]


class Secret:
    """One secret and the edges that can lead to it.

    `resource` is the aws.secretsmanager.Secret, `version` the value that the program puts in, None where a person
    does. `value` is a generated first value as a secret output, None where none was asked for.
    """

    def __init__(self, name: str, args: SecretsArgs, resource: aws.secretsmanager.Secret) -> None:
        self.name = name
        self.physical_name = args.naming.exact("secret", name)
        self.resource = resource
        self.version: aws.secretsmanager.SecretVersion | None = None
        self.value: pulumi.Output[str] | None = None
        self._args = args
        self._readers: list[Role] = []
        self._rotators: list[Role] = []

    @property
    def arn(self) -> pulumi.Output[str]:
        return self.resource.arn

    def grant_read(self, role: Role) -> Grant:
        """Let a role read the value: in its own permissions, and by exception from the secret's Deny."""
        self._readers.append(role)
        statements = grants.get_secret(self._args.account, self.physical_name)
        return role.allow(f"secret-{self.name}", (*statements, *self._use_key(produce=False)))

    def grant_rotate(self, role: Role) -> Grant:
        """Let a role replace the value in the four steps of a rotation."""
        self._rotators.append(role)
        statements = grants.rotate_secret(self._args.account, self.physical_name)
        return role.allow(f"secret-{self.name}", (*statements, *self._use_key(produce=True)))

    def _use_key(self, *, produce: bool) -> tuple[grants.Statement, ...]:
        alias = self._args.customer_key.alias
        return grants.decrypt(self._args.account, alias, via="secretsmanager", produce=produce)

    def policy_statements(self) -> tuple[PolicyStatement, ...]:
        """Return the Deny statements: an Allow would restrict nobody inside the account.

        Roles are named by the condition, whose values need not exist yet, and not as principals.
        """
        account, deployers = self._args.account, list(self._args.deployers)
        changers = [*deployers, *(role.physical_name for role in self._rotators)]
        readers = [*changers, *(role.physical_name for role in self._readers)]
        return (
            _deny_others("OnlyNamedRolesRead", READ, [account.role_arn(role) for role in dict.fromkeys(readers)]),
            _deny_others("OnlyNamedRolesChange", CHANGE, [account.role_arn(role) for role in dict.fromkeys(changers)]),
        )

    def roles(self) -> list[pulumi.Resource]:
        """Return the roles that the policy names and that the stack itself makes."""
        return [role.resource for role in (*self._readers, *self._rotators)]


def _deny_others(sid: str, actions: tuple[str, ...], roles: Sequence[str]) -> PolicyStatement:
    return PolicyStatement(
        sid=sid,
        effect="Deny",
        principal=EVERYBODY,
        actions=actions,
        resources=("*",),
        conditions={"ArnNotEquals": {"aws:PrincipalArn": list(roles)}},
    )


class Secrets(pulumi.ComponentResource):
    """Secrets with a customer key. `secrets` holds them by logical name.

    Call `attach` when all edges are given: it registers the resource policies, which name the readers.
    """

    def __init__(self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Secrets", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.secrets: Mapping[str, Secret] = {secret: self._secret(secret) for secret in args.secrets}

    def put(self, secret: str, value: pulumi.Output[str]) -> None:
        """Store a value that follows from other resources, such as an address. It changes when they do."""
        handle = self.secrets[secret]
        handle.version = aws.secretsmanager.SecretVersion(
            f"{self._prefix}-{secret}-value",
            secret_id=handle.resource.id,
            secret_string=pulumi.Output.secret(value),
            opts=self._child,
        )

    def attach(self) -> None:
        """Register the resource policy of every secret: the component's last step."""
        for secret in self.secrets.values():
            aws.secretsmanager.SecretPolicy(
                f"{self._prefix}-{secret.name}-policy",
                secret_arn=secret.arn,
                policy=policy_text(secret.policy_statements()),
                block_public_policy=True,
                opts=pulumi.ResourceOptions.merge(
                    self._child, pulumi.ResourceOptions(depends_on=[*secret.roles(), *_versions(secret)])
                ),
            )
        self.register_outputs({"arns": {secret: handle.arn for secret, handle in self.secrets.items()}})

    def rotate(self, secret: str, function: Function, every_days: int) -> None:
        """Let a function replace a secret's value every so many days (1 to 1,000), not at once.

        Secrets Manager calls the function by its live alias and must be permitted to before.
        """
        handle = self.secrets[secret]
        permission = aws.lambda_.Permission(
            f"{self._prefix}-{secret}-rotator",
            action="lambda:InvokeFunction",
            function=function.alias.function_name,
            qualifier=function.alias.name,
            principal=_ROTATOR,
            source_account=self._args.account.account_id,
            opts=self._child,
        )
        aws.secretsmanager.SecretRotation(
            f"{self._prefix}-{secret}-rotation",
            secret_id=handle.resource.id,
            rotation_lambda_arn=function.alias.arn,
            rotate_immediately=False,
            rotation_rules={"automatically_after_days": every_days},
            opts=pulumi.ResourceOptions.merge(
                self._child, pulumi.ResourceOptions(depends_on=[permission, *_versions(handle)])
            ),
        )

    def _secret(self, secret: str) -> Secret:
        spec, key = self._args.secrets[secret], self._args.customer_key
        resource = aws.secretsmanager.Secret(
            f"{self._prefix}-{secret}",
            name=self._args.naming.exact("secret", secret),
            description=spec.description,
            kms_key_id=key.arn,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=list(key.needs))),
        )
        handle = Secret(secret, self._args, resource)
        if spec.generated_length is not None:
            handle.value = self._generated(spec.generated_length)
            handle.version = self._first_version(handle, handle.value)
        return handle

    def _generated(self, length: int) -> pulumi.Output[str]:
        made = aws.secretsmanager.get_random_password_output(
            password_length=length, exclude_punctuation=True, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return pulumi.Output.secret(made.random_password)

    def _first_version(self, secret: Secret, value: pulumi.Output[str]) -> aws.secretsmanager.SecretVersion:
        # Each run makes up another value. The first one stays, and rotation replaces it behind Pulumi's back.
        return aws.secretsmanager.SecretVersion(
            f"{self._prefix}-{secret.name}-first",
            secret_id=secret.resource.id,
            secret_string=value,
            opts=pulumi.ResourceOptions.merge(
                self._child, pulumi.ResourceOptions(ignore_changes=["secretString", "versionStages"])
            ),
        )


def _versions(secret: Secret) -> list[pulumi.Resource]:
    # The policy denies everybody but the named roles, so the first value goes in before it.
    return [secret.version] if secret.version is not None else []
