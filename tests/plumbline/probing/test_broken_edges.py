"""The probes of APIs, users and DNS fail where a permission, a route, a user policy or a record is wrong."""

from __future__ import annotations

import functools
import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from plumbline.probing import Probe, ProbeContext, api, dns, users
from tests.plumbline.probing.rig import Both, both, failures
from tests.plumbline.rehearsals import TRUST, inside

CODE = "def handler(event, context):\n    return {'statusCode': 200, 'body': event['body'] or ''}\n"
MODEL = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "minLength": 1}}}
PROBES: tuple[Probe, ...] = (
    api.route_leads_to_function,
    api.unknown_route_is_refused,
    api.stranger_is_refused,
    api.invalid_request_is_refused,
    *api.api_probes(lambda route, body: {"body": None if body is None else json.dumps(body)}),
    users.user_is_made,
    users.nobody_signs_up,
    dns.record_in_zone,
)


def program() -> None:
    opts = inside()
    role = aws.iam.Role("role", name="role", assume_role_policy=TRUST, opts=opts)
    archive = pulumi.AssetArchive({"work.py": pulumi.StringAsset(CODE)})
    function = aws.lambda_.Function(
        "work", name="work", runtime="python3.13", handler="work.handler", code=archive, role=role.arn, opts=opts
    )
    rest = aws.apigateway.RestApi("api", name="api", opts=opts)
    things = aws.apigateway.Resource(
        "things", rest_api=rest.id, parent_id=rest.root_resource_id, path_part="things", opts=opts
    )
    model = aws.apigateway.Model(
        "model", rest_api=rest.id, name="Thing", content_type="application/json", schema=json.dumps(MODEL), opts=opts
    )
    validator = aws.apigateway.RequestValidator(
        "validator", name="body", rest_api=rest.id, validate_request_body=True, opts=opts
    )
    method = aws.apigateway.Method(
        "post",
        rest_api=rest.id,
        resource_id=things.id,
        http_method="POST",
        authorization="AWS_IAM",
        request_models={"application/json": model.name},
        request_validator_id=validator.id,
        opts=opts,
    )
    call = aws.apigateway.Integration(
        "call",
        rest_api=rest.id,
        resource_id=things.id,
        http_method=method.http_method,
        type="AWS_PROXY",
        integration_http_method="POST",
        uri=function.invoke_arn,
        opts=opts,
    )
    aws.lambda_.Permission(
        "permission",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="apigateway.amazonaws.com",
        source_arn=rest.execution_arn.apply(lambda arn: f"{arn}/*/POST/things"),
        opts=opts,
    )
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[call]))
    deployment = aws.apigateway.Deployment("deployment", rest_api=rest.id, opts=after)
    aws.apigateway.Stage("stage", rest_api=rest.id, deployment=deployment.id, stage_name="v1", opts=opts)
    aws.cognito.UserPool(
        "pool",
        name="pool",
        username_attributes=["email"],
        admin_create_user_config={"allow_admin_create_user_only": True},
        password_policy={"minimum_length": 12, "require_symbols": True},
        opts=opts,
    )
    zone = aws.route53.Zone("zone", name="example.com", opts=opts)
    aws.route53.Record(
        "record", zone_id=zone.zone_id, name="www.example.com", type="A", ttl=60, records=["192.0.2.1"], opts=opts
    )


def probed(break_: Any) -> Both:
    return both(program, PROBES, break_)


@functools.cache
def whole() -> Both:
    return probed(lambda context: None)


def test_nothing_fails_in_a_stack_that_is_right_and_twice_the_same_is_found() -> None:
    assert failures(whole().whole) == []
    assert [one.document() for one in whole().again] == [one.document() for one in whole().whole]
    assert {one.probe for one in whole().whole} == {one.name for one in PROBES}


def place(context: ProbeContext) -> dict[str, str]:
    """Return where the method is."""
    named = {resource.name: resource.id for resource in context.graph}
    return {"restApiId": named["api"], "resourceId": named["things"], "httpMethod": "POST"}


def no_permission(context: ProbeContext) -> None:
    functions = context.client("lambda")
    [row] = json.loads(functions.get_policy(FunctionName="work")["Policy"])["Statement"]
    functions.remove_permission(FunctionName="work", StatementId=row["Sid"])


def no_function(context: ProbeContext) -> None:
    context.client("lambda").delete_function(FunctionName="work")


def open_route(context: ProbeContext) -> None:
    gateway, method = context.client("apigateway"), place(context)
    uri = gateway.get_integration(**method)["uri"]
    models = gateway.get_method(**method)
    kept = {key: models[key] for key in ("requestModels", "requestValidatorId")}
    gateway.put_method(**method, authorizationType="NONE", **kept)
    gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)


def no_validation(context: ProbeContext) -> None:
    named = {resource.name: resource.id for resource in context.graph}
    change = {"op": "replace", "path": "/validateRequestBody", "value": "false"}
    context.client("apigateway").update_request_validator(
        restApiId=named["api"], requestValidatorId=named["validator"], patchOperations=[change]
    )


def any_route(context: ProbeContext) -> None:
    gateway, named = context.client("apigateway"), {resource.name: resource for resource in context.graph}
    root = named["api"].outputs["rootResourceId"]
    made = gateway.create_resource(restApiId=named["api"].id, parentId=root, pathPart="{proxy+}")
    gateway.put_method(restApiId=named["api"].id, resourceId=made["id"], httpMethod="ANY", authorizationType="AWS_IAM")


def no_record(context: ProbeContext) -> None:
    named = {resource.name: resource.id for resource in context.graph}
    row = {"Name": "www.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    context.client("route53").change_resource_record_sets(
        HostedZoneId=named["zone"], ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": row}]}
    )


def open_pool(context: ProbeContext) -> None:
    named = {resource.name: resource.id for resource in context.graph}
    context.client("cognito-idp").update_user_pool(
        UserPoolId=named["pool"], AdminCreateUserConfig={"AllowAdminCreateUserOnly": False}
    )


@pytest.mark.parametrize(
    ("break_", "expected"),
    [
        (no_permission, {"route-leads-to-function"}),
        (no_function, {"route-leads-to-function", "valid-request-is-answered"}),
        (open_route, {"stranger-is-refused"}),
        (no_validation, {"invalid-request-is-refused"}),
        (any_route, {"unknown-route-is-refused", "route-leads-to-function"}),
        (no_record, {"record-in-zone"}),
        (open_pool, {"nobody-signs-up"}),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_probe_fails_for_what_is_broken(break_: Any, expected: set[str]) -> None:
    assert {probe for probe, _ in probed(break_).bad()} == expected
