"""Web ACLs of AWS WAF in the sandbox, what they protect and where they log. moto obeys no rule.

The shapes of botocore's service model say how the calls write what the provider writes in its own way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given, tag_list

# What the calls keep by the kind of what is protected, and the provider as one property each.
_KINDS = {
    "apiGateway": "API_GATEWAY",
    "appRunnerService": "APP_RUNNER_SERVICE",
    "cloudfront": "CLOUDFRONT",
    "cognitoUserPool": "COGNITO_USER_POOL",
    "verifiedAccessInstance": "VERIFIED_ACCESS_INSTANCE",
}
KINDS_BACK = {kind: name for name, kind in _KINDS.items()}


@adapter("aws:wafv2/webAcl:WebAcl")
def web_acl(context: Context, inputs: Inputs) -> Created:
    client = context.client("wafv2", inputs)
    made = client.create_web_acl(
        Name=inputs["name"],
        Scope=inputs["scope"],
        **given(Tags=tag_list(inputs) or None),
        **acl_settings(client, inputs),
    )["Summary"]
    return made["Id"], {"arn": made["ARN"], "lockToken": made["LockToken"]}


def acl_settings(client: Any, inputs: Inputs) -> dict[str, Any]:
    """Return what an ACL is set to, at its creation and at each change."""
    shape = client.meta.service_model.operation_model("CreateWebACL").input_shape
    names = ("defaultAction", "visibilityConfig", "rules", "captchaConfig", "challengeConfig", "tokenDomains")
    return {
        **_written({name: inputs[name] for name in names if inputs.get(name) is not None}, shape),
        **given(
            Description=inputs.get("description"),
            AssociationConfig=_association_config(inputs.get("associationConfig") or {}),
        ),
    }


@adapter("aws:wafv2/webAclAssociation:WebAclAssociation")
def web_acl_association(context: Context, inputs: Inputs) -> Created:
    arn = inputs["resourceArn"]
    _, found, path = arn.partition("::/restapis/")
    if found:
        # moto takes any stage for granted.
        api, _, name = path.partition("/stages/")
        context.client("apigateway", inputs).get_stage(restApiId=api, stageName=name)
    context.client("wafv2", inputs).associate_web_acl(WebACLArn=inputs["webAclArn"], ResourceArn=arn)
    return f"{inputs['webAclArn']},{arn}", {}


@adapter("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration")
def web_acl_logging_configuration(context: Context, inputs: Inputs) -> Created:
    client, acl = context.client("wafv2", inputs), inputs["resourceArn"]
    # moto takes ACLs and buckets for granted.
    client.get_web_acl(ARN=acl, Scope="CLOUDFRONT" if ":global/" in acl else "REGIONAL")
    for destination in inputs["logDestinationConfigs"]:
        _, is_bucket, name = destination.partition(":s3:::")
        if is_bucket:
            context.client("s3", inputs).get_bucket_location(Bucket=name)
    shape = client.meta.service_model.shape_for("LoggingConfiguration")
    names = ("resourceArn", "logDestinationConfigs", "redactedFields", "loggingFilter")
    written = _written({name: inputs[name] for name in names if inputs.get(name) is not None}, shape)
    client.put_logging_configuration(LoggingConfiguration=written)
    return acl, {}


def _written(value: Any, shape: Any) -> Any:
    """Return a value as the calls write a shape: names begin with a capital, and some are not in the plural.

    Raises KeyError for what the calls do not know.
    """
    if shape.type_name == "structure":
        # What the provider takes as a list of one is an object to the calls.
        (one,) = value if isinstance(value, list) else (value,)
        members = {name.casefold(): name for name in shape.members}
        written = {}
        for key, item in one.items():
            if item is not None:
                plain = key.casefold()
                name = members[plain if plain in members else plain.removesuffix("s")]
                written[name] = _written(item, shape.members[name])
        return written
    if shape.type_name == "list":
        return [_written(item, shape.member) for item in value]
    if shape.type_name in ("integer", "long"):
        return int(value)
    return value


def _association_config(config: Mapping[str, Any]) -> dict[str, Any] | None:
    limits = {
        _KINDS[kind]: {"DefaultSizeInspectionLimit": said["defaultSizeInspectionLimit"]}
        for row in config.get("requestBodies") or ()
        for kind, said in row.items()
        if said is not None
    }
    return {"RequestBody": limits} if limits else None
