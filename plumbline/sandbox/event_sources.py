"""What calls Lambda functions, and what becomes of calls that nobody waits for, in the sandbox."""

from __future__ import annotations

from typing import Any

from moto.sqs.models import sqs_backends

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given

_NUMBERS = {
    "batchSize": "BatchSize",
    "maximumBatchingWindowInSeconds": "MaximumBatchingWindowInSeconds",
    "maximumRecordAgeInSeconds": "MaximumRecordAgeInSeconds",
    "maximumRetryAttempts": "MaximumRetryAttempts",
    "parallelizationFactor": "ParallelizationFactor",
    "tumblingWindowInSeconds": "TumblingWindowInSeconds",
}


@adapter("aws:lambda/eventSourceMapping:EventSourceMapping")
def event_source_mapping(context: Context, inputs: Inputs) -> Created:
    failures = (inputs.get("destinationConfig") or {}).get("onFailure")
    filters = (inputs.get("filterCriteria") or {}).get("filters") or []
    scaling, metrics, poller = (
        inputs.get(name) for name in ("scalingConfig", "metricsConfig", "provisionedPollerConfig")
    )
    # moto knows queues, streams of tables and streams of Kinesis as sources; Kafka, DocumentDB and MQ it refuses.
    made = context.client("lambda", inputs).create_event_source_mapping(
        FunctionName=inputs["functionName"],
        Enabled=inputs.get("enabled", True),
        Tags=dict(inputs.get("tags") or {}),
        **{name: int(inputs[key]) for key, name in _NUMBERS.items() if inputs.get(key) is not None},
        **given(
            EventSourceArn=inputs.get("eventSourceArn"),
            BisectBatchOnFunctionError=inputs.get("bisectBatchOnFunctionError"),
            DestinationConfig=failures and {"OnFailure": {"Destination": failures["destinationArn"]}},
            FilterCriteria={"Filters": [given(Pattern=row.get("pattern")) for row in filters]} if filters else None,
            FunctionResponseTypes=inputs.get("functionResponseTypes"),
            KMSKeyArn=inputs.get("kmsKeyArn"),
            MetricsConfig=metrics and {"Metrics": metrics["metrics"]},
            ProvisionedPollerConfig=poller
            and given(
                MinimumPollers=_whole(poller.get("minimumPollers")), MaximumPollers=_whole(poller.get("maximumPollers"))
            ),
            ScalingConfig=scaling and given(MaximumConcurrency=_whole(scaling.get("maximumConcurrency"))),
            StartingPosition=inputs.get("startingPosition"),
            StartingPositionTimestamp=inputs.get("startingPositionTimestamp"),
        ),
    )
    _left_alone(context, inputs)
    outputs = {
        "uuid": made["UUID"],
        "arn": made["EventSourceMappingArn"],
        "functionArn": made["FunctionArn"],
        "state": made["State"],
    }
    return made["UUID"], outputs


@adapter("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
def function_event_invoke_config(context: Context, inputs: Inputs) -> Created:
    destinations = inputs.get("destinationConfig") or {}
    failure, success = destinations.get("onFailure"), destinations.get("onSuccess")
    name, qualifier = inputs["functionName"], inputs.get("qualifier")
    # moto keeps one configuration for a function, whatever the version or alias.
    context.client("lambda", inputs).put_function_event_invoke_config(
        FunctionName=name,
        **given(
            Qualifier=qualifier,
            MaximumEventAgeInSeconds=_whole(inputs.get("maximumEventAgeInSeconds")),
            MaximumRetryAttempts=_whole(inputs.get("maximumRetryAttempts")),
            DestinationConfig=given(
                OnFailure=failure and {"Destination": failure["destination"]},
                OnSuccess=success and {"Destination": success["destination"]},
            )
            or None,
        ),
    )
    return f"{name}:{qualifier}" if qualifier else name, {}


def _left_alone(context: Context, inputs: Inputs) -> None:
    """Keep moto from taking the queue's messages: it would call nothing, and delete them as if they were processed."""
    region = inputs.get("region") or context.region
    for queue in sqs_backends[context.account_id][region].queues.values():
        if queue.queue_arn == inputs.get("eventSourceArn"):
            queue.lambda_event_source_mappings.clear()


def _whole(number: Any) -> int | None:
    return None if number is None else int(number)
