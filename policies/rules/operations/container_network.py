"""Containers: what the internet reaches of them, what they share with their hosts, and images nobody needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.documents import decoded
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check,
    check_false,
    check_set,
    check_true,
    fail,
    rule,
    unknown,
)

_TASK = "aws:ecs/taskDefinition:TaskDefinition"
_SERVICE = "aws:ecs/service:Service"
_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
_SCHEDULE = "aws:scheduler/schedule:Schedule"
_REPOSITORY = "aws:ecr/repository:Repository"
_LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
_ECS = "https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html"
_EKS = "https://docs.aws.amazon.com/eks/latest/userguide"


@rule(
    "OP-120",
    "ecr-repository-has-lifecycle",
    pack="operations",
    types=(_REPOSITORY,),
    severity="medium",
    scope="stack",
    rationale="Each build leaves an image, which is paid for and scanned until a policy lets go of it.",
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/ecr-controls.html#ecr-3",
    remediation="Add aws.ecr.LifecyclePolicy for the repository with a rule that expires old images.",
    controls=("ECR.3",),
)
def lifecycle(view: View) -> Outcome:
    found, uncertain = view.referrers(_LIFECYCLE, "repository")
    expected = "a lifecycle policy with a rule"
    outcomes = [_expires(each, expected) for each in found]
    if any(outcome.word == "pass" for outcome in outcomes):
        return PASS
    if uncertain or any(outcome.word == "unknown" for outcome in outcomes):
        return unknown("", expected)
    return fail("", "a policy without rules" if found else "no policy", expected)


def _expires(policy: View, expected: str) -> Outcome:
    value = decoded(policy.get("policy"))
    if value is UNKNOWN:
        return unknown("", expected)
    rules = value.get("rules") if isinstance(value, Mapping) else None
    if rules is UNKNOWN:
        return unknown("", expected)
    rows = rules if isinstance(rules, list) else [rules]
    return PASS if any(each is UNKNOWN or (isinstance(each, Mapping) and each) for each in rows) else fail("", "", "")


@rule(
    "OP-121",
    "eks-endpoint-is-private",
    pack="operations",
    types=("aws:eks/cluster:Cluster",),
    severity="high",
    rationale="Who reaches the Kubernetes API may try every token and every hole of it; public is the default.",
    url=f"{_EKS}/cluster-endpoint.html",
    remediation="Set endpoint_public_access=False and endpoint_private_access=True in vpc_config.",
    controls=(
        *("EKS.1", "CKV_AWS_39", "CKV_AWS_38", "AwsSolutions-EKS1"),
        "aws-eks-cluster-disallow-api-endpoint-public-access",
    ),
)
def endpoint(view: View) -> Outcome:
    closed = check_false(view, "vpcConfig.endpointPublicAccess", default=True)
    return all_of([closed, check_true(view, "vpcConfig.endpointPrivateAccess")])


@rule(
    "OP-122",
    "eks-node-group-ssh-is-limited",
    pack="operations",
    types=("aws:eks/nodeGroup:NodeGroup",),
    severity="high",
    rationale="A key without source groups opens port 22 of every node to the internet.",
    url=f"{_EKS}/create-managed-node-group.html",
    remediation="Leave remote_access out and use Session Manager, or set source_security_group_ids.",
    controls=("CKV_AWS_100",),
)
def ssh(view: View) -> Outcome:
    access = view.get("remoteAccess")
    if access is UNKNOWN:
        return unknown("remoteAccess", "source groups where there is a key")
    if access is None or not view.is_set("remoteAccess.ec2SshKey"):
        return NOT_APPLICABLE
    return check_set(view, "remoteAccess.sourceSecurityGroupIds", "security groups that may connect")


@rule(
    "OP-123",
    "ecs-task-has-own-processes",
    pack="operations",
    types=(_TASK,),
    severity="high",
    rationale="A container that shares its host's processes or memory reads and ends those of all others.",
    url=f"{_ECS}#ecs-3",
    remediation="Leave pid_mode and ipc_mode out.",
    controls=("ECS.3", "CKV_AWS_335"),
)
def processes(view: View) -> Outcome:
    return all_of(_not_host(view, path) for path in ("pidMode", "ipcMode"))


def _not_host(view: View, path: str) -> Outcome:
    value = view.get(path)
    if value is UNKNOWN:
        return unknown(path, "not host")
    host = isinstance(value, str) and value.strip().lower() == "host"
    return fail(path, "host", "not host") if host else PASS


@rule(
    "OP-124",
    "ecs-task-has-own-network",
    pack="operations",
    types=(_TASK,),
    severity="medium",
    rationale="On its host's network a container reaches what listens there, the host's role included.",
    url=f"{_ECS}#ecs-17",
    remediation='Set network_mode="awsvpc".',
    controls=("ECS.17", "ECS.1"),
)
def network_mode(view: View) -> Outcome:
    return _not_host(view, "networkMode")


_PLACES = {
    _SERVICE: "networkConfiguration",
    "aws:ecs/taskSet:TaskSet": "networkConfiguration",
    _TARGET: "ecsTarget.networkConfiguration",
    _SCHEDULE: "target.ecsParameters.networkConfiguration",
}


@rule(
    "OP-125",
    "ecs-tasks-have-no-public-address",
    pack="operations",
    types=tuple(_PLACES),
    severity="high",
    rationale="With a public address each container faces the internet by itself; its security group alone decides.",
    url=f"{_ECS}#ecs-2",
    remediation="Leave assign_public_ip false; pull images by endpoints or a NAT gateway.",
    controls=("ECS.2", "CKV_AWS_333"),
)
def public_address(view: View) -> Outcome:
    """EventBridge says ENABLED where services say true."""
    place = _PLACES[view.type]
    if view.get(place) is None:
        return NOT_APPLICABLE

    def closed(value: Any) -> bool:
        return value is False or str(value).strip().upper() in ("FALSE", "DISABLED")

    return check(view, f"{place}.assignPublicIp", closed, "false", default=False)
