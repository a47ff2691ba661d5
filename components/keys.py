"""Customer-managed KMS keys with aliases, rotation and key policies (requirement 17)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.naming import Naming
from components.resource_policies import PolicyStatement, policy_text

# What administers a key and never uses it (AWS: "Allow key administrators to administer the KMS key").
ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
PUBLISH = ("kms:Decrypt", "kms:GenerateDataKey*")
RECOVER = ("kms:Decrypt", "kms:DescribeKey", "kms:ReEncryptFrom")
_ROTATION_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class CustomerKey:
    """A customer-managed key as others use it.

    `arn` is for the resource that is encrypted, `alias` (known at preview) for permissions. Users depend on
    `needs` as well: a permission by alias holds only once the alias exists.
    """

    arn: pulumi.Input[str]
    alias: str
    needs: tuple[pulumi.Resource, ...] = ()


@dataclass(frozen=True, kw_only=True)
class KeySpec:
    """One key.

    `services` use it on behalf of the account's principals, by their endpoint names such as "dynamodb".
    `publishers` are service principals that use it by themselves, such as "cloudwatch.amazonaws.com".
    `readers` are service principals that decrypt by themselves, such as "cloudfront.amazonaws.com", each with the ARN
    pattern of what may decrypt through it.
    `users` are roles of the account that call KMS themselves, by name; `after` those of them that the stack makes.
    """

    description: str
    services: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    readers: Mapping[str, str] = field(default_factory=dict, hash=False)
    users: tuple[str, ...] = ()
    after: tuple[pulumi.Resource, ...] = ()


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """The keys of one stack, by logical name.

    `recovery_account_id` is the account that may decrypt when this one has to be recovered (TRADING-17.5).
    """

    account: Account
    naming: Naming
    keys: Mapping[str, KeySpec]
    recovery_account_id: str | None = None


class Keys(pulumi.ComponentResource):
    """Symmetric KMS keys that rotate every year, each with an alias. `keys` holds them by logical name.

    The account administers a key and uses it through the named services only; a role needs a permission of its own
    besides (`grants.decrypt`).
    """

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Keys", name, None, opts)
        self.keys: Mapping[str, CustomerKey] = {
            key: self._key(name, key, spec, args) for key, spec in args.keys.items()
        }
        self.register_outputs({"aliases": {key: handle.alias for key, handle in self.keys.items()}})

    def _key(self, name: str, key: str, spec: KeySpec, args: KeysArgs) -> CustomerKey:
        resource = aws.kms.Key(
            f"{name}-{key}",
            description=spec.description,
            enable_key_rotation=True,
            rotation_period_in_days=_ROTATION_DAYS,
            policy=policy_text(key_policy(spec, args)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(spec.after)),
        )
        alias = f"alias/{args.naming.exact('key_alias', key)}"
        named = aws.kms.Alias(
            f"{name}-{key}-alias",
            name=alias,
            target_key_id=resource.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return CustomerKey(arn=resource.arn, alias=alias, needs=(resource, named))


def key_policy(spec: KeySpec, args: KeysArgs) -> tuple[PolicyStatement, ...]:
    """Return the statements of a key's policy. In a key policy the resource `*` is the key itself."""
    account = args.account
    root = {"AWS": account.root_arn()}
    statements = [
        PolicyStatement(sid="AccountAdministers", principal=root, actions=ADMINISTRATION, resources=("*",)),
    ]
    if spec.services:
        through = {"kms:ViaService": [account.service_host(service) for service in spec.services]}
        caller = {"kms:CallerAccount": account.account_id}
        statements += [
            PolicyStatement(
                sid="AccountUsesThroughServices",
                principal=root,
                actions=USE,
                resources=("*",),
                conditions={"StringEquals": {**caller, **through}},
            ),
            # Services that work in the background, such as DynamoDB, hold a grant.
            PolicyStatement(
                sid="ServicesHoldGrants",
                principal=root,
                actions=("kms:CreateGrant",),
                resources=("*",),
                conditions={"StringEquals": {**caller, **through}, "Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
        ]
    if spec.users:
        # By condition and not as principals, which would have to exist already.
        roles = [account.role_arn(role) for role in spec.users]
        statements.append(
            PolicyStatement(
                sid="RolesUse",
                principal=root,
                actions=USE,
                resources=("*",),
                conditions={"ArnEquals": {"aws:PrincipalArn": roles}},
            )
        )
    if spec.publishers:
        statements.append(
            PolicyStatement(
                sid="ServicesPublish",
                principal={"Service": list(spec.publishers)},
                actions=PUBLISH,
                resources=("*",),
                conditions={"StringEquals": {"aws:SourceAccount": account.account_id}},
            )
        )
    statements += [
        PolicyStatement(
            sid=f"{service.partition('.')[0].capitalize()}Decrypts",
            principal={"Service": service},
            actions=("kms:Decrypt",),
            resources=("*",),
            conditions={"ArnLike": {"aws:SourceArn": source}},
        )
        for service, source in spec.readers.items()
    ]
    if args.recovery_account_id:
        recovery = {"AWS": Account(account_id=args.recovery_account_id, region=account.region).root_arn()}
        statements.append(
            PolicyStatement(sid="RecoveryAccountDecrypts", principal=recovery, actions=RECOVER, resources=("*",))
        )
    return tuple(statements)
