"""Parameters of Parameter Store in the sandbox. moto keeps a SecureString readable, under its key's name."""

from __future__ import annotations

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list


@adapter("aws:ssm/parameter:Parameter")
def parameter(context: Context, inputs: Inputs) -> Created:
    client = context.client("ssm", inputs)
    made = client.put_parameter(
        Name=inputs["name"],
        Type=inputs["type"],
        Value=inputs["value"],
        Tags=tag_list(inputs),
        **given(
            AllowedPattern=inputs.get("allowedPattern"),
            DataType=inputs.get("dataType"),
            Description=inputs.get("description"),
            KeyId=inputs.get("keyId"),
            Tier=inputs.get("tier"),
        ),
    )
    arn = f"arn:aws:ssm:{context.region}:{context.account_id}:parameter/{inputs['name'].lstrip('/')}"
    return inputs["name"], {"arn": arn, "version": made["Version"]}
