"""What cannot be made again: Pulumi's own protection against deleting it."""

from __future__ import annotations

from policies.rules.model import PASS, Outcome, View, fail, rule

STATEFUL = (
    "aws:backup/vault:Vault",
    "aws:cognito/userPool:UserPool",
    "aws:docdb/cluster:Cluster",
    "aws:dynamodb/table:Table",
    "aws:ecr/repository:Repository",
    "aws:efs/fileSystem:FileSystem",
    "aws:kms/key:Key",
    "aws:neptune/cluster:Cluster",
    "aws:opensearch/domain:Domain",
    "aws:rds/cluster:Cluster",
    "aws:rds/instance:Instance",
    "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec",
    "aws:route53/keySigningKey:KeySigningKey",
    "aws:route53/zone:Zone",
    "aws:s3/bucket:Bucket",
    "aws:secretsmanager/secret:Secret",
)


@rule(
    "OP-437",
    "stateful-resource-is-protected",
    pack="operations",
    types=STATEFUL,
    severity="medium",
    level="open",
    rationale="One renamed resource in a pull request would otherwise delete what nobody can make again.",
    url="https://www.pulumi.com/docs/iac/concepts/resources/options/protect/",
    remediation="Give it the option protect=True, as the setting stateful: protected does for the whole stack.",
    criteria=("TRADING-20.7",),
)
def protected(view: View) -> Outcome:
    """The option is of Pulumi, and always known."""
    return PASS if view.resource.options.protect else fail("", "not protected", "the option protect")
