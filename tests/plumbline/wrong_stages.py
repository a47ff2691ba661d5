"""Wrong programs about deployments, stages, usage plans, keys and domains of REST APIs; and right ones beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.plumbline.wrong_api import Api, after, an_api
from tests.plumbline.wrong_base import ACCOUNT, REGION, Wrong, provider

FORMAT = '{"requestId": "$context.requestId"}'
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access"


def ready(name: str = "shop") -> Api:
    """An API with an integrated method."""
    api = an_api(name)
    api.mock(api.method(f"{name}-get"), name=f"{name}-get")
    return api


def deployment(*, depends: bool = True, content: bool = True, **changes: Any) -> None:
    api = ready() if content else an_api()
    api.deployment(depends=depends, **changes)


def a_stage(of: Api | None = None, name: str = "live", **changes: Any) -> aws.apigateway.Stage:
    """A stage of an API, and its deployment."""
    api = of or ready()
    given = changes.pop("deployment", None)
    whole = {"rest_api": api.api.id, "stage_name": "live", **changes}
    return aws.apigateway.Stage(name, deployment=given or api.deployment().id, **whole)


def logged(form: str = FORMAT, to: str = GROUP) -> None:
    a_stage(access_log_settings={"destination_arn": to, "format": form})


def settings(
    values: Mapping[str, Any] | None = None, *, times: int = 1, stage: Mapping[str, Any] | None = None, **changes: Any
) -> None:
    """Settings of the methods of a stage."""
    api = ready()
    live = a_stage(api, **(stage or {}))
    for index in range(times):
        whole = {
            "rest_api": api.api.id,
            "stage_name": live.stage_name,
            "method_path": "*/*",
            "settings": {"metrics_enabled": True, **(values or {})},
            **changes,
        }
        aws.apigateway.MethodSettings(f"settings-{index}", **whole)


def plan(stage: Any = None, *, row: Mapping[str, Any] | None = None, depends: bool = True, **changes: Any) -> None:
    """A usage plan for a stage."""
    api = ready()
    live = a_stage(api)
    rows = [{"api_id": api.api.id, "stage": stage or live.stage_name, **(row or {})}]
    opts = after(live) if depends and stage else None
    aws.apigateway.UsagePlan("small", opts=opts, **{"name": "small", "api_stages": rows, **changes})


def keys(times: int = 1, **changes: Any) -> None:
    """A key in a usage plan."""
    key = aws.apigateway.ApiKey("tenant", name="tenant")
    small = aws.apigateway.UsagePlan("small", name="small")
    for index in range(times):
        whole = {"key_id": key.id, "key_type": "API_KEY", "usage_plan_id": small.id, **changes}
        aws.apigateway.UsagePlanKey(f"in-{index}", **whole)


def api_key(value: str) -> None:
    aws.apigateway.ApiKey("tenant", name="tenant", value=value)


def certificate(region: str) -> str:
    return f"arn:aws:acm:{region}:{ACCOUNT}:certificate/1"


def domain(type_: str = "REGIONAL", **changes: Any) -> None:
    opts = pulumi.ResourceOptions(provider=provider())
    whole = {"domain_name": "api.example.com", "endpoint_configuration": {"types": type_}, **changes}
    aws.apigateway.DomainName("api", opts=opts, **whole)


def certified(region: str | None = None, *, validated: bool = True) -> None:
    """A regional domain with a certificate of the stack."""
    inside = pulumi.ResourceOptions(provider=provider())
    own = aws.acm.Certificate("own", domain_name="api.example.com", validation_method="DNS", region=region, opts=inside)
    proof = aws.acm.CertificateValidation("proof", certificate_arn=own.arn, region=region, opts=inside)
    whole = {"domain_name": "api.example.com", "endpoint_configuration": {"types": "REGIONAL"}}
    arn = proof.certificate_arn if validated else own.arn
    aws.apigateway.DomainName("api", regional_certificate_arn=arn, opts=inside, **whole)


def path_mapping(stage: str | None = None, *, depends: bool = False) -> None:
    """A mapping of a domain to a stage, by its output or by its plain name."""
    api = ready()
    live = a_stage(api)
    aws.apigateway.BasePathMapping(
        "all",
        domain_name="api.example.com",
        rest_api=api.api.id,
        stage_name=stage or live.stage_name,
        opts=after(live) if depends else None,
    )


def _two_stages() -> None:
    api = ready()
    a_stage(api)
    a_stage(api, "second", deployment="abc123")


def _foreign_deployment() -> None:
    a_stage(ready(), deployment=ready("other").deployment().id)


SETTLED = "names aws:apigateway/stage:Stage live without depending on it; use its output"
WRONG_STAGES = [
    Wrong(
        "deployment too early",
        lambda: deployment(depends=False),
        "",
        "must depend on aws:apigateway/integration:Integration shop-get",
        also=(("", "must depend on aws:apigateway/method:Method shop-get"),),
    ),
    Wrong(
        "deployment of nothing",
        lambda: deployment(content=False),
        "restApi",
        "has no methods, and is not deployed without",
    ),
    Wrong(
        "deployment without triggers",
        lambda: deployment(triggers=None),
        "triggers",
        "a change of the API is never deployed",
    ),
    Wrong(
        "name of a stage",
        lambda: a_stage(stage_name="live.v1"),
        "stageName",
        "'live.v1' given; allowed: 1 to 128 letters",
    ),
    Wrong("name of two stages", _two_stages, "stageName", "'live' is the name of aws:apigateway/stage:Stage"),
    Wrong(
        "deployment of another api",
        _foreign_deployment,
        "deployment",
        "the stage of aws:apigateway/restApi:RestApi shop",
    ),
    Wrong(
        "variable of a stage",
        lambda: a_stage(variables={"url": "a b"}),
        "variables.url",
        "a name has letters, digits and _",
    ),
    Wrong(
        "canary of too much",
        lambda: a_stage(canary_settings={"deployment_id": "a", "percent_traffic": 101}),
        "canarySettings.percentTraffic",
        "101 given; allowed: 0 to 100",
    ),
    Wrong(
        "size of a cache cluster",
        lambda: a_stage(cache_cluster_enabled=True, cache_cluster_size="1"),
        "cacheClusterSize",
        "'1' given; allowed: 0.5, 1.6",
    ),
    Wrong(
        "access logs to a bucket",
        lambda: logged(to="arn:aws:s3:::logs"),
        "accessLogSettings.destinationArn",
        "the ARN of a log group, or of a Firehose stream",
    ),
    Wrong(
        "access logs without id",
        lambda: logged("$context.status"),
        "accessLogSettings.format",
        "$context.requestId or $context.extendedRequestId is missing",
    ),
    Wrong(
        "access logs in two lines",
        lambda: logged(f"{FORMAT}\n$context.status"),
        "accessLogSettings.format",
        "several lines given",
    ),
    Wrong(
        "long access logs",
        lambda: logged(FORMAT + "x" * 3072),
        "accessLogSettings.format",
        "bytes given; allowed: at most 3072",
    ),
    Wrong(
        "path of settings",
        lambda: settings(method_path="orders/{id}/GET"),
        "methodPath",
        "with ~1 for the slashes of the path",
    ),
    Wrong(
        "level of logs",
        lambda: settings({"logging_level": "DEBUG"}),
        "settings.loggingLevel",
        "'DEBUG' given; allowed: OFF, ERROR, INFO",
    ),
    Wrong(
        "burst below zero",
        lambda: settings({"throttling_burst_limit": -2}),
        "settings.throttlingBurstLimit",
        "-2 given; allowed: from 0, or -1",
    ),
    Wrong(
        "cached for too long",
        lambda: settings({"cache_ttl_in_seconds": 3601}, stage={"cache_cluster_enabled": True}),
        "settings.cacheTtlInSeconds",
        "3601 given; allowed: 0 to 3600",
    ),
    Wrong(
        "caching without cluster",
        lambda: settings({"caching_enabled": True}),
        "settings.cachingEnabled",
        "stage:Stage live has no cache cluster",
    ),
    Wrong(
        "settings of no stage",
        lambda: settings(stage_name="test"),
        "stageName",
        "no stage 'test' of the API in the stack",
    ),
    Wrong("settings by the plain name of a stage", lambda: settings(stage_name="live"), "stageName", SETTLED),
    Wrong(
        "settings twice",
        lambda: settings(times=2),
        "methodPath",
        "'*/*' is that of aws:apigateway/methodSettings:MethodSettings settings-0 too",
    ),
    Wrong("plan for no stage", lambda: plan("test"), "apiStages[0].stage", "no stage 'test' of the API in the stack"),
    Wrong("plan by the plain name of a stage", lambda: plan("live", depends=False), "apiStages[0].stage", SETTLED),
    Wrong(
        "quota of nothing",
        lambda: plan(quota_settings={"limit": 0, "period": "DAY"}),
        "quotaSettings.limit",
        "0 given; allowed: from 1",
    ),
    Wrong(
        "offset of a quota",
        lambda: plan(quota_settings={"limit": 9, "period": "WEEK", "offset": 7}),
        "quotaSettings.offset",
        "7 given; allowed for WEEK: 0 to 6",
    ),
    Wrong(
        "rate below zero",
        lambda: plan(throttle_settings={"rate_limit": -1}),
        "throttleSettings.rateLimit",
        "-1 given; allowed: from 0",
    ),
    Wrong(
        "path of a throttle",
        lambda: plan(row={"throttles": [{"path": "orders/GET"}]}),
        "apiStages[0].throttles[0].path",
        "'orders/GET' given; allowed: /path/VERB",
    ),
    Wrong("short key", lambda: api_key("k" * 19), "value", "19 characters given; allowed: 20 to 128"),
    Wrong("key of another type", lambda: keys(key_type="KEY"), "keyType", "'KEY' given; allowed: API_KEY"),
    Wrong(
        "key twice in a plan",
        lambda: keys(2),
        "keyId",
        "is in the plan by aws:apigateway/usagePlanKey:UsagePlanKey in-0 already",
    ),
    Wrong(
        "certificate of another region",
        lambda: domain(regional_certificate_arn=certificate("us-east-1")),
        "regionalCertificateArn",
        f"a certificate in us-east-1 given; one in {REGION} is needed",
    ),
    Wrong(
        "certificate of an edge domain",
        lambda: domain("EDGE", certificate_arn=certificate(REGION)),
        "certificateArn",
        "one in us-east-1 is needed",
    ),
    Wrong(
        "edge certificate of a regional domain",
        lambda: domain(certificate_arn=certificate("us-east-1"), regional_certificate_arn=certificate(REGION)),
        "certificateArn",
        "an endpoint of type REGIONAL takes regionalCertificateArn",
    ),
    Wrong(
        "domain without certificate",
        domain,
        "regionalCertificateArn",
        "missing; an endpoint of type REGIONAL needs it",
    ),
    Wrong(
        "certificate of the stack in another region",
        lambda: certified("us-east-1"),
        "regionalCertificateArn",
        f"certificateValidation:CertificateValidation proof is in us-east-1; one in {REGION} is needed",
    ),
    Wrong(
        "certificate that is not issued yet",
        lambda: certified(validated=False),
        "regionalCertificateArn",
        "certificate:Certificate own may not be issued yet",
    ),
    Wrong(
        "security policy without access mode",
        lambda: domain(
            regional_certificate_arn=certificate(REGION), security_policy="SecurityPolicy_TLS13_1_3_2025_09"
        ),
        "endpointAccessMode",
        "missing; security policy SecurityPolicy_TLS13_1_3_2025_09 needs it",
    ),
    Wrong(
        "access mode of an older security policy",
        lambda: domain(
            regional_certificate_arn=certificate(REGION), security_policy="TLS_1_2", endpoint_access_mode="STRICT"
        ),
        "endpointAccessMode",
        "given, but security policy TLS_1_2 has none",
    ),
    Wrong("mapping to no stage", lambda: path_mapping("test"), "stageName", "no stage 'test' of the API in the stack"),
    Wrong("mapping by the plain name of a stage", lambda: path_mapping("live"), "stageName", SETTLED),
]
SOUND_STAGES: dict[str, Callable[[], Any]] = {
    "deployment": deployment,
    "stage": a_stage,
    "stage with access logs": logged,
    "access logs to firehose": lambda: logged(
        to=f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/amazon-apigateway-access"
    ),
    "settings of all methods": settings,
    "settings of one method": lambda: settings(method_path="orders~1{id}/GET"),
    "settings of the root": lambda: settings({"throttling_rate_limit": -1}, method_path="~1/GET"),
    "caching": lambda: settings(
        {"caching_enabled": True, "cache_ttl_in_seconds": 300},
        stage={"cache_cluster_enabled": True, "cache_cluster_size": "0.5"},
    ),
    "no caching": lambda: settings({"caching_enabled": False}),
    "plan": plan,
    "plan by name with dependency": lambda: plan("live", quota_settings={"limit": 1, "period": "MONTH", "offset": 27}),
    "key of 20 characters": lambda: api_key("k" * 20),
    "key in a plan": keys,
    "regional domain": lambda: domain(regional_certificate_arn=certificate(REGION)),
    "regional domain with a certificate of the stack": certified,
    "edge domain": lambda: domain("EDGE", certificate_arn=certificate("us-east-1")),
    "mapping": path_mapping,
}
