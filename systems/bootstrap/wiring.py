"""Builds what an account needs first: the state's bucket and key, the pipeline's roles, zones and singletons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from components import grants
from components.baseline import Baseline, BaselineArgs, CostWatch
from components.buckets import Bucket, Buckets, BucketsArgs, BucketSpec, Lifecycle
from components.github import GithubRoles, GithubRolesArgs, GithubRoleSpec
from components.keys import CustomerKey, Keys, KeysArgs, KeySpec
from components.protection import data_kept
from components.tags import tagged
from components.transforms import change_everything
from components.zones import Zones, ZonesArgs, ZoneSpec
from systems.bootstrap import data
from systems.bootstrap.settings import Settings

_DEPLOY, _PREVIEW = "deploy", "preview"


def build(settings: Settings) -> Mapping[str, pulumi.Input[Any]]:
    """Register all resources of a bootstrap stack and return its outputs."""
    change_everything(tagged(settings.all_tags()), data_kept(settings.stateful == "protected"))
    provider = aws.Provider("aws", region=settings.region, allowed_account_ids=[settings.account_id])
    opts = pulumi.ResourceOptions(providers={"aws": provider})

    roles = _roles(settings, opts)
    made = tuple(role.resource for role in roles.roles.values())
    key = _key(settings, made, opts)
    bucket = _buckets(settings, made, opts).buckets["state"]
    for environment in settings.github.environments:
        _grant_state(settings, roles, environment, bucket, key)
    roles.attach()
    zones = _zones(settings, opts)
    _baseline(settings, opts)

    region = settings.region
    return {
        "backends": {
            name: f"s3://{bucket.physical_name}/{name}?region={region}" for name in settings.github.environments
        },
        "secrets_provider": f"awskms://{key.alias}?region={region}",
        "roles": {name: role.arn for name, role in roles.roles.items()},
        "name_servers": zones.name_servers,
        "ds_records": zones.ds_records,
    }


def _role_names(settings: Settings) -> list[str]:
    """Return the physical names of all roles that work with state, and of whoever deploys this stack."""
    kinds = [f"{kind}-{name}" for name in settings.github.environments for kind in (_DEPLOY, _PREVIEW)]
    return [settings.deployment.role, *(settings.naming().exact("role", kind) for kind in kinds)]


def _key(settings: Settings, roles: tuple[pulumi.Resource, ...], opts: pulumi.ResourceOptions) -> CustomerKey:
    spec = KeySpec(
        description="Encrypts secrets in the state of stacks", users=tuple(_role_names(settings)), after=roles
    )
    args = KeysArgs(account=settings.account(), naming=settings.naming(), keys={"secrets": spec})
    return Keys("keys", args, opts).keys["secrets"]


def _buckets(settings: Settings, roles: tuple[pulumi.Resource, ...], opts: pulumi.ResourceOptions) -> Buckets:
    state = settings.state
    specs = {
        "state": BucketSpec(
            lifecycle=Lifecycle(expire_days=None, noncurrent_days=state.noncurrent_days),
            only_roles=tuple(_role_names(settings)),
            after=roles,
        ),
        "access-logs": BucketSpec(
            lifecycle=Lifecycle(expire_days=state.access_log_days, noncurrent_days=state.access_log_days),
            receives="access_logs",
        ),
    }
    args = BucketsArgs(
        account=settings.account(),
        naming=settings.naming(),
        buckets=specs,
        access_log_bucket="access-logs",
    )
    return Buckets("buckets", args, opts)


def _roles(settings: Settings, opts: pulumi.ResourceOptions) -> GithubRoles:
    """Two roles for each environment: one that changes it, one that only looks. Each trusts one subject."""
    specs: dict[str, GithubRoleSpec] = {}
    for name in settings.github.environments:
        subject = f"repo:{settings.github.repository}:environment:{name}"
        specs[f"{_DEPLOY}-{name}"] = GithubRoleSpec(
            description=f"Deploys the stacks of {name}",
            subjects=[subject],
            policies=_policies(settings, name, change=True),
        )
        specs[f"{_PREVIEW}-{name}"] = GithubRoleSpec(
            description=f"Previews the stacks of {name}, and reads no data",
            subjects=[f"{subject}-preview"],
            policies=_policies(settings, name, change=False),
        )
    args = GithubRolesArgs(account=settings.account(), naming=settings.naming(), roles=specs)
    return GithubRoles("github", args, opts)


def _policies(settings: Settings, environment: str, *, change: bool) -> dict[str, tuple[grants.Statement, ...]]:
    account = settings.account()
    groups = {group: data.statements(group, account, environment, change=change) for group in data.permissions()}
    return {group: statements for group, statements in groups.items() if statements}


def _grant_state(settings: Settings, roles: GithubRoles, environment: str, bucket: Bucket, key: CustomerKey) -> None:
    account = settings.account()
    for kind, writes in ((_DEPLOY, True), (_PREVIEW, False)):
        role = roles.roles[f"{kind}-{environment}"]
        role.allow("state", grants.use_state(account, bucket.physical_name, environment, write=writes))
        role.allow("secrets", grants.use_key(account, key.alias, encrypt=writes))


def _zones(settings: Settings, opts: pulumi.ResourceOptions) -> Zones:
    specs = {
        domain: ZoneSpec(description=zone.description, delegations=zone.delegations, signed=zone.dnssec)
        for domain, zone in settings.zones.items()
    }
    return Zones("zones", ZonesArgs(account=settings.account(), naming=settings.naming(), zones=specs), opts)


def _baseline(settings: Settings, opts: pulumi.ResourceOptions) -> None:
    tags = sorted(settings.all_tags()) if settings.singletons.cost_allocation_tags else []
    costs = CostWatch(
        emails=settings.costs.emails,
        anomaly_usd=settings.costs.anomaly_usd,
        savings_plans_percent=settings.costs.savings_plans_percent,
    )
    args = BaselineArgs(
        account=settings.account(),
        naming=settings.naming(),
        security_hub=settings.singletons.security_hub,
        guardduty=settings.singletons.guardduty,
        costs=costs,
        cost_allocation_tags=tags,
    )
    Baseline("baseline", args, opts)
