"""Lambda functions: runtimes, zones, what happens to events that fail, and the API's deployments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plumbline.graph import UNKNOWN
from policies.rules.model import (
    NOT_APPLICABLE,
    PASS,
    Outcome,
    View,
    any_of,
    check_word,
    fail,
    kind_of,
    rule,
    unknown,
    word_or_other,
)
from policies.rules.operations.resilience_common import (
    ALIAS,
    FUNCTION,
    QUEUE,
    TOPIC,
    about_function,
    delivers_to,
    function_names,
    function_urns,
    in_zones,
    number,
)

INVOKE = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
PERMISSION = "aws:lambda/permission:Permission"
URL = "aws:lambda/functionUrl:FunctionUrl"
DEPLOYMENT = "aws:apigateway/deployment:Deployment"
REST_API = "aws:apigateway/restApi:RestApi"
_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"
_RUNTIMES = [
    *("python3.11", "python3.12", "python3.13", "python3.14", "nodejs22.x", "nodejs24.x"),
    *("java17", "java21", "java25", "dotnet10", "ruby3.3", "ruby3.4", "provided.al2023"),
]
_ENDED = [
    *("python2.7", "python3.6", "python3.7", "python3.8", "python3.9", "python3.10", "nodejs10.x", "nodejs12.x"),
    *("nodejs14.x", "nodejs16.x", "nodejs18.x", "nodejs20.x", "java8", "java8.al2", "java11", "dotnetcore3.1"),
    *("dotnet6", "dotnet7", "dotnet8", "ruby2.7", "ruby3.2", "go1.x", "provided", "provided.al2"),
]


@rule(
    "OP-265",
    "lambda-runtime-supported",
    pack="operations",
    types=(FUNCTION,),
    severity="medium",
    rationale="A runtime that has ended gets no security updates, and soon its functions cannot be changed.",
    url=f"{_GUIDE}/lambda-runtimes.html",
    remediation="Set runtime to one that AWS still supports, and test the function with it.",
    controls=("Lambda.2", "CKV_AWS_363", "AwsSolutions-L1", "Serverless-LambdaLatestVersion"),
    parameters={"runtimes": _RUNTIMES},
)
def runtime(view: View) -> Outcome:
    """An image brings its runtime along."""
    package = view.get("packageType", "Zip")
    if isinstance(package, str) and package.lower() == "image":
        return NOT_APPLICABLE
    outcome = check_word(view, "runtime", view.parameters["runtimes"], known=_ENDED)
    if outcome.word == "fail":
        if package is UNKNOWN and not view.is_set("runtime"):
            return unknown("packageType", "Image, or a runtime that is supported")
        return fail("runtime", outcome.findings[0].found, "a runtime that is supported")
    return outcome


@rule(
    "OP-266",
    "lambda-in-several-zones",
    pack="operations",
    types=(FUNCTION,),
    severity="medium",
    scope="stack",
    rationale="A function in subnets of one zone stops with that zone, though Lambda itself goes on.",
    url=f"{_GUIDE}/configuration-vpc.html",
    remediation="Give vpc_config subnets in two or more availability zones.",
    controls=("Lambda.5",),
    parameters={"least_zones": 2},
)
def zones(view: View) -> Outcome:
    config = view.get("vpcConfig")
    path = "vpcConfig.subnetIds"
    if config is not UNKNOWN and not view.is_set(path):
        return NOT_APPLICABLE
    return in_zones(view, path, int(view.parameters["least_zones"]))


# Services that wait for the answer, or see to failures themselves: they or their callers know what failed.
_WAITING = frozenset(
    f"{service}.amazonaws.com"
    for service in ("apigateway", "cognito-idp", "elasticloadbalancing", "secretsmanager", "lex", "bedrock", "appsync")
)


@rule(
    "OP-267",
    "lambda-async-has-failure-target",
    pack="operations",
    types=(FUNCTION, INVOKE),
    severity="medium",
    scope="stack",
    rationale="Lambda drops an event after its last attempt, and nobody knows of it, unless there is a target.",
    url=f"{_GUIDE}/invocation-async-retain-records.html",
    remediation='Set dead_letter_config={"target_arn": queue.arn}, or add aws.lambda_.FunctionEventInvokeConfig with '
    "destination_config.on_failure.",
    controls=("CKV_AWS_116", "Serverless-LambdaDLQ", "Serverless-LambdaAsyncFailureDestination"),
    criteria=("TRADING-12.6",),
)
def failures(view: View) -> Outcome:
    """Functions that only APIs call, or that poll, get no asynchronous events; of others nobody can say so."""
    destination = "destinationConfig.onFailure.destination"
    kinds = (QUEUE, TOPIC, FUNCTION, ALIAS, "aws:s3/bucket:Bucket")
    if view.type == INVOKE:
        if view.is_set(destination):
            # An event bus may be the destination, which only the ARN tells.
            if view.get(destination) is UNKNOWN or ":events:" in str(view.get(destination)):
                return PASS
            return delivers_to(view, destination, *kinds)
        return NOT_APPLICABLE
    configs = about_function(view, INVOKE, "functionName")
    outcomes: list[Outcome] = []
    if view.is_set("deadLetterConfig"):
        outcomes.append(delivers_to(view, "deadLetterConfig.targetArn", QUEUE, TOPIC))
    if any(config.is_set(destination) for config in configs):
        outcomes.append(PASS)
    if outcomes:
        return any_of(outcomes)
    principals = [each.get("principal") for each in about_function(view, PERMISSION, "function")]
    waits = [isinstance(each, str) and each.lower() in _WAITING for each in principals]
    waits += [True for type_ in (MAPPING, URL) for _ in about_function(view, type_, "functionName")]
    if waits and all(waits):
        return NOT_APPLICABLE
    expected = "the ARN of a queue or topic, or a destination on failure"
    if any(each is UNKNOWN for each in principals) and not any(
        isinstance(each, str) and each.lower() not in _WAITING for each in principals
    ):
        return unknown("deadLetterConfig", expected)
    return fail("deadLetterConfig", "not set", expected)


def _source_kind(view: View) -> str | None:
    """Return what a mapping reads from: queue, stream or other; None where that is not known."""
    arn = view.get("eventSourceArn")
    if isinstance(arn, str):
        service = [*arn.split(":"), "", "", ""][2].lower()
        return {"sqs": "queue", "dynamodb": "stream", "kinesis": "stream", "kafka": "stream"}.get(service, "other")
    if any(view.is_set(path) for path in ("queues", "documentDbEventSourceConfig")):
        return "other"
    if any(view.is_set(path) for path in ("startingPosition", "selfManagedEventSource", "topics")):
        return "stream"
    if arn is not UNKNOWN:
        return "other"
    sources = view.source_types("eventSourceArn")
    if QUEUE in sources:
        return "queue"
    return "stream" if sources else None


@rule(
    "OP-268",
    "lambda-stream-has-failure-destination",
    pack="operations",
    types=(MAPPING,),
    severity="medium",
    scope="stack",
    rationale="A record that fails is tried again until it expires, and is then gone without a trace.",
    url=f"{_GUIDE}/services-dynamodb-errors.html",
    remediation="Set destination_config.on_failure.destination_arn to a queue or topic.",
    controls=("Serverless-LambdaEventSourceMappingDestination",),
)
def stream(view: View) -> Outcome:
    """A queue has a dead letter queue of its own."""
    path = "destinationConfig.onFailure.destinationArn"
    kind = _source_kind(view)
    if kind in ("queue", "other"):
        return NOT_APPLICABLE
    given = delivers_to(view, path, QUEUE, TOPIC, "aws:s3/bucket:Bucket")
    if given.word == "pass" or kind == "stream":
        return given
    return unknown("eventSourceArn", "a queue, or a stream with a destination on failure")


@rule(
    "OP-269",
    "lambda-queue-hides-messages-long-enough",
    pack="operations",
    types=(MAPPING,),
    severity="medium",
    scope="stack",
    rationale="A message that shows again while the function still works on it is worked on twice.",
    url=f"{_GUIDE}/services-sqs-configure.html",
    remediation="Set the queue's visibility_timeout_seconds to six times the function's timeout or more.",
    controls=("Serverless-LambdaEventSourceSQSVisibilityTimeout",),
    parameters={"times": 6},
)
def visibility(view: View) -> Outcome:
    """Queues and functions of other stacks cannot be compared. SQS takes 30 seconds by default, Lambda 3."""
    if _source_kind(view) not in ("queue", None):
        return NOT_APPLICABLE
    queues = [queue for queue in view.of_type(QUEUE) if view.refers_to("eventSourceArn", queue)]
    urns = set(function_urns(view, "functionName", function_names(view)))
    functions = [each for each in view.of_type(FUNCTION) if each.resource.urn in urns]
    if not queues or not functions:
        return NOT_APPLICABLE
    times = view.parameters["times"]
    hidden, timeout = queues[0].get("visibilityTimeoutSeconds", 30), functions[0].get("timeout", 3)
    expected = f"a queue that hides messages for {times:g} times the function's timeout"
    if UNKNOWN in (hidden, timeout):
        return unknown("eventSourceArn", expected)
    seconds, longest = number(hidden), number(timeout)
    if seconds is None or longest is None or seconds < times * longest:
        return fail("eventSourceArn", f"{kind_of(hidden)} seconds, with a timeout of {kind_of(timeout)}", expected)
    return PASS


@rule(
    "OP-438",
    "lambda-alias-is-of-a-version",
    pack="operations",
    types=(ALIAS,),
    severity="medium",
    rationale="An alias of $LATEST serves whatever was uploaded last, and leads back to nothing that worked.",
    url="https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html",
    remediation="Publish versions with publish=True, and give the alias function_version=function.version.",
)
def published(view: View) -> Outcome:
    """A version that is not known yet is one that the deployment publishes."""
    path, expected = "functionVersion", "the number of a version"
    version = view.get(path)
    if version is UNKNOWN or (str(version).isdecimal() and int(version) > 0):
        return PASS
    return fail(path, word_or_other(version, ("$LATEST",)), expected)


@rule(
    "OP-270",
    "api-replaced-after-creation",
    pack="operations",
    types=(DEPLOYMENT, REST_API),
    severity="low",
    rationale="A stage cannot lose its deployment while it serves: the new one has to be there first.",
    url="https://www.pulumi.com/docs/iac/concepts/resources/options/deletebeforereplace/",
    remediation="Leave out delete_before_replace for the API and its deployments, and give a deployment triggers.",
    controls=("CKV_AWS_217", "CKV_AWS_237"),
)
def replaced(view: View) -> Outcome:
    """Pulumi creates first unless it is told otherwise. Without triggers, changes of methods are never deployed."""
    if view.resource.options.delete_before_replace:
        return fail("", "deleted before it is replaced", "created before the old one is deleted")
    if view.type == DEPLOYMENT and not view.is_set("triggers"):
        return fail("triggers", _empty(view.get("triggers")), "a digest of what the API consists of")
    return PASS


def _empty(value: Any) -> str:
    return "an empty mapping" if isinstance(value, Mapping) else kind_of(value)
