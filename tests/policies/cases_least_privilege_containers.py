"""Fixtures of rules about containers and builds."""

from __future__ import annotations

import json
from typing import Any

from plumbline.graph import UNKNOWN
from tests.policies.cases import GONE, Cases, changed, made

APP: dict[str, Any] = {"name": "app", "image": "app", "readonlyRootFilesystem": True, "user": "1000:1000"}
START, WORK = made("aws:iam/role:Role", "start"), made("aws:iam/role:Role", "work")
TASK = made(
    "aws:ecs/taskDefinition:TaskDefinition",
    containerDefinitions=json.dumps([APP, {**APP, "name": "proxy"}]),
    refers={"taskRoleArn": WORK, "executionRoleArn": START},
)
PATH = "containerDefinitions"
WINDOWS = {"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}


def second(**changes: Any) -> list[Any]:
    """Return a task whose second container is changed."""
    return [changed(TASK, {PATH: json.dumps([APP, {**APP, **changes}])})]


def found(place: str) -> tuple[str, ...]:
    return (f"{PATH}[1].{place}",)


NOT_KNOWN = {
    "all": ([changed(TASK, {PATH: UNKNOWN})], (PATH,)),
    "one": ([changed(TASK, {PATH: [APP, UNKNOWN]})], (f"{PATH}[1]",)),
}
PRIVILEGED = Cases(
    rule="ecs-container-not-privileged",
    good={
        "text": [TASK],
        "list": [changed(TASK, {PATH: [APP]})],
        "capability": second(linuxParameters={"capabilities": {"add": ["NET_BIND_SERVICE"]}}),
    },
    bad={
        "true": (second(privileged=True), found("privileged")),
        "text": (second(privileged="true"), found("privileged")),
        "upper case": (second(Privileged=True), found("privileged")),
        "administrator": (
            second(linuxParameters={"capabilities": {"add": ["NET_BIND_SERVICE", "SYS_ADMIN"]}}),
            found("linuxParameters.capabilities.add"),
        ),
        **{
            name: (
                second(linuxParameters={"capabilities": {"add": [name]}}),
                found("linuxParameters.capabilities.add"),
            )
            for name in (
                *("all", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO", "NET_ADMIN", "DAC_READ_SEARCH", "BPF", "SYS_BOOT"),
                "CAP_SYS_ADMIN",
            )
        },
    },
    unknown={
        **NOT_KNOWN,
        "value": ([changed(TASK, {PATH: [{**APP, "privileged": UNKNOWN}]})], (f"{PATH}[0].privileged",)),
    },
    always=True,
)

ROOT_FILES = Cases(
    rule="ecs-root-filesystem-is-read-only",
    good={"each": [TASK]},
    bad={
        "one not": (second(readonlyRootFilesystem=False), found("readonlyRootFilesystem")),
        "not set": (second(readonlyRootFilesystem=None), found("readonlyRootFilesystem")),
        "none": ([changed(TASK, {PATH: GONE})], (f"{PATH}[0].readonlyRootFilesystem",)),
        "no JSON": ([changed(TASK, {PATH: "["})], (f"{PATH}[0].readonlyRootFilesystem",)),
    },
    unknown={
        **NOT_KNOWN,
        "value": (
            [changed(TASK, {PATH: [{**APP, "readonlyRootFilesystem": UNKNOWN}]})],
            (f"{PATH}[0].readonlyRootFilesystem",),
        ),
    },
    skipped={"Windows": [changed(TASK, WINDOWS)]},
)

USER = Cases(
    rule="ecs-container-user-is-not-root",
    good={"number": [TASK], "name": second(user="app"), "as number": second(user=1000)},
    bad={
        "root": (second(user="root"), found("user")),
        "group of root": (second(user="0:1000"), found("user")),
        "zeros": (second(user="00"), found("user")),
        "zero": (second(user=0), found("user")),
        "not set": (second(user=None), found("user")),
        "empty": (second(user=""), found("user")),
    },
    unknown={**NOT_KNOWN, "value": ([changed(TASK, {PATH: [{**APP, "user": UNKNOWN}]})], (f"{PATH}[0].user",))},
    skipped={"Windows": [changed(TASK, WINDOWS)]},
)

ROLES = Cases(
    rule="ecs-task-has-role-of-its-own",
    good={"two": [TASK], "names": [changed(TASK, {"taskRoleArn": "arn:a", "executionRoleArn": "arn:b"})]},
    bad={
        "one for both": (
            [made(TASK.type, refers={"taskRoleArn": START, "executionRoleArn": START})],
            ("taskRoleArn",),
        ),
        "one name": ([changed(TASK, {"taskRoleArn": "arn:a", "executionRoleArn": "arn:a"})], ("taskRoleArn",)),
        "no task role": ([changed(TASK, {"taskRoleArn": GONE})], ("taskRoleArn",)),
        "no execution role": ([changed(TASK, {"executionRoleArn": ""})], ("executionRoleArn",)),
    },
    never_unknown="a role that is not known yet is set, and what it refers to tells whether both are one",
    always=True,
)

PROJECT = made(
    "aws:codebuild/project:Project",
    source={"type": "GITHUB", "location": "https://github.com/example/app.git"},
    environment={
        "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
        "environmentVariables": [
            {"name": "STAGE", "value": "test"},
            {"name": "NPM_TOKEN", "type": "SECRETS_MANAGER", "value": "npm:token"},
            {"name": "SECRET_ARN", "value": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:npm"},
        ],
    },
)
LOCATION, VARIABLES = "source.location", "environment.environmentVariables"
SOURCE = Cases(
    rule="codebuild-source-without-credentials",
    good={
        "bare": [PROJECT],
        "none": [changed(PROJECT, {"source": {"type": "CODEPIPELINE"}})],
        "by SSH": [changed(PROJECT, {LOCATION: "ssh://git@github.com/example/app.git"})],
    },
    bad={
        "user and password": ([changed(PROJECT, {LOCATION: "https://user:pass@github.com/a/b.git"})], (LOCATION,)),
        "token": ([changed(PROJECT, {LOCATION: "https://ghp_abc@github.com/a/b.git"})], (LOCATION,)),
        "in the query": ([changed(PROJECT, {LOCATION: "https://git.example.com/b?private_token=x"})], (LOCATION,)),
        "password by SSH": ([changed(PROJECT, {LOCATION: "ssh://git:pass@github.com/a/b.git"})], (LOCATION,)),
        "second": (
            [changed(PROJECT, {"secondarySources": [{"location": "https://a:b@github.com/a/b.git"}]})],
            ("secondarySources.0.location",),
        ),
    },
    unknown={
        "address": ([changed(PROJECT, {LOCATION: UNKNOWN})], (LOCATION,)),
        "others": ([changed(PROJECT, {"secondarySources": UNKNOWN})], ("secondarySources",)),
    },
    always=True,
)


def variable(**given: Any) -> list[Any]:
    return [changed(PROJECT, {VARIABLES: [{"name": "STAGE", "value": "test"}, given]})]


VALUE = (f"{VARIABLES}.1.value",)
PLAIN = Cases(
    rule="codebuild-variables-without-credentials",
    good={
        "references": [PROJECT],
        "none": [changed(PROJECT, {VARIABLES: GONE})],
        "value not known yet": variable(name="TABLE", value=UNKNOWN),
    },
    bad={
        "key's id": (variable(name="AWS_ACCESS_KEY_ID", value=UNKNOWN), VALUE),
        "key": (variable(name="AWS_SECRET_ACCESS_KEY", value="x", type="PLAINTEXT"), VALUE),
        "password": (variable(name="DB_PASSWORD", value="x"), VALUE),
        "token": (variable(name="npm_token", value="x"), VALUE),
        "key in another": (variable(name="STAGE", value="AKIAIOSFODNN7EXAMPLE"), VALUE),
        "password in an address": (variable(name="DATABASE", value="postgres://app:pass@db/app"), VALUE),
    },
    unknown={
        "all": ([changed(PROJECT, {VARIABLES: UNKNOWN})], (VARIABLES,)),
        "type": (variable(name="DB_PASSWORD", value="x", type=UNKNOWN), (f"{VARIABLES}.1.type",)),
        "name": (variable(name=UNKNOWN, value="x"), (f"{VARIABLES}.1.name",)),
    },
    always=True,
)

MODE, IMAGE, SHOWN = "environment.privilegedMode", "environment.image", "projectVisibility"
BUILD_PRIVILEGED = Cases(
    rule="codebuild-not-privileged",
    good={"not set": [PROJECT], "false": [changed(PROJECT, {MODE: False})]},
    bad={
        "true": ([changed(PROJECT, {MODE: True})], (MODE,)),
        "text": ([changed(PROJECT, {MODE: "true"})], (MODE,)),
    },
    unknown={"mode": ([changed(PROJECT, {MODE: UNKNOWN})], (MODE,))},
    always=True,
)
MANAGED = Cases(
    rule="codebuild-uses-managed-image",
    good={"managed": [PROJECT]},
    bad={
        "public": ([changed(PROJECT, {IMAGE: "docker.io/library/node:20"})], (IMAGE,)),
        "looks managed": ([changed(PROJECT, {IMAGE: "example.com/aws/codebuild/standard:7.0"})], (IMAGE,)),
        "not set": ([changed(PROJECT, {IMAGE: GONE})], (IMAGE,)),
    },
    unknown={"image": ([changed(PROJECT, {IMAGE: UNKNOWN})], (IMAGE,))},
    always=True,
)
PRIVATE = Cases(
    rule="codebuild-project-is-private",
    good={"default": [PROJECT], "private": [changed(PROJECT, {SHOWN: "PRIVATE"})]},
    bad={"public": ([changed(PROJECT, {SHOWN: "PUBLIC_READ"})], (SHOWN,))},
    unknown={"visibility": ([changed(PROJECT, {SHOWN: UNKNOWN})], (SHOWN,))},
    always=True,
)

CASES: list[Cases] = [PRIVILEGED, ROOT_FILES, USER, ROLES, SOURCE, PLAIN, BUILD_PRIVILEGED, MANAGED, PRIVATE]
