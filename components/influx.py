"""Market data series in Timestream for InfluxDB, for accounts that cannot use LiveAnalytics (docs/decisions.md, 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.naming import Naming
from components.roles import Grant, Role

PORT = 8086
_PASSWORD_LENGTH = 40


@dataclass(frozen=True, kw_only=True)
class InfluxArgs:
    """One InfluxDB instance with one bucket, in which the tables of the requirements are measurements.

    `storage_gib` is 20 to 16,384. The first user's password is made up, and the service keeps it, with the operator
    token, in a secret of its own.
    """

    account: Account
    naming: Naming
    bucket: str
    instance_type: str
    storage_gib: int
    multi_az: bool
    subnet_ids: pulumi.Input[Sequence[str]]
    security_group_id: pulumi.Input[str]


def _password(parent: pulumi.Resource) -> pulumi.Output[str]:
    made = aws.secretsmanager.get_random_password_output(
        password_length=_PASSWORD_LENGTH, exclude_punctuation=True, opts=pulumi.InvokeOutputOptions(parent=parent)
    )
    return pulumi.Output.secret(made.random_password)


class Influx(pulumi.ComponentResource):
    """An InfluxDB instance in private subnets. `host` is its address, `secret_arn` the secret that the service made."""

    def __init__(self, name: str, args: InfluxArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Influx", name, None, opts)
        self._account = args.account
        self.resource = aws.timestreaminfluxdb.DbInstance(
            f"{name}-instance",
            name=args.naming.exact("influx", args.bucket),
            bucket=args.bucket,
            organization=args.naming.environment,
            username="administrator",
            password=_password(self),
            db_instance_type=args.instance_type,
            allocated_storage=args.storage_gib,
            deployment_type="WITH_MULTIAZ_STANDBY" if args.multi_az else "SINGLE_AZ",
            vpc_subnet_ids=args.subnet_ids,
            vpc_security_group_ids=[args.security_group_id],
            publicly_accessible=False,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["password"]),
        )
        self.host: pulumi.Output[str] = self.resource.endpoint
        self.secret_arn: pulumi.Output[str] = self.resource.influx_auth_parameters_secret_arn
        self.register_outputs({"host": self.host})

    def grant_use(self, role: Role) -> Grant:
        """Let a role read the secret with the operator token, which InfluxDB asks for."""
        return role.allow("influx", grants.get_influx_secret(self._account))
