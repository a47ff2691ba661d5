"""Containers and builds: their logs, and what is found in their images."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.documents import lowered
from policies.rules.encryption.keys import CUSTOMER_KEY, asked_key, places
from policies.rules.least_privilege.containers import each_container
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    all_of,
    any_of,
    check_false,
    check_set,
    check_true,
    check_word,
    fail,
    is_true,
    kind_of,
    rule,
    unknown,
    word_or_other,
)
from policies.rules.operations.observability_delivery import has_all

TASK = "aws:ecs/taskDefinition:TaskDefinition"
SERVICE = "aws:ecs/service:Service"
CLUSTER = "aws:ecs/cluster:Cluster"
CLUSTER_OF_KUBERNETES = "aws:eks/cluster:Cluster"
REPOSITORY = "aws:ecr/repository:Repository"
REGISTRY = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
PROJECT = "aws:codebuild/project:Project"
_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_BUILDS = "https://docs.aws.amazon.com/codebuild/latest/userguide"


@rule(
    "OP-228",
    "ecr-scans-on-push",
    pack="operations",
    types=(REPOSITORY,),
    severity="high",
    scope="stack",
    rationale="A library with a known hole is found before the image runs, not after somebody used it.",
    url="https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html",
    remediation="Set image_scanning_configuration scan_on_push=True, or add aws.ecr.RegistryScanningConfiguration.",
    controls=("ECR.1", "CKV_AWS_163", "aws-ecr-repository-enable-image-scan"),
)
def scans(view: View) -> Outcome:
    """A registry's rules for the repository's name hold as well."""
    own = check_true(view, "imageScanningConfiguration.scanOnPush")
    name = view.get("name")
    registry = [outcome for each in view.of_type(REGISTRY) for outcome in _registry(each, name)]
    verdict = any_of([own, *registry])
    return PASS if verdict.word == "pass" else own


def _registry(view: View, name: Any) -> Iterator[Outcome]:
    for path in places(view, "rules") or ():
        scanned = check_word(view, f"{path}.scanFrequency", ("SCAN_ON_PUSH", "CONTINUOUS_SCAN"))
        for filtered in places(view, f"{path}.repositoryFilters") or ():
            pattern = view.get(f"{filtered}.filter")
            if pattern == "*" or (isinstance(name, str) and fnmatch.fnmatchcase(name, str(pattern))):
                yield scanned


@rule(
    "OP-229",
    "codebuild-logs-builds",
    pack="operations",
    types=(PROJECT,),
    severity="medium",
    rationale="What a build did with the rights of the pipeline is known from its log only.",
    url=f"{_BUILDS}/change-project.html#change-project-console-logs",
    remediation="Set logs_config with cloudwatch_logs and the name of a log group, or with s3_logs that are ENABLED.",
    controls=("CodeBuild.4", "CKV_AWS_314"),
    criteria=("TRADING-21.5",),
)
def builds(view: View) -> Outcome:
    """CodeBuild's own log group, where none is named, keeps what it has forever and is no part of the stack."""
    words = ("ENABLED", "DISABLED")
    base = "logsConfig"
    if not view.is_set(base):
        return fail(base, "not set", "logs in a log group of the stack, or in a bucket")
    outcomes = []
    if view.is_set(f"{base}.cloudwatchLogs"):
        outcomes.append(
            check_word(view, f"{base}.cloudwatchLogs.status", ("ENABLED",), default="ENABLED", known=words),
        )
    bucket = check_word(view, f"{base}.s3Logs.status", ("ENABLED",), default="DISABLED", known=words)
    outcomes.append(all_of([bucket, check_set(view, f"{base}.s3Logs.location", "a bucket and a prefix")]))
    verdict = any_of(outcomes)
    return all_of([outcomes[0]]) if verdict.word == "fail" else verdict


@rule(
    "OP-230",
    "codebuild-bucket-logs-encrypted",
    pack="operations",
    types=(PROJECT,),
    severity="low",
    rationale="A build prints what it fetches and whom it asks; its log deserves what its output gets.",
    url=f"{_BUILDS}/change-project.html#change-project-console-logs",
    remediation="Leave encryption_disabled out of s3_logs, or set it to False.",
    controls=("CodeBuild.3", "CKV_AWS_311"),
)
def build_logs(view: View) -> Outcome:
    status = view.get("logsConfig.s3Logs.status", "DISABLED")
    encrypted = check_false(view, "logsConfig.s3Logs.encryptionDisabled")
    if isinstance(status, str) and status.upper() != "ENABLED":
        # What is wrong with logs that are off is wrong as soon as somebody turns them on.
        return NOT_APPLICABLE if encrypted.word == "pass" else encrypted
    return encrypted


@rule(
    "OP-231",
    "eks-logs-control-plane",
    pack="operations",
    types=(CLUSTER_OF_KUBERNETES,),
    severity="medium",
    rationale="Who created which pod, and who was refused, is in the audit log, which is off unless it is asked for.",
    url="https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html",
    remediation="Set enabled_cluster_log_types to all five kinds.",
    controls=("EKS.8", "CKV_AWS_37", "AwsSolutions-EKS2"),
    parameters={"kinds": ["api", "audit", "authenticator", "controllerManager", "scheduler"]},
)
def control_plane(view: View) -> Outcome:
    return has_all(view, "enabledClusterLogTypes", view.parameters["kinds"])


@rule(
    "OP-236",
    "ecs-container-logs",
    pack="operations",
    types=(TASK,),
    severity="high",
    rationale="What a container without a log driver writes is gone with it, and a task on Fargate has no other place.",
    url=f"{_ECS}/using_awslogs.html",
    remediation='Give each container a logConfiguration with logDriver "awslogs" and its group, region and prefix.',
    controls=("ECS.9", "AwsSolutions-ECS7"),
    criteria=("CONSULTING-07.2", "MOMENTUM-4.2.1"),
    parameters={"drivers": ["awslogs", "awsfirelens", "splunk"]},
)
def containers(view: View) -> Outcome:
    """Drivers that leave the log on the host are none: nobody looks there, and Fargate has no host."""
    drivers = [str(each).lower() for each in view.parameters["drivers"]]
    expected = f"a log driver: {' or '.join(drivers)}"
    known = ("none", "json-file", "local", "journald", "syslog", "gelf", "fluentd", "logentries")

    def judge(path: str, container: dict[str, Any]) -> Iterator[Outcome]:
        place = f"{path}.logConfiguration"
        logging = container.get("logconfiguration")
        if logging is UNKNOWN:
            yield unknown(place, expected)
            return
        fields = lowered(logging) if isinstance(logging, Mapping) else {}
        driver = fields.get("logdriver")
        if driver is UNKNOWN:
            yield unknown(f"{place}.logDriver", expected)
        elif not isinstance(driver, str) or driver.lower() not in drivers:
            found = word_or_other(driver, known) if fields else kind_of(logging)
            yield fail(f"{place}.logDriver" if fields else place, found, expected)
        elif driver.lower() == "awslogs":
            yield _group(f"{place}.options", fields.get("options"))
        else:
            yield PASS

    return each_container(view, expected, judge)


def _group(path: str, options: Any) -> Outcome:
    """Judge that the driver for CloudWatch is told a log group."""
    expected = "awslogs-group"
    if options is UNKNOWN:
        return unknown(path, expected)
    group = options.get("awslogs-group") if isinstance(options, Mapping) else None
    return PASS if group is UNKNOWN or (isinstance(group, str) and group) else fail(path, f"no {expected}", expected)


@rule(
    "OP-237",
    "ecs-cluster-has-container-insights",
    pack="operations",
    types=(CLUSTER,),
    severity="medium",
    rationale="Without it, nobody sees which task takes the memory, or how often tasks start again.",
    url=f"{_ECS}/cloudwatch-container-insights.html",
    remediation='Add the setting with name "containerInsights" and value "enabled" or "enhanced".',
    controls=("ECS.12", "CKV_AWS_65", "AwsSolutions-ECS4"),
    criteria=("CONSULTING-05.6",),
)
def cluster_insights(view: View) -> Outcome:
    words = ("enabled", "enhanced")
    expected = f"containerInsights: {' or '.join(words)}"
    settings = places(view, "settings")
    if settings is None:
        return unknown("settings", expected)
    names = [view.get(f"{path}.name") for path in settings]
    for path, name in zip(settings, names, strict=True):
        if isinstance(name, str) and name.lower() == "containerinsights":
            return check_word(view, f"{path}.value", words, known=("disabled",))
    if any(name is UNKNOWN for name in names):
        return unknown("settings", expected)
    return fail("settings", "no containerInsights", expected)


@rule(
    "OP-238",
    "ecs-exec-is-logged",
    pack="operations",
    types=(CLUSTER,),
    severity="medium",
    scope="stack",
    rationale="A shell in a running container leaves no trace but its session's log.",
    url=f"{_ECS}/ecs-exec.html",
    remediation='Set execute_command_configuration with kms_key_id, logging="OVERRIDE" and an encrypted destination.',
    controls=("CKV_AWS_223", "CKV_AWS_224"),
    parameters=CUSTOMER_KEY,
)
def exec_logs(view: View) -> Outcome:
    """About clusters that say how sessions are held, and those in which a service of the stack allows them."""
    base = "configuration.executeCommandConfiguration"
    if not view.is_set(base):
        services = [each for each in view.of_type(SERVICE) if each.refers_to("cluster", view) is not False]
        open_ = any(is_true(each.get("enableExecuteCommand")) for each in services)
        return fail(base, "not set", "logged sessions") if open_ else NOT_APPLICABLE
    words = ("DEFAULT", "OVERRIDE")
    logging = view.get(f"{base}.logging", "DEFAULT")
    outcomes = [check_word(view, f"{base}.logging", words, default="DEFAULT", known=("NONE",))]
    outcomes.append(asked_key(view, f"{base}.kmsKeyId"))
    if isinstance(logging, str) and logging.upper() == "OVERRIDE":
        outcomes.append(_destination(view, f"{base}.logConfiguration"))
    return all_of(outcomes)


def _destination(view: View, path: str) -> Outcome:
    named = {
        "cloudWatchLogGroupName": "cloudWatchEncryptionEnabled",
        "s3BucketName": "s3BucketEncryptionEnabled",
    }
    given = [flag for name, flag in named.items() if view.is_set(f"{path}.{name}")]
    if not given:
        return fail(path, kind_of(view.get(path)), "a log group or a bucket")
    return all_of(check_true(view, f"{path}.{flag}") for flag in given)
