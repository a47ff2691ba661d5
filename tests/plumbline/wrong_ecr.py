"""Wrong programs about ECR's repositories and their policies, and right ones beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi_aws as aws

from tests.plumbline.wrong_base import ACCOUNT, REGION, Wrong, policy_text, statement

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
FILTER = {"filter_type": "WILDCARD", "filter": "latest*"}


def repository(**changes: Any) -> aws.ecr.Repository:
    return aws.ecr.Repository("shop", **{"name": "shop", **changes})


def encrypted(**changes: Any) -> None:
    repository(encryption_configurations=[changes])


def pulled(**changes: Any) -> None:
    whole = {"Resource": None, "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "ecr:BatchGetImage"}
    text = policy_text(statement(**{**whole, **changes}))
    aws.ecr.RepositoryPolicy("shop-pull", repository=repository().name, policy=text)


def rule(priority: int = 1, **selection: Any) -> dict[str, Any]:
    """Return a rule that expires untagged images. A key given as None is left out."""
    whole = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 7}
    kept = {key: value for key, value in {**whole, **selection}.items() if value is not None}
    return {"rulePriority": priority, "selection": kept, "action": {"type": "expire"}}


def any_(priority: int) -> dict[str, Any]:
    return rule(priority, tagStatus="any", countType="imageCountMoreThan", countUnit=None, countNumber=20)


def lifecycle(*rules: Any) -> None:
    expiring(json.dumps({"rules": list(rules)}))


def expiring(text: str) -> None:
    # ECR takes no policy of less than a hundred characters; white space counts.
    aws.ecr.LifecyclePolicy("shop-lifecycle", repository=repository().name, policy=text.ljust(100))


PICKED = {"countType": "imageCountMoreThan", "countUnit": None}
WRONG_ECR = [
    Wrong("name of a repository", lambda: repository(name="Shop"), "name", "'Shop' given"),
    Wrong(
        "key without kms",
        lambda: encrypted(encryption_type="AES256", kms_key=KEY),
        "encryptionConfigurations[0].kmsKey",
        "only encryption KMS and KMS_DSSE take a key",
    ),
    Wrong(
        "exclusions of plain tags",
        lambda: repository(image_tag_mutability="IMMUTABLE", image_tag_mutability_exclusion_filters=[FILTER]),
        "imageTagMutabilityExclusionFilters",
        "given; only imageTagMutability IMMUTABLE_WITH_EXCLUSION",
    ),
    Wrong(
        "no exclusions",
        lambda: repository(image_tag_mutability="MUTABLE_WITH_EXCLUSION"),
        "imageTagMutabilityExclusionFilters",
        "missing; imageTagMutability",
    ),
    Wrong(
        "resource of a repository policy",
        lambda: pulled(Resource="*"),
        "policy.Statement[0].Resource",
        "given, but a repository policy takes none",
    ),
    Wrong("puller", lambda: pulled(Principal=None), "policy.Statement[0].Principal", "missing"),
    Wrong("lifecycle without JSON", lambda: expiring("rules"), "policy", "not JSON"),
    Wrong("lifecycle without rules", lambda: lifecycle(), "policy.rules", "a list of rules is needed"),
    Wrong("lifecycle of texts", lambda: lifecycle("x"), "policy.rules", "a list of rules is needed"),
    Wrong(
        "51 rules",
        lambda: lifecycle(*(rule(number) for number in range(1, 52))),
        "policy.rules",
        "51 rules given; allowed: at most 50",
    ),
    Wrong(
        "rule without action",
        lambda: lifecycle({key: value for key, value in rule().items() if key != "action"}),
        "policy.rules[0]",
        "action missing",
    ),
    Wrong("rule with a name", lambda: lifecycle({**rule(), "name": "x"}), "policy.rules[0]", "name given; allowed"),
    Wrong(
        "rule without number",
        lambda: lifecycle(rule(countNumber=None)),
        "policy.rules[0].selection",
        "countNumber missing",
    ),
    Wrong("number of a rule", lambda: lifecycle(rule(countNumber=0)), "policy.rules[0].selection.countNumber", "0"),
    Wrong(
        "status of images",
        lambda: lifecycle(rule(tagStatus="all")),
        "policy.rules[0].selection.tagStatus",
        "'all' given; allowed: any, tagged, untagged",
    ),
    Wrong(
        "tags of no image",
        lambda: lifecycle(rule(tagStatus="tagged")),
        "policy.rules[0].selection.tagStatus",
        "tagged needs one of",
    ),
    Wrong(
        "tags of untagged images",
        lambda: lifecycle(rule(tagPrefixList=["v"])),
        "policy.rules[0].selection.tagStatus",
        "nothing else takes one",
    ),
    Wrong(
        "what is counted",
        lambda: lifecycle(rule(countType="images")),
        "policy.rules[0].selection.countType",
        "'images' given; allowed",
    ),
    Wrong(
        "age without unit",
        lambda: lifecycle(rule(countUnit=None)),
        "policy.rules[0].selection.countUnit",
        "ages take 'days'",
    ),
    Wrong(
        "count with unit",
        lambda: lifecycle(rule(countType="imageCountMoreThan")),
        "policy.rules[0].selection.countUnit",
        "imageCountMoreThan takes none",
    ),
    Wrong(
        "two rules of one priority",
        lambda: lifecycle(rule(1), rule(1, countNumber=9)),
        "policy.rules[1].rulePriority",
        "1 given twice",
    ),
    Wrong(
        "any image before untagged ones",
        lambda: lifecycle(any_(1), rule(2)),
        "policy.rules[0].rulePriority",
        "1 given; a rule for any image has the highest",
    ),
]
SOUND_ECR: dict[str, Callable[[], Any]] = {
    "plain repository": repository,
    "repository under a key": lambda: encrypted(encryption_type="KMS", kms_key=KEY),
    "repository with exclusions": lambda: repository(
        image_tag_mutability="IMMUTABLE_WITH_EXCLUSION", image_tag_mutability_exclusion_filters=[FILTER]
    ),
    "pulled repository": pulled,
    "lifecycle": lambda: lifecycle(rule(1), rule(2, tagStatus="tagged", tagPatternList=["v*"], **PICKED), any_(3)),
}
