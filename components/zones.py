"""Public hosted zones, their signatures, and the delegation from one to those below it (requirement 18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.account import GLOBAL_REGION, Account
from components.keys import ADMINISTRATION
from components.naming import Naming
from components.resource_policies import PolicyStatement, policy_text

SIGNER = "dnssec-route53.amazonaws.com"
_TTL_SECONDS = 3600
_KEY_NAME = "signing"  # of the key-signing key, within its zone
_ALIAS = "dnssec"


@dataclass(frozen=True, kw_only=True)
class ZoneSpec:
    """One zone. `delegations` are name servers, by domain, of zones below it that lie in other accounts.

    `signed` says whether Route 53 signs its answers (TRADING-18.6).
    """

    description: str
    delegations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    signed: bool = False


@dataclass(frozen=True, kw_only=True)
class ZonesArgs:
    """The zones of one account, by domain."""

    account: Account
    naming: Naming
    zones: Mapping[str, ZoneSpec]


class Zones(pulumi.ComponentResource):
    """Hosted zones. `zones` holds them by domain, `name_servers` what the registrar or the parent zone has to name.

    `ds_records` holds the DS record of each signed zone, which its parent zone needs: without it nobody asks for the
    signatures. All signed zones share one key of KMS.
    """

    def __init__(self, name: str, args: ZonesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Zones", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.zones: Mapping[str, aws.route53.Zone] = {
            domain: aws.route53.Zone(f"{name}-{domain}", name=domain, comment=spec.description, opts=child)
            for domain, spec in args.zones.items()
        }
        self.name_servers = {domain: zone.name_servers for domain, zone in self.zones.items()}
        for domain, spec in args.zones.items():
            servers: dict[str, pulumi.Input[Sequence[pulumi.Input[str]]]] = dict(spec.delegations)
            servers |= {below: self.zones[below].name_servers for below in _directly_below(domain, list(args.zones))}
            for below, names in servers.items():
                aws.route53.Record(
                    f"{name}-{domain}-{below}",
                    zone_id=self.zones[domain].zone_id,
                    name=below,
                    type="NS",
                    ttl=_TTL_SECONDS,
                    records=names,
                    opts=child,
                )
        self.ds_records: Mapping[str, pulumi.Output[str]] = self._signed(name, args)
        self.register_outputs({"name_servers": self.name_servers, "ds_records": self.ds_records})

    def _signed(self, name: str, args: ZonesArgs) -> dict[str, pulumi.Output[str]]:
        domains = [domain for domain, spec in args.zones.items() if spec.signed]
        if not domains:
            return {}
        key = self._key(name, args)
        return {domain: self._sign(name, domain, key) for domain in domains}

    def _key(self, name: str, args: ZonesArgs) -> aws.kms.Key:
        """Register the key that signs: an elliptic curve's, which does not rotate, in the one region for it.

        Route 53 Developer Guide, "Working with customer managed keys for DNSSEC" (docs/decisions.md, 14).
        """
        key = aws.kms.Key(
            f"{name}-signing",
            description="Signs zones of Route 53 (DNSSEC)",
            customer_master_key_spec="ECC_NIST_P256",
            key_usage="SIGN_VERIFY",
            enable_key_rotation=False,
            policy=policy_text(signing_policy(args.account)),
            region=GLOBAL_REGION,
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.kms.Alias(
            f"{name}-signing-alias",
            name=f"alias/{args.naming.exact('key_alias', _ALIAS)}",
            target_key_id=key.key_id,
            region=GLOBAL_REGION,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return key

    def _sign(self, name: str, domain: str, key: aws.kms.Key) -> pulumi.Output[str]:
        zone = self.zones[domain]
        signing = aws.route53.KeySigningKey(
            f"{name}-{domain}-key",
            hosted_zone_id=zone.zone_id,
            key_management_service_arn=key.arn,
            name=_KEY_NAME,
            status="ACTIVE",
            opts=pulumi.ResourceOptions(parent=self),
        )
        enabled = aws.route53.HostedZoneDnsSec(
            f"{name}-{domain}-signing",
            hosted_zone_id=zone.zone_id,
            signing_status="SIGNING",
            # Route 53 signs with an active key only, and keeps the last key of a zone that it signs.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[signing]),
        )
        # The record before the signatures would take the domain off the net, so it is told once they are there.
        return pulumi.Output.all(signing.ds_record, enabled.id).apply(lambda told: told[0])


def signing_policy(account: Account) -> tuple[PolicyStatement, ...]:
    """Return the policy of a key with which Route 53 signs the account's zones, and nobody else anything."""
    service = {"Service": SIGNER}
    return (
        PolicyStatement(
            sid="AccountAdministers",
            principal={"AWS": account.root_arn()},
            actions=(*ADMINISTRATION, "kms:GetPublicKey"),
            resources=("*",),
        ),
        PolicyStatement(
            sid="Route53Signs",
            principal=service,
            actions=("kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"),
            resources=("*",),
            conditions={
                "StringEquals": {"aws:SourceAccount": account.account_id},
                "ArnLike": {"aws:SourceArn": f"arn:{account.partition}:route53:::hostedzone/*"},
            },
        ),
        # The grant is for Route 53 itself, which makes it without a source.
        PolicyStatement(
            sid="Route53HoldsGrants",
            principal=service,
            actions=("kms:CreateGrant",),
            resources=("*",),
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def _directly_below(domain: str, domains: Sequence[str]) -> list[str]:
    """Return the domains below one that have no other of the domains between."""
    below = [other for other in domains if other.endswith(f".{domain}")]
    return [other for other in below if not any(other.endswith(f".{between}") for between in below)]
