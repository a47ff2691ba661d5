"""What exists once per account and region, and so in no environment's stack (aws_constraints: singletons)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.budgets import SavingsPlans, SavingsPlansArgs
from components.naming import Naming
from components.roles import Roles, RolesArgs, RoleSpec

# What AWS Backup may protect in the region. It manages the backups of tables itself, which copying them into another
# region needs (AWS Backup: "Advanced DynamoDB backup").
_BACKED_UP = {"Aurora": True, "DynamoDB": True, "EBS": True, "EFS": True, "RDS": True, "S3": True}
_MANAGED = {"DynamoDB": True, "EFS": True}


@dataclass(frozen=True, kw_only=True)
class CostWatch:
    """Who is told of the account's costs, by e-mail: one to ten addresses.

    They hear each day of anomalies that come to `anomaly_usd` or more, and in each month that Savings Plans cover less
    than `savings_plans_percent` of what they could.
    """

    emails: Sequence[str]
    anomaly_usd: int
    savings_plans_percent: int


@dataclass(frozen=True, kw_only=True)
class BaselineArgs:
    """The singletons of one account.

    `cost_allocation_tags` are activated where given: in the management account only, once AWS has seen them.
    """

    account: Account
    naming: Naming
    security_hub: bool
    guardduty: bool
    costs: CostWatch
    cost_allocation_tags: Sequence[str] = ()


class Baseline(pulumi.ComponentResource):
    """Account-wide guards: no public buckets, encrypted volumes, findings, cost anomalies, the log role of APIs."""

    def __init__(self, name: str, args: BaselineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Baseline", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        aws.s3.AccountPublicAccessBlock(
            f"{name}-public-access",
            account_id=args.account.account_id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child,
        )
        aws.ebs.EncryptionByDefault(f"{name}-volumes", enabled=True, opts=self._child)
        self._detection()
        self._api_gateway_logs()
        self._backup()
        self._costs()
        self.register_outputs({})

    def _detection(self) -> None:
        aws.accessanalyzer.Analyzer(
            f"{self._prefix}-access-analyzer",
            analyzer_name=self._args.naming.exact("analyzer", "account"),
            type="ACCOUNT",
            opts=self._child,
        )
        if self._args.guardduty:
            aws.guardduty.Detector(
                f"{self._prefix}-guardduty", enable=True, finding_publishing_frequency="ONE_HOUR", opts=self._child
            )
        if self._args.security_hub:
            aws.securityhub.Account(f"{self._prefix}-security-hub", enable_default_standards=True, opts=self._child)

    def _api_gateway_logs(self) -> None:
        """Let API Gateway write logs: one role for all APIs of the region, with AWS's policy for it (TRADING-16.3)."""
        account = self._args.account
        roles = Roles(
            f"{self._prefix}-roles",
            RolesArgs(
                naming=self._args.naming,
                service="apigateway.amazonaws.com",
                roles={"api-logs": RoleSpec(physical_name="api-logs", description="Writes the logs of API Gateway")},
            ),
            self._child,
        )
        role = roles.roles["api-logs"]
        policy = f"arn:{account.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
        attachment = aws.iam.RolePolicyAttachment(
            f"{self._prefix}-api-logs", role=role.resource.name, policy_arn=policy, opts=self._child
        )
        roles.attach()
        aws.apigateway.Account(
            f"{self._prefix}-api-gateway",
            cloudwatch_role_arn=role.arn,
            # API Gateway tries the role at once.
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[attachment])),
        )

    def _backup(self) -> None:
        aws.backup.RegionSettings(
            f"{self._prefix}-backup",
            resource_type_opt_in_preference=_BACKED_UP,
            resource_type_management_preference=_MANAGED,
            opts=self._child,
        )

    def _costs(self) -> None:
        naming, costs = self._args.naming, self._args.costs
        monitor = aws.costexplorer.AnomalyMonitor(
            f"{self._prefix}-cost-anomalies",
            name=naming.exact("anomaly_monitor", "services"),
            monitor_type="DIMENSIONAL",
            monitor_dimension="SERVICE",
            opts=self._child,
        )
        aws.costexplorer.AnomalySubscription(
            f"{self._prefix}-cost-anomalies-mail",
            name=naming.exact("anomaly_subscription", "services"),
            frequency="DAILY",
            monitor_arn_lists=[monitor.arn],
            subscribers=[{"type": "EMAIL", "address": address} for address in costs.emails],
            threshold_expression={
                "dimension": {
                    "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                    "match_options": ["GREATER_THAN_OR_EQUAL"],
                    "values": [str(costs.anomaly_usd)],
                }
            },
            opts=self._child,
        )
        args = SavingsPlansArgs(naming=naming, least_percent=costs.savings_plans_percent, emails=costs.emails)
        SavingsPlans(f"{self._prefix}-savings-plans", args, self._child)
        for tag in self._args.cost_allocation_tags:
            aws.costexplorer.CostAllocationTag(
                f"{self._prefix}-cost-tag-{tag.lower()}", tag_key=tag, status="Active", opts=self._child
            )
