"""Repositories of container images in Amazon ECR (TRADING-21.3, AGENTIC-01.7)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.naming import Naming
from components.resource_policies import PolicyStatement, policy_text
from components.roles import Grant, Role

# What no tag names is left over from a build. Of the rest, enough stays to go back a few months.
_UNTAGGED_DAYS, _KEPT_IMAGES = 14, 50
_DIGEST = "sha256:"


@dataclass(frozen=True, kw_only=True)
class RepositoriesArgs:
    """The repositories of one stack, by logical name."""

    account: Account
    naming: Naming
    repositories: Sequence[str]


class Repository:
    """One repository whose images roles of the account pull. `resource` is the aws.ecr.Repository."""

    def __init__(self, name: str, physical_name: str, account: Account, resource: aws.ecr.Repository) -> None:
        self.name = name
        self.physical_name = physical_name
        self.resource = resource
        self._account = account

    def image(self, reference: str) -> str:
        """Return the address of an image by its digest ("sha256:…") or its tag.

        Composed, so that a preview shows what runs: what uses it has to depend on the repository.
        """
        separator = "@" if reference.startswith(_DIGEST) else ":"
        return f"{self._account.registry()}/{self.physical_name}{separator}{reference}"

    def grant_pull(self, role: Role) -> Grant:
        """Let a role pull images."""
        return role.allow(f"images-{self.name}", grants.pull_images(self._account, self.physical_name))


class Repositories(pulumi.ComponentResource):
    """Repositories for what the account itself runs in containers. `repositories` holds them by logical name."""

    def __init__(self, name: str, args: RepositoriesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Repositories", name, None, opts)
        self.repositories: Mapping[str, Repository] = {
            repository: self._repository(name, repository, args) for repository in args.repositories
        }
        self.register_outputs({"arns": {key: handle.resource.arn for key, handle in self.repositories.items()}})

    def _repository(self, name: str, repository: str, args: RepositoriesArgs) -> Repository:
        physical_name = args.naming.exact("repository", repository)
        resource = image_repository(f"{name}-{repository}", physical_name, pulumi.ResourceOptions(parent=self))
        return Repository(repository, physical_name, args.account, resource)


def image_repository(
    name: str, physical_name: str, opts: pulumi.ResourceOptions, accepted: Sequence[PolicyStatement] = ()
) -> aws.ecr.Repository:
    """Register a repository whose tags never move, whose images are scanned, and which lets go of old ones.

    `accepted` says which services may pull; roles of the account do so by their own permissions.
    """
    resource = aws.ecr.Repository(
        name,
        name=physical_name,
        image_tag_mutability="IMMUTABLE",
        image_scanning_configuration={"scan_on_push": True},
        # The AWS-managed key of the registry, as for the tables: a customer key adds a second policy and no secret.
        encryption_configurations=[{"encryption_type": "KMS"}],
        opts=opts,
    )
    aws.ecr.LifecyclePolicy(f"{name}-lifecycle", repository=resource.name, policy=_lifecycle(), opts=opts)
    if accepted:
        aws.ecr.RepositoryPolicy(f"{name}-policy", repository=resource.name, policy=policy_text(accepted), opts=opts)
    return resource


def _lifecycle() -> str:
    def rule(priority: int, description: str, selection: Mapping[str, object]) -> dict[str, object]:
        return {
            "rulePriority": priority,
            "description": description,
            "selection": selection,
            "action": {"type": "expire"},
        }

    untagged = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": _UNTAGGED_DAYS,
    }
    kept = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": _KEPT_IMAGES}
    rules = [rule(1, "Untagged images go", untagged), rule(2, "The newest images stay", kept)]
    return json.dumps({"rules": rules}, separators=(",", ":"))
