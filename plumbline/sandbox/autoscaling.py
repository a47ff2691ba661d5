"""Application Auto Scaling in the sandbox."""

from __future__ import annotations

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given
from plumbline.sandbox.events import whole


@adapter("aws:appautoscaling/target:Target")
def target(context: Context, inputs: Inputs) -> Created:
    made = context.client("application-autoscaling", inputs).register_scalable_target(
        MinCapacity=inputs["minCapacity"], MaxCapacity=inputs["maxCapacity"], **_identity(inputs)
    )
    return inputs["resourceId"], given(arn=made.get("ScalableTargetARN"))


@adapter("aws:appautoscaling/policy:Policy")
def policy(context: Context, inputs: Inputs) -> Created:
    tracking = inputs["targetTrackingScalingPolicyConfiguration"]
    made = context.client("application-autoscaling", inputs).put_scaling_policy(
        PolicyName=inputs["name"],
        PolicyType=inputs["policyType"],
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": tracking["targetValue"],
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": tracking["predefinedMetricSpecification"]["predefinedMetricType"]
            },
        },
        **_identity(inputs),
    )
    return inputs["name"], {"arn": made["PolicyARN"]}


@adapter("aws:appautoscaling/scheduledAction:ScheduledAction")
def scheduled_action(context: Context, inputs: Inputs) -> Created:
    client, name, bounds = (
        context.client("application-autoscaling", inputs),
        inputs["name"],
        inputs["scalableTargetAction"],
    )
    client.put_scheduled_action(
        ScheduledActionName=name,
        Schedule=inputs["schedule"],
        ScalableTargetAction=given(
            MinCapacity=whole(bounds.get("minCapacity")), MaxCapacity=whole(bounds.get("maxCapacity"))
        ),
        **given(Timezone=inputs.get("timezone"), StartTime=inputs.get("startTime"), EndTime=inputs.get("endTime")),
        **_identity(inputs),
    )
    space, identity = inputs["serviceNamespace"], inputs["resourceId"]
    [made] = client.describe_scheduled_actions(
        ServiceNamespace=space,
        ScheduledActionNames=[name],
        ResourceId=identity,
        ScalableDimension=inputs["scalableDimension"],
    )["ScheduledActions"]
    return f"{name}-{space}-{identity}", {"arn": made["ScheduledActionARN"]}


def _identity(inputs: Inputs) -> dict[str, str]:
    return {
        "ServiceNamespace": inputs["serviceNamespace"],
        "ResourceId": inputs["resourceId"],
        "ScalableDimension": inputs["scalableDimension"],
    }
