"""Application Auto Scaling in the sandbox."""

from __future__ import annotations

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given


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


def _identity(inputs: Inputs) -> dict[str, str]:
    return {
        "ServiceNamespace": inputs["serviceNamespace"],
        "ResourceId": inputs["resourceId"],
        "ScalableDimension": inputs["scalableDimension"],
    }
