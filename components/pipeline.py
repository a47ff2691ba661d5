"""What a deployment pipeline uses in a stack's account: the log of its runs and, where asked, repositories of images.

The roles that it assumes come with the bootstrap stack (components/github.py), since they deploy this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.naming import Naming
from components.repositories import image_repository
from components.resource_policies import PolicyStatement

_PULLERS = "lambda.amazonaws.com"
_PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


@dataclass(frozen=True, kw_only=True)
class PipelineArgs:
    """The pipeline of one stack. `repositories` are the logical names of its image repositories."""

    account: Account
    naming: Naming
    log_retention_days: int
    repositories: Sequence[str] = ()


class Pipeline(pulumi.ComponentResource):
    """A log group for runs (TRADING-21.5) and image repositories (TRADING-21.3).

    `log_group` is the aws.cloudwatch.LogGroup, `repositories` the aws.ecr.Repository by logical name.
    """

    def __init__(self, name: str, args: PipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Pipeline", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.log_group = aws.cloudwatch.LogGroup(
            f"{name}-runs",
            name=log_group_name(args.naming),
            retention_in_days=args.log_retention_days,
            opts=self._child,
        )
        self.repositories: Mapping[str, aws.ecr.Repository] = {
            repository: self._repository(repository) for repository in args.repositories
        }
        self.register_outputs(
            {"log_group": self.log_group.arn, "repositories": {key: r.arn for key, r in self.repositories.items()}}
        )

    def _repository(self, repository: str) -> aws.ecr.Repository:
        """Register a repository that the stack's functions may pull from."""
        return image_repository(
            f"{self._prefix}-{repository}",
            self._args.naming.exact("repository", repository),
            self._child,
            accepted=[pull_policy(self._args.account, self._args.naming)],
        )


def log_group_name(naming: Naming) -> str:
    """Return the name of the log group of runs. Names that begin with `aws/` are AWS's own."""
    return f"/pipeline/{naming.environment}-runs"


def pull_policy(account: Account, naming: Naming) -> PolicyStatement:
    """Let Lambda pull images for the stack's own functions (AWS Lambda: "Amazon ECR permissions")."""
    return PolicyStatement(
        sid="FunctionsPull",
        principal={"Service": _PULLERS},
        actions=_PULL,
        resources=(),
        conditions={"ArnLike": {"aws:SourceArn": account.function_arn(f"{naming.environment}-*")}},
    )
