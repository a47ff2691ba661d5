"""How a REST API is served: deployment, stage, logs, throttling and cache, and plans with keys for tenants."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.api_routes import Parts, Verb
from components.naming import Naming
from plumbline import yaml12


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """Requests per second in the long run, and at once."""

    rate: float
    burst: int


@dataclass(frozen=True, kw_only=True)
class ApiCache:
    """The cache cluster of a stage: its memory in GB, and for how many seconds (1 to 3,600) it keeps an answer."""

    size: Literal["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"]
    ttl_seconds: int


@dataclass(frozen=True, kw_only=True)
class Tier:
    """What each tenant of a tier may use: a throttle, and so many requests in a period."""

    throttle: Throttle
    quota: int
    period: Literal["DAY", "WEEK", "MONTH"]


@dataclass(frozen=True, kw_only=True)
class StageSpec:
    """One stage. Its access log is called after `log_name`; both logs are kept `log_retention_days`."""

    name: str
    log_name: str
    log_retention_days: int
    throttle: Throttle
    cache: ApiCache | None


@dataclass(frozen=True, kw_only=True)
class MeteredStage:
    """A stage of another API that the keys hold for as well."""

    api_id: pulumi.Input[str]
    stage: pulumi.Input[str]


@functools.cache
def access_log_format(file: str = "access_log.yaml") -> str:
    """Return the format of an access log's lines as compact JSON, from a file beside this one."""
    fields: Mapping[str, str] = yaml12.load(Path(__file__).with_name(file))
    return json.dumps(fields, separators=(",", ":"))


def serve(
    prefix: str,
    spec: StageSpec,
    parts: Parts,
    api: aws.apigateway.RestApi,
    first: Sequence[pulumi.Resource],
    child: pulumi.ResourceOptions,
) -> aws.apigateway.Stage:
    """Register a deployment of all parts and its stage, which comes after `first`."""
    deployment = aws.apigateway.Deployment(
        f"{prefix}-deployment",
        rest_api=api.id,
        triggers={"content": parts.digest()},
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=parts.registered)),
    )
    access = aws.cloudwatch.LogGroup(
        f"{prefix}-access-log",
        name=f"/aws/apigateway/{spec.log_name}",
        retention_in_days=spec.log_retention_days,
        opts=child,
    )
    # API Gateway would make this group itself, and keep it for ever. Its name is the one that needs an output.
    execution = aws.cloudwatch.LogGroup(
        f"{prefix}-execution-log",
        name=pulumi.Output.concat("API-Gateway-Execution-Logs_", api.id, "/", spec.name),
        retention_in_days=spec.log_retention_days,
        opts=child,
    )
    return aws.apigateway.Stage(
        f"{prefix}-stage",
        rest_api=api.id,
        deployment=deployment.id,
        stage_name=spec.name,
        access_log_settings={"destination_arn": access.arn, "format": access_log_format()},
        xray_tracing_enabled=True,
        cache_cluster_enabled=spec.cache is not None,
        cache_cluster_size=spec.cache.size if spec.cache else None,
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[execution, *first])),
    )


def method_settings(
    prefix: str,
    spec: StageSpec,
    stage: aws.apigateway.Stage,
    cached: Sequence[tuple[str, Verb]],
    child: pulumi.ResourceOptions,
) -> None:
    """Register what holds for all methods of a stage, and for those whose answers are cached.

    Settings of one method take the place of those of all, so they repeat them.
    """
    common: aws.apigateway.MethodSettingsSettingsArgsDict = {
        "metrics_enabled": True,
        "logging_level": "INFO",
        "data_trace_enabled": False,  # it would log bodies and headers, tokens among them
        "throttling_rate_limit": spec.throttle.rate,
        "throttling_burst_limit": spec.throttle.burst,
    }
    place = {"rest_api": stage.rest_api, "stage_name": stage.stage_name}
    aws.apigateway.MethodSettings(
        f"{prefix}-settings", method_path="*/*", settings={**common, "caching_enabled": False}, **place, opts=child
    )
    if spec.cache is None:
        return
    for path, verb in cached:
        words = path.replace("{id}", "item").strip("/").replace("/", "-")
        aws.apigateway.MethodSettings(
            f"{prefix}-settings-{words}-{verb.lower()}",
            # The provider hands the path on as part of a JSON pointer, in which ~1 stands for a slash.
            method_path=f"{path.replace('/', '~1')}/{verb}",
            settings={
                **common,
                "caching_enabled": True,
                "cache_ttl_in_seconds": spec.cache.ttl_seconds,
                "cache_data_encrypted": True,
                "require_authorization_for_cache_control": True,
                # Browsers ask for a fresh answer on each reload, which must not fail for that.
                "unauthorized_cache_control_header_strategy": "SUCCEED_WITH_RESPONSE_HEADER",
            },
            **place,
            opts=child,
        )


def meter(
    prefix: str,
    naming: Naming,
    tiers: Mapping[str, Tier],
    tenants: Mapping[str, str],
    stage: aws.apigateway.Stage,
    child: pulumi.ResourceOptions,
    also: Sequence[MeteredStage] = (),
) -> dict[str, aws.apigateway.ApiKey]:
    """Register a usage plan per tier, and a key per tenant in the plan of its tier. Return the keys by tenant.

    A plan's limits hold for each of its keys apart, so no tenant uses up another's share. AWS makes the keys' values.
    """
    plans = {
        tier: aws.apigateway.UsagePlan(
            f"{prefix}-plan-{tier}",
            name=naming.exact("api", tier),
            description=f"What each tenant of tier {tier} may use",
            api_stages=[
                {"api_id": stage.rest_api, "stage": stage.stage_name},
                *({"api_id": other.api_id, "stage": other.stage} for other in also),
            ],
            throttle_settings={"rate_limit": spec.throttle.rate, "burst_limit": spec.throttle.burst},
            quota_settings={"limit": spec.quota, "period": spec.period},
            opts=child,
        )
        for tier, spec in tiers.items()
    }
    keys = {}
    for tenant, tier in tenants.items():
        keys[tenant] = aws.apigateway.ApiKey(
            f"{prefix}-key-{tenant}",
            name=naming.exact("api", tenant),
            description=f"Key of tenant {tenant}",
            enabled=True,
            opts=child,
        )
        aws.apigateway.UsagePlanKey(
            f"{prefix}-key-{tenant}-plan",
            key_id=keys[tenant].id,
            key_type="API_KEY",
            usage_plan_id=plans[tier].id,
            opts=child,
        )
    return keys
