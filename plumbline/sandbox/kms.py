"""KMS keys and their aliases in the sandbox."""

from __future__ import annotations

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given


@adapter("aws:kms/key:Key")
def key(context: Context, inputs: Inputs) -> Created:
    client = context.client("kms", inputs)
    # The deletion window is no property of a key but of its deletion, so there is nothing to set yet.
    # moto does not keep the period of a rotation.
    made = client.create_key(
        Tags=[{"TagKey": name, "TagValue": value} for name, value in (inputs.get("tags") or {}).items()],
        **given(
            Policy=inputs.get("policy"),
            Description=inputs.get("description"),
            KeyUsage=inputs.get("keyUsage"),
            KeySpec=inputs.get("customerMasterKeySpec"),
            MultiRegion=inputs.get("multiRegion"),
            BypassPolicyLockoutSafetyCheck=inputs.get("bypassPolicyLockoutSafetyCheck"),
        ),
    )["KeyMetadata"]
    if inputs.get("enableKeyRotation"):
        client.enable_key_rotation(KeyId=made["KeyId"])
    if inputs.get("isEnabled") is False:
        client.disable_key(KeyId=made["KeyId"])
    return made["KeyId"], {"arn": made["Arn"], "keyId": made["KeyId"]}


@adapter("aws:kms/alias:Alias")
def alias(context: Context, inputs: Inputs) -> Created:
    client = context.client("kms", inputs)
    name = inputs["name"]
    client.create_alias(AliasName=name, TargetKeyId=inputs["targetKeyId"])
    target = client.describe_key(KeyId=inputs["targetKeyId"])["KeyMetadata"]["Arn"]
    # An alias stands in the account and region of its key, and its ARN differs only behind them.
    return name, {"arn": f"{target.rpartition(':')[0]}:{name}", "targetKeyArn": target}
