"""Containers and builds: their settings, their volumes, and the secrets of a Kubernetes cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.encryption.credentials import form_of, setting
from policies.rules.encryption.keys import AWS_KEY, CUSTOMER_KEY, asked_key, own_key, places
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    check_false,
    check_word,
    fail,
    rule,
    unknown,
)

TASK = "aws:ecs/taskDefinition:TaskDefinition"
SERVICE = "aws:apprunner/service:Service"
_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_NO_CREDENTIALS = "containers without credentials in their settings"


@rule(
    "EN-062",
    "task-containers-without-credentials",
    pack="encryption",
    types=(TASK,),
    severity="high",
    rationale="A task definition keeps what it once said in every revision, for everybody who may describe tasks.",
    url=f"{_ECS}/specifying-sensitive-data.html",
    remediation="Name the value under secrets, with value_from the ARN of a secret or a parameter.",
    scope="stack",
    controls=("ECS.8", "AwsSolutions-ECS2"),
    criteria=("MOMENTUM-1.4.2",),
)
def task(view: View) -> Outcome:
    path = "containerDefinitions"
    containers = view.get(path)
    if isinstance(containers, str):
        try:
            containers = json.loads(containers)
        except (ValueError, RecursionError):
            return fail(path, "no JSON", _NO_CREDENTIALS)
    if containers is UNKNOWN:
        return unknown(path, _NO_CREDENTIALS)
    if isinstance(containers, Mapping):
        containers = [containers]
    if not isinstance(containers, list):
        return fail(path, "no list of containers", _NO_CREDENTIALS)
    return all_of(
        [PASS, *(outcome for place, one in enumerate(containers) for outcome in _container(view, place, one))]
    )


def _container(view: View, number: int, container: Any) -> Iterator[Outcome]:
    """Judge the variables of one container, and the texts with which it is started and logs."""
    path = f"containerDefinitions.{number}"
    if container is UNKNOWN:
        yield unknown(path, _NO_CREDENTIALS)
    fields = {str(key).lower(): value for key, value in container.items()} if isinstance(container, Mapping) else {}
    for row, variable in enumerate(_list(fields.get("environment"))):
        entry = {str(key).lower(): value for key, value in variable.items()} if isinstance(variable, Mapping) else {}
        yield setting(view, f"{path}.environment.{row}", str(entry.get("name")), entry.get("value"))
    logging = fields.get("logconfiguration")
    options = logging.get("options") if isinstance(logging, Mapping) else None
    for name, value in options.items() if isinstance(options, Mapping) else ():
        yield setting(view, f"{path}.logConfiguration.options.{name}", str(name), value)
    for part in ("command", "entryPoint"):
        texts = [text for text in _list(fields.get(part.lower())) if isinstance(text, str)]
        found = next(filter(None, map(form_of, texts)), "")
        if found:
            yield fail(f"{path}.{part}", found, "a command without credentials")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


@rule(
    "EN-063",
    "service-environment-without-credentials",
    pack="encryption",
    types=(SERVICE,),
    severity="high",
    rationale="Everybody who may describe an App Runner service reads its variables.",
    url="https://docs.aws.amazon.com/apprunner/latest/dg/env-variable.html",
    remediation="Name the value under runtime_environment_secrets, by the ARN of a secret or a parameter.",
    scope="stack",
    criteria=("MOMENTUM-1.4.2",),
)
def service(view: View) -> Outcome:
    source = "sourceConfiguration"
    outcomes = []
    for path in (
        f"{source}.imageRepository.imageConfiguration.runtimeEnvironmentVariables",
        f"{source}.codeRepository.codeConfiguration.codeConfigurationValues.runtimeEnvironmentVariables",
    ):
        variables = view.get(path)
        if variables is UNKNOWN:
            outcomes.append(unknown(path, "variables without credentials"))
        elif isinstance(variables, Mapping):
            outcomes += [setting(view, f"{path}.{name}", str(name), value) for name, value in variables.items()]
    return all_of(outcomes)


@rule(
    "EN-064",
    "task-volume-encrypted-in-transit",
    pack="encryption",
    types=(TASK,),
    severity="medium",
    rationale="EFS is mounted over NFS, which is clear text unless the mount is told to use TLS.",
    url=f"{_ECS}/efs-volumes.html",
    remediation='Set transit_encryption="ENABLED" in each efs_volume_configuration.',
    controls=("CKV_AWS_97", "ECS.18"),
)
def volumes(view: View) -> Outcome:
    found = places(view, "volumes")
    if found is None:
        return unknown("volumes", "TLS for each volume of EFS")
    shared = [path for volume in found if view.is_set(path := f"{volume}.efsVolumeConfiguration")]
    return all_of(
        check_word(view, f"{path}.transitEncryption", ("ENABLED",), default="DISABLED", known=("DISABLED",))
        for path in shared
    )


@rule(
    "EN-065",
    "cluster-encrypts-secrets",
    pack="encryption",
    types=("aws:eks/cluster:Cluster",),
    severity="medium",
    rationale="Kubernetes keeps secrets encoded, not encrypted; under a key of the stack's own a copy is of no use.",
    url="https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html",
    remediation='Set encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]}.',
    controls=("EKS.3", "CKV_AWS_58", "aws-eks-cluster-enable-cluster-encryption-config"),
)
def cluster(view: View) -> Outcome:
    path = "encryptionConfig"
    found = places(view, path)
    if found is None:
        return unknown(path, "secrets under a customer key")
    if not found:
        return fail(path, "not set", "secrets under a customer key")
    outcomes = []
    for place in found:
        outcomes.append(own_key(view, f"{place}.provider.keyArn"))
        resources = view.items(f"{place}.resources")
        if resources is None or (UNKNOWN in resources and "secrets" not in resources):
            outcomes.append(unknown(f"{place}.resources", "secrets"))
        elif "secrets" not in resources:
            outcomes.append(fail(f"{place}.resources", f"{len(resources)} other resources", "secrets"))
    return all_of(outcomes) if outcomes else NOT_APPLICABLE


@rule(
    "EN-066",
    "build-project-encrypted",
    pack="encryption",
    types=("aws:codebuild/project:Project",),
    severity="medium",
    rationale="Artifacts of a build are what gets deployed: to read or replace them should take a permission on a key.",
    url="https://docs.aws.amazon.com/codebuild/latest/userguide/security-encryption.html",
    remediation="Set encryption_key to a customer key, and leave encryption of artifacts on.",
    controls=("CKV_AWS_147", "AwsSolutions-CB4", "CKV_AWS_78"),
    parameters=CUSTOMER_KEY,
)
def project(view: View) -> Outcome:
    more = places(view, "secondaryArtifacts")
    artifacts = ["artifacts", *(more or ())]
    outcomes = [asked_key(view, "encryptionKey")]
    outcomes += [check_false(view, f"{path}.encryptionDisabled") for path in artifacts]
    if more is None:
        outcomes.append(unknown("secondaryArtifacts", "each encrypted"))
    return all_of(outcomes)


@rule(
    "EN-067",
    "build-report-encrypted",
    pack="encryption",
    types=("aws:codebuild/reportGroup:ReportGroup",),
    severity="medium",
    rationale="Reports of tests show names, inputs and failures of the code to whoever reads the bucket.",
    url="https://docs.aws.amazon.com/codebuild/latest/userguide/report-group-export-settings.html",
    remediation="Set encryption_key in s3_destination to a customer key, and leave encryption_disabled out.",
    controls=("CodeBuild.7",),
)
def report(view: View) -> Outcome:
    place = "exportConfig.s3Destination"
    kind = view.get("exportConfig.type")
    if isinstance(kind, str) and kind.upper() == "NO_EXPORT":
        return NOT_APPLICABLE
    return all_of([own_key(view, f"{place}.encryptionKey"), check_false(view, f"{place}.encryptionDisabled")])


@rule(
    "EN-068",
    "service-has-key",
    pack="encryption",
    types=(SERVICE,),
    severity="low",
    rationale="App Runner keeps copies of images and source; the key decides who can read them.",
    url="https://docs.aws.amazon.com/apprunner/latest/dg/security-data-protection-encryption.html",
    remediation="Set kms_key in encryption_configuration to a customer key.",
    parameters=AWS_KEY,
)
def service_key(view: View) -> Outcome:
    return asked_key(view, "encryptionConfiguration.kmsKey")
