"""Containers: what they may do to their host, and which roles their tasks have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.documents import decoded, lowered
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check_set,
    fail,
    is_true,
    kind_of,
    rule,
    unknown,
)

TASK = "aws:ecs/taskDefinition:TaskDefinition"
_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_PATH = "containerDefinitions"


def containers(view: View) -> list[Any] | None:
    """Return a task definition's containers, with keys in lower case; None where they are not known.

    What is no container is an empty one, so that rules which ask for something find it missing.
    """
    value = decoded(view.get(_PATH))
    if value is UNKNOWN:
        return None
    rows = value if isinstance(value, list) else [value]
    return [each if each is UNKNOWN else lowered(each) if isinstance(each, Mapping) else {} for each in rows]


def each_container(view: View, expected: str, judge: Callable[[str, dict[str, Any]], Iterable[Outcome]]) -> Outcome:
    """Judge each container, with its path."""
    found = containers(view)
    if found is None:
        return unknown(_PATH, expected)
    outcomes: list[Outcome] = []
    for number, row in enumerate(found):
        path = f"{_PATH}[{number}]"
        outcomes.extend([unknown(path, expected)] if row is UNKNOWN else judge(path, row))
    return all_of(outcomes)


def _windows(view: View) -> bool:
    family = view.get("runtimePlatform.operatingSystemFamily")
    return isinstance(family, str) and family.upper().startswith("WINDOWS")


# Capabilities that lead from a container to its host.
_STRONG = frozenset(
    {"ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO", "NET_ADMIN", "DAC_READ_SEARCH", "BPF", "SYS_BOOT"}
)


@rule(
    "LP-110",
    "ecs-container-not-privileged",
    pack="least_privilege",
    types=(TASK,),
    severity="high",
    rationale="A privileged container is root on its host, with everything else that runs there.",
    url=f"{_ECS}/security-tasks-containers.html",
    remediation="Leave out privileged, and from linuxParameters.capabilities.add what reaches the host.",
    controls=("ECS.4", "CKV_AWS_334"),
)
def privileged(view: View) -> Outcome:
    def judge(path: str, row: dict[str, Any]) -> Iterator[Outcome]:
        value = row.get("privileged")
        if value is UNKNOWN:
            yield unknown(f"{path}.privileged", "false")
        yield fail(f"{path}.privileged", "true", "false") if is_true(value) else PASS
        strong = [each for each in _added(row) if each.upper().removeprefix("CAP_") in _STRONG]
        if strong:
            yield fail(f"{path}.linuxParameters.capabilities.add", ", ".join(strong), "no capability over the host")

    return each_container(view, "no privileged container", judge)


def _added(row: Mapping[str, Any]) -> list[str]:
    value: Any = row
    for step in ("linuxparameters", "capabilities", "add"):
        value = lowered(value).get(step) if isinstance(value, Mapping) else None
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


@rule(
    "LP-111",
    "ecs-root-filesystem-is-read-only",
    pack="least_privilege",
    types=(TASK,),
    severity="high",
    rationale="Who breaks into a container with a read-only root cannot leave a program there.",
    url=f"{_ECS}/security-tasks-containers.html",
    remediation="Set readonlyRootFilesystem to true in each container; mount a volume where it must write.",
    controls=("ECS.5", "CKV_AWS_336"),
)
def read_only(view: View) -> Outcome:
    """ECS does not have this for Windows."""
    if _windows(view):
        return NOT_APPLICABLE

    def judge(path: str, row: dict[str, Any]) -> Iterator[Outcome]:
        value, place = row.get("readonlyrootfilesystem"), f"{path}.readonlyRootFilesystem"
        if value is UNKNOWN:
            yield unknown(place, "true")
        else:
            yield PASS if is_true(value) else fail(place, kind_of(value), "true")

    return each_container(view, "a read-only root in each container", judge)


@rule(
    "LP-112",
    "ecs-container-user-is-not-root",
    pack="least_privilege",
    types=(TASK,),
    severity="medium",
    rationale="Root in a container is root to whatever it reaches of the host; images that name no user run as root.",
    url=f"{_ECS}/task_definition_parameters.html",
    remediation='Set user in each container to one that is not root, such as "1000:1000".',
    controls=("ECS.20",),
)
def user(view: View) -> Outcome:
    if _windows(view):
        return NOT_APPLICABLE

    def judge(path: str, row: dict[str, Any]) -> Iterator[Outcome]:
        value, place, expected = row.get("user"), f"{path}.user", "a user that is not root"
        name = str(value).partition(":")[0].strip().lower() if isinstance(value, str | int) else ""
        if value is UNKNOWN:
            yield unknown(place, expected)
        elif not name or name == "root" or (name.isdigit() and int(name) == 0):
            yield fail(place, "root" if name else kind_of(value), expected)
        else:
            yield PASS

    return each_container(view, "a user in each container", judge)


@rule(
    "LP-113",
    "ecs-task-has-role-of-its-own",
    pack="least_privilege",
    types=(TASK,),
    severity="medium",
    rationale="The execution role pulls images and reads secrets for the start; the application needs other rights.",
    url=f"{_ECS}/task-iam-roles.html",
    remediation="Set task_role_arn and execution_role_arn to two roles.",
    controls=("CKV_AWS_249",),
)
def roles(view: View) -> Outcome:
    outcomes = [
        check_set(view, path, f"the role {what}")
        for path, what in (("taskRoleArn", "of the application"), ("executionRoleArn", "that starts the task"))
    ]
    task, execution = view.get("taskRoleArn"), view.get("executionRoleArn")
    leads_to = [set(view.resource.property_dependencies.get(path, ())) for path in ("taskRoleArn", "executionRoleArn")]
    if task is UNKNOWN and execution is UNKNOWN:
        same = len(leads_to[0]) == 1 and leads_to[0] == leads_to[1]
    else:
        same = isinstance(task, str) and task == execution and task != ""
    if same:
        outcomes.append(fail("taskRoleArn", "the execution role", "another role"))
    return all_of(outcomes)
