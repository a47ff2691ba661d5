"""The agentic system's REST API, WebSocket API and domain."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.api_domain import ApiDomain, ApiDomainArgs
from components.api_stage import MeteredStage, Throttle, Tier
from components.certificates import Certificates, CertificatesArgs, CertificateSpec
from components.dns import Records, RecordsArgs, RecordSpec
from components.functions import Function
from components.rest_api import RestApi, RestApiArgs
from components.websocket_api import WebSocketApi, WebSocketApiArgs
from systems.agentic import data
from systems.agentic.settings import Settings

REST, SOCKETS = "api", "events"
_TIER = "clients"


@dataclass(frozen=True, kw_only=True)
class Served:
    """The REST API and the address that callers know, without a slash at its end."""

    api: RestApi
    url: pulumi.Input[str]


def sockets(settings: Settings, opts: pulumi.ResourceOptions) -> WebSocketApi:
    """Register the WebSocket API (AGENTIC-01.4b), still without routes."""
    args = WebSocketApiArgs(
        account=settings.account(),
        naming=settings.naming(),
        name=SOCKETS,
        stage=settings.api.stage,
        actions=data.ACTIONS,
        key_parameter="api_key",
        throttle=_throttle(settings),
        log_retention_days=settings.log_retention_days,
    )
    return WebSocketApi("sockets", args, opts)


def serve(settings: Settings, sockets: WebSocketApi | None, function: Function, opts: pulumi.ResourceOptions) -> Served:
    """Put the API's function behind both APIs; each client's key holds for both, within the same limits.

    `sockets` is None where a container keeps clients' connections.
    """
    stage = sockets.serve(function) if sockets else None
    limits = settings.api.limits
    args = RestApiArgs(
        account=settings.account(),
        naming=settings.naming(),
        name=REST,
        stage=settings.api.stage,
        paths=data.paths(),
        functions={data.API_FUNCTION: function},
        allowed_origin=settings.api.allowed_origin,
        default_endpoint=settings.api.domain is None,
        log_retention_days=settings.log_retention_days,
        throttle=_throttle(settings),
        tiers={_TIER: Tier(throttle=_throttle(settings), quota=limits.monthly_quota, period="MONTH")},
        tenants=dict.fromkeys(settings.api.clients, _TIER),
        also_metered=(MeteredStage(api_id=sockets.api_id, stage=stage.name),) if sockets and stage else (),
        description="Projects, modifications and templates",
    )
    api = RestApi("api", args, opts)
    return Served(api=api, url=_domain(settings, api, opts) or api.invoke_url)


def _throttle(settings: Settings) -> Throttle:
    return Throttle(rate=settings.api.limits.rate, burst=settings.api.limits.burst)


def _domain(settings: Settings, api: RestApi, opts: pulumi.ResourceOptions) -> pulumi.Output[str] | None:
    """Register the API's own domain in its zone, and return the address; None where the settings have no domain."""
    domain = settings.api.domain
    if domain is None:
        return None
    providers = opts.providers if isinstance(opts.providers, dict) else {}
    zone = aws.route53.get_zone_output(
        name=domain.zone, private_zone=False, opts=pulumi.InvokeOptions(provider=providers.get("aws"))
    ).zone_id
    spec = CertificateSpec(domain=domain.name, region=settings.region)
    issued = Certificates("certificates", CertificatesArgs(zone_id=zone, certificates={REST: spec}), opts)
    args = ApiDomainArgs(domain=domain.name, certificate_arn=issued.arns[REST], stage=api.stage)
    reached = ApiDomain("api-domain", args, opts)
    records = {REST: RecordSpec(domain=domain.name, target=reached.target)}
    Records("records", RecordsArgs(zone_id=zone, records=records), opts)
    return reached.url
