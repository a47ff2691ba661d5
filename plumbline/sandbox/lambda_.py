"""Lambda functions, layers and aliases in the sandbox."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from moto.moto_api._internal import mock_random

from plumbline.graph import Blob
from plumbline.sandbox.adapters import Context, Created, Inputs, adapter, given

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a ZIP entry can have; a real one would change every digest


@adapter("aws:lambda/layerVersion:LayerVersion")
def layer(context: Context, inputs: Inputs) -> Created:
    made = context.client("lambda", inputs).publish_layer_version(
        LayerName=inputs["layerName"],
        Content={"ZipFile": zipped(inputs["code"])},
        **given(
            Description=inputs.get("description"),
            CompatibleRuntimes=inputs.get("compatibleRuntimes"),
            CompatibleArchitectures=inputs.get("compatibleArchitectures"),
        ),
    )
    outputs = {"arn": made["LayerVersionArn"], "layerArn": made["LayerArn"], "version": str(made["Version"])}
    return made["LayerVersionArn"], outputs


@adapter("aws:lambda/function:Function")
def function(context: Context, inputs: Inputs) -> Created:
    client = context.client("lambda", inputs)
    variables = (inputs.get("environment") or {}).get("variables")
    dead_letters = inputs.get("deadLetterConfig")
    logging = inputs.get("loggingConfig")
    made = client.create_function(
        FunctionName=inputs["name"],
        Role=inputs["role"],
        Code=code_of(context, inputs),
        Publish=bool(inputs.get("publish")),
        Tags=dict(inputs.get("tags") or {}),
        **given(
            Description=inputs.get("description"),
            Runtime=inputs.get("runtime"),
            Handler=inputs.get("handler"),
            MemorySize=inputs.get("memorySize"),
            Timeout=inputs.get("timeout"),
            Layers=inputs.get("layers"),
            Architectures=inputs.get("architectures"),
            Environment={"Variables": variables} if variables else None,
            TracingConfig={"Mode": inputs["tracingConfig"]["mode"]} if inputs.get("tracingConfig") else None,
            VpcConfig=_vpc(inputs),
            DeadLetterConfig={"TargetArn": dead_letters["targetArn"]} if dead_letters else None,
            LoggingConfig=given(LogFormat=logging.get("logFormat"), LogGroup=logging.get("logGroup"))
            if logging
            else None,
        ),
    )
    reserved = inputs.get("reservedConcurrentExecutions")
    if reserved is not None and reserved >= 0:
        client.put_function_concurrency(FunctionName=inputs["name"], ReservedConcurrentExecutions=reserved)
    arn = made["FunctionArn"].removesuffix(f":{made['Version']}")
    outputs = {
        "arn": arn,
        "version": made["Version"],
        "qualifiedArn": f"{arn}:{made['Version']}",
        "invokeArn": _invoke_arn(context, arn),
        "codeSha256": made["CodeSha256"],
    }
    return inputs["name"], outputs


@adapter("aws:lambda/alias:Alias")
def alias(context: Context, inputs: Inputs) -> Created:
    made = context.client("lambda", inputs).create_alias(
        FunctionName=inputs["functionName"],
        Name=inputs["name"],
        FunctionVersion=inputs["functionVersion"],
        **given(Description=inputs.get("description")),
    )
    return made["AliasArn"], {"arn": made["AliasArn"], "invokeArn": _invoke_arn(context, made["AliasArn"])}


@adapter("aws:lambda/permission:Permission")
def permission(context: Context, inputs: Inputs) -> Created:
    identity = inputs.get("statementId") or f"permission-{mock_random.get_random_hex(7)}"
    # What is called may be given by ARN, which add_permission takes as well as a name.
    context.client("lambda", inputs).add_permission(
        FunctionName=inputs["function"],
        StatementId=identity,
        Action=inputs["action"],
        Principal=inputs["principal"],
        **given(
            Qualifier=inputs.get("qualifier"),
            SourceArn=inputs.get("sourceArn"),
            SourceAccount=inputs.get("sourceAccount"),
            EventSourceToken=inputs.get("eventSourceToken"),
        ),
    )
    return identity, {"statementId": identity}


def zipped(blob: Blob) -> bytes:
    """Return an archive's content as a ZIP file that is the same for the same content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in sorted(_files(blob, "").items()):
            file.writestr(zipfile.ZipInfo(name, _EPOCH), data)
    return buffer.getvalue()


def _files(blob: Blob, prefix: str) -> dict[str, bytes]:
    content = blob.content or {}
    if "assets" in content:
        found: dict[str, bytes] = {}
        for name, inner in content["assets"].items():
            found |= _files(inner, f"{prefix}/{name}" if prefix else name)
        return found
    if "text" in content:
        return {prefix: content["text"].encode()}
    path = Path(content["path"])
    if path.is_file():
        return {prefix or path.name: path.read_bytes()}
    return {
        "/".join(filter(None, (prefix, file.relative_to(path).as_posix()))): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def _vpc(inputs: Inputs) -> dict[str, Any] | None:
    network = inputs.get("vpcConfig")
    if not network:
        return None
    return {"SubnetIds": network["subnetIds"], "SecurityGroupIds": network["securityGroupIds"]}


def code_of(context: Context, inputs: Inputs) -> dict[str, Any]:
    if inputs.get("code") is not None:
        return {"ZipFile": zipped(inputs["code"])}
    if inputs.get("imageUri"):
        return {"ImageUri": inputs["imageUri"]}
    # The pipeline's packages lie in a bucket of the real account. The sandbox puts an empty one in their place, so
    # that the function exists; its code is not rehearsed.
    s3 = context.client("s3")
    if inputs["s3Bucket"] not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        region = context.region
        placement = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=inputs["s3Bucket"], **placement)
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    s3.put_object(Bucket=inputs["s3Bucket"], Key=inputs["s3Key"], Body=empty.getvalue())
    return {"S3Bucket": inputs["s3Bucket"], "S3Key": inputs["s3Key"]}


def _invoke_arn(context: Context, arn: str) -> str:
    path = f"path/2015-03-31/functions/{arn}/invocations"
    return f"arn:aws:apigateway:{context.region}:lambda:{path}"
