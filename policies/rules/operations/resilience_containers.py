"""Containers: images that do not change under their tags, and platforms that are still supported."""

from __future__ import annotations

from plumbline.graph import UNKNOWN
from policies.rules.model import NOT_APPLICABLE, PASS, Outcome, View, check, check_word, kind_of, rule, unknown

REPOSITORY = "aws:ecr/repository:Repository"
CLUSTER = "aws:eks/cluster:Cluster"
SERVICE = "aws:ecs/service:Service"


@rule(
    "OP-310",
    "ecr-tags-immutable",
    pack="operations",
    types=(REPOSITORY,),
    severity="medium",
    rationale="A tag that can move runs other code tomorrow than what was tested, and no rollback finds the old image.",
    url="https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html",
    remediation='Set image_tag_mutability="IMMUTABLE", and give each build a tag of its own.',
    controls=("ECR.2", "CKV_AWS_51", "aws-ecr-repository-disallow-mutable-image"),
    parameters={"words": ["IMMUTABLE"]},
)
def tags(view: View) -> Outcome:
    known = ["MUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION"]
    return check_word(view, "imageTagMutability", view.parameters["words"], default="MUTABLE", known=known)


def _version(value: object) -> tuple[int, ...]:
    """Return a version's numbers. Raises ValueError for what is none."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise ValueError(kind_of(value))
    return tuple(int(part) for part in str(value).strip().removeprefix("v").split("."))


@rule(
    "OP-311",
    "eks-version-supported",
    pack="operations",
    types=(CLUSTER,),
    severity="high",
    rationale="A version past its standard support costs more each hour, and then EKS upgrades it when it likes.",
    url="https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html",
    remediation="Set version to one in standard support, or leave it out for the newest.",
    controls=("EKS.2", "CKV_AWS_339"),
    parameters={"oldest": "1.34"},
)
def version(view: View) -> Outcome:
    """Where none is named, EKS takes the newest it offers by default."""
    oldest = str(view.parameters["oldest"])
    if not view.is_set("version"):
        return PASS
    return check(view, "version", lambda value: _version(value) >= _version(oldest), f"{oldest} or newer")


@rule(
    "OP-312",
    "ecs-fargate-platform-newest",
    pack="operations",
    types=(SERVICE,),
    severity="medium",
    rationale="Fargate's fixes come with its platform versions: a service that names an old one never gets them.",
    url="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-linux-fargate.html",
    remediation='Set platform_version="LATEST", or leave it out.',
    controls=("ECS.10", "CKV_AWS_332"),
    parameters={"versions": ["LATEST", "1.4.0"]},
)
def platform(view: View) -> Outcome:
    """Only Fargate has platform versions."""
    launch = view.get("launchType")
    if isinstance(launch, str) and launch.upper() in ("EC2", "EXTERNAL"):
        return NOT_APPLICABLE
    strategies = view.items("capacityProviderStrategies")
    named = (
        []
        if strategies is None
        else [view.get(f"capacityProviderStrategies.{i}.capacityProvider") for i, _ in enumerate(strategies)]
    )
    fargate = isinstance(launch, str) and launch.upper() == "FARGATE"
    if not fargate and named and all(isinstance(n, str) and not n.upper().startswith("FARGATE") for n in named):
        return NOT_APPLICABLE
    if not fargate and launch is not UNKNOWN and strategies == [] and not view.is_set("platformVersion"):
        return NOT_APPLICABLE
    allowed = view.parameters["versions"]
    outcome = check_word(view, "platformVersion", allowed, default="LATEST", known=["1.0.0", "1.1.0", "1.2.0", "1.3.0"])
    if outcome.word == "fail" and launch is UNKNOWN:
        return unknown("launchType", "EC2, or FARGATE with its newest platform")
    return outcome
