"""Step Functions state machines in the sandbox."""

from __future__ import annotations

import json

from plumbline.monitor import DeployError
from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given


@adapter("aws:sfn/stateMachine:StateMachine")
def state_machine(context: Context, inputs: Inputs) -> Created:
    _check(inputs["definition"])
    logging = inputs.get("loggingConfiguration")
    tracing = inputs.get("tracingConfiguration")
    encryption = inputs.get("encryptionConfiguration")
    period = (encryption or {}).get("kmsDataKeyReusePeriodSeconds")
    made = context.client("stepfunctions", inputs).create_state_machine(
        name=inputs["name"],
        definition=inputs["definition"],
        roleArn=inputs["roleArn"],
        type=inputs.get("type") or "STANDARD",
        publish=bool(inputs.get("publish")),
        tags=[{"key": key, "value": value} for key, value in (inputs.get("tags") or {}).items()],
        **given(
            loggingConfiguration=logging
            and given(
                level=logging.get("level"),
                includeExecutionData=logging.get("includeExecutionData"),
                destinations=[{"cloudWatchLogsLogGroup": {"logGroupArn": logging["logDestination"]}}]
                if logging.get("logDestination")
                else None,
            ),
            tracingConfiguration=tracing and given(enabled=tracing.get("enabled")),
            encryptionConfiguration=encryption
            and given(
                type=encryption.get("type"),
                kmsKeyId=encryption.get("kmsKeyId"),
                kmsDataKeyReusePeriodSeconds=None if period is None else int(period),
            ),
        ),
    )
    arn = made["stateMachineArn"]
    return arn, given(arn=arn, status="ACTIVE", stateMachineVersionArn=made.get("stateMachineVersionArn"))


def _check(definition: str) -> None:
    """Refuse what is no definition at all; moto reads one only when it runs the machine."""
    try:
        document = json.loads(definition)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not {"StartAt", "States"} <= document.keys():
        raise DeployError("InvalidDefinition: definition: no states; allowed: a JSON object with StartAt and States")
