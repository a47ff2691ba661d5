"""The in-process AWS holds the image repositories that a program declares."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi_aws as aws
import pytest

from tests.plumbline.rehearsals import ACCOUNT, REGION, client, inside, part, readers, rehearse

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
SELECTION = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 20}
LIFECYCLE = {"rules": [{"rulePriority": 1, "selection": SELECTION, "action": {"type": "expire"}}]}
PULL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "ecr:BatchGetImage"}],
}


def repositories() -> None:
    """Register a repository with all that belongs to one, and one with nothing."""
    opts = inside()
    whole = aws.ecr.Repository(
        "whole",
        name="shop",
        image_tag_mutability="IMMUTABLE_WITH_EXCLUSION",
        image_tag_mutability_exclusion_filters=[{"filter_type": "WILDCARD", "filter": "latest*"}],
        image_scanning_configuration={"scan_on_push": True},
        encryption_configurations=[{"encryption_type": "KMS", "kms_key": KEY}],
        tags={"Owner": "team"},
        opts=opts,
    )
    aws.ecr.LifecyclePolicy("lifecycle", repository=whole.name, policy=json.dumps(LIFECYCLE), opts=opts)
    aws.ecr.RepositoryPolicy("pull", repository=whole.name, policy=json.dumps(PULL), opts=opts)
    aws.ecr.Repository("plain", name="plain", opts=opts)


def look() -> dict[str, Any]:
    ecr = client("ecr")
    found = {row["repositoryName"]: row for row in ecr.describe_repositories()["repositories"]}
    return {
        **found,
        "tags": ecr.list_tags_for_resource(resourceArn=found["shop"]["repositoryArn"])["tags"],
        "lifecycle": json.loads(ecr.get_lifecycle_policy(repositoryName="shop")["lifecyclePolicyText"]),
        "pull": json.loads(ecr.get_repository_policy(repositoryName="shop")["policyText"]),
    }


whole, seen, identity, outputs = readers(repositories, look)


def test_nothing_of_a_repository_is_only_simulated() -> None:
    assert whole().simulated == {}


def test_a_repository_has_its_settings() -> None:
    expected = {
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "latest*"}],
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": KEY},
    }
    assert part(seen("shop"), expected) == expected
    assert seen("tags") == [{"Key": "Owner", "Value": "team"}]


def test_a_plain_repository_has_the_defaults_of_aws() -> None:
    expected = {"imageTagMutability": "MUTABLE", "encryptionConfiguration": {"encryptionType": "AES256"}}
    assert part(seen("plain"), expected) == expected


def test_a_repository_has_its_policies() -> None:
    assert (seen("lifecycle"), seen("pull")) == (LIFECYCLE, PULL)


def test_ids_are_names_and_arns_are_those_of_the_registry() -> None:
    assert {name: identity(name) for name in ("whole", "plain", "lifecycle", "pull")} == {
        "whole": "shop",
        "plain": "plain",
        "lifecycle": "shop",
        "pull": "shop",
    }
    assert outputs("whole") == {
        "arn": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/shop",
        "registryId": ACCOUNT,
        "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop",
    }
    assert outputs("lifecycle") == outputs("pull") == {"registryId": ACCOUNT}


def no_repository() -> None:
    aws.ecr.LifecyclePolicy("it", repository="none", policy=json.dumps(LIFECYCLE), opts=inside())


def policy_of_no_kind() -> None:
    opts = inside()
    shop = aws.ecr.Repository("shop", name="shop", opts=opts)
    aws.ecr.RepositoryPolicy("it", repository=shop.name, policy="{}", opts=opts)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (no_repository, "RepositoryNotFoundException: "),
        (policy_of_no_kind, "InvalidParameterException: "),
    ],
)
def test_a_mistake_is_one_line(program: Callable[[], None], words: str) -> None:
    (line,) = rehearse(program).evaluation.mistakes
    assert f" it: {words}" in line
    assert "\n" not in line
