"""What the trading backend stands on: keys, network, buckets, secrets, the Redis cache and the market data series."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.buckets import Buckets, BucketsArgs, BucketSpec, Lifecycle, Transition, bucket_name
from components.cache import PORT, Cache, CacheArgs
from components.cdn_parts import distributions_arn
from components.keys import CustomerKey, Keys, KeysArgs, KeySpec
from components.network import Network, NetworkArgs, SubnetMasks
from components.secrets import Secrets, SecretsArgs, SecretSpec
from components.security_groups import HTTPS, SecurityGroup, SecurityGroups, SecurityGroupsArgs
from systems.trading import data, market_data
from systems.trading.market_data import MarketData
from systems.trading.settings import BucketSettings, Settings

_KEYS = {
    "secrets": KeySpec(description="Encrypts the secrets", services=("secretsmanager",)),
    "buckets": KeySpec(description="Encrypts the buckets, where settings say so", services=("s3",)),
    "tables": KeySpec(description="Encrypts the tables, where settings say so", services=("dynamodb",)),
    "topics": KeySpec(
        description="Encrypts the topics of notifications",
        services=("sns",),
        publishers=(
            "backup.amazonaws.com",
            "budgets.amazonaws.com",
            "cloudwatch.amazonaws.com",
            "events.amazonaws.com",
        ),
    ),
}
_GROUPS = {
    "functions": "Functions: to AWS through endpoints",
    "internet": "Functions that call exchanges, data sources and AI providers",
    "redis-clients": "Functions that use the Redis cache",
    "redis": "The Redis cache",
    "endpoints": "Interface endpoints of AWS services",
}
_INFLUX_GROUPS = {
    "influx-clients": "Functions that use the market data series",
    "influx": "The InfluxDB instance of the market data series",
}


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """The parts that functions and later services build on."""

    keys: Mapping[str, CustomerKey]
    network: Network
    groups: Mapping[str, SecurityGroup]
    buckets: Buckets
    secrets: Secrets
    cache: Cache
    market_data: MarketData


def lay(settings: Settings, provider: aws.Provider, opts: pulumi.ResourceOptions) -> Foundation:
    """Register keys, network, security groups, buckets, secrets and cache."""
    account = settings.account()
    keys = _keys(settings, account, opts)
    network = _network(settings, account, provider, opts)
    groups = _groups(settings, network, opts)
    secrets = _secrets(settings, account, keys, opts)
    cache = _cache(settings, account, network, groups, secrets, opts)
    series = market_data.build(settings, network, groups, opts)
    addresses = {"redis": _redis_url(cache), "market_data": series.address}
    secrets.put("connection-strings", pulumi.Output.json_dumps(addresses))
    return Foundation(
        keys=keys,
        network=network,
        groups=groups,
        buckets=_buckets(settings, account, keys, opts),
        secrets=secrets,
        cache=cache,
        market_data=series,
    )


def _keys(settings: Settings, account: Account, opts: pulumi.ResourceOptions) -> Mapping[str, CustomerKey]:
    readers = {name: arn for row in data.buckets().values() for name, arn in _readers(row, account).items()}
    args = KeysArgs(
        account=account,
        naming=settings.naming(),
        keys={**_KEYS, "buckets": dataclasses.replace(_KEYS["buckets"], readers=readers)},
        recovery_account_id=settings.recovery_account_id,
    )
    return Keys("keys", args, opts).keys


def _network(settings: Settings, account: Account, provider: aws.Provider, opts: pulumi.ResourceOptions) -> Network:
    network = settings.network
    args = NetworkArgs(
        account=account,
        naming=settings.naming(),
        provider=provider,
        cidr_block=network.cidr_block,
        zones=network.zones,
        masks=SubnetMasks(public=network.public_mask, private=network.private_mask, isolated=network.isolated_mask),
        nat="Single" if network.nat == "single" else "OnePerAz",
        log_retention_days=settings.log_retention_days,
    )
    return Network("network", args, opts)


def _groups(settings: Settings, network: Network, opts: pulumi.ResourceOptions) -> Mapping[str, SecurityGroup]:
    """Return the security groups with all connections that are allowed between them."""
    wanted = _GROUPS | (_INFLUX_GROUPS if settings.market_data.engine == "influxdb" else {})
    args = SecurityGroupsArgs(naming=settings.naming(), vpc_id=network.vpc_id, groups=wanted)
    groups = SecurityGroups("groups", args, opts).groups
    groups["functions"].allow_to(groups["endpoints"], HTTPS)
    for service, prefix_list in network.prefix_lists.items():
        groups["functions"].allow_to_service(service, prefix_list)
    groups["internet"].allow_to_internet()
    groups["redis-clients"].allow_to(groups["redis"], PORT)
    network.add_endpoints(settings.network.interface_endpoints, groups["endpoints"])
    return groups


def _buckets(
    settings: Settings, account: Account, keys: Mapping[str, CustomerKey], opts: pulumi.ResourceOptions
) -> Buckets:
    naming = settings.naming()
    key = keys["buckets"] if settings.buckets.key == "customer" else None
    specs = {
        name: BucketSpec(
            lifecycle=_lifecycle(row, settings.buckets),
            physical_name=row.prescribed_beginning + bucket_name(naming, account, name)
            if row.prescribed_beginning
            else None,
            receives=row.receives,
            customer_key=None if row.receives else key,
            readers=_readers(row, account),
        )
        for name, row in data.buckets().items()
    }
    args = BucketsArgs(account=account, naming=naming, buckets=specs, access_log_bucket="access-logs")
    return Buckets("buckets", args, opts)


def _readers(row: data.BucketRow, account: Account) -> Mapping[str, str]:
    """Return the services that read a bucket by themselves, each with what may read through it."""
    through = {"cloudfront": distributions_arn(account)}
    return {f"{service}.amazonaws.com": through[service] for service in row.readers}


def _lifecycle(row: data.BucketRow, settings: BucketSettings) -> Lifecycle:
    if row.holds == "audit_logs":
        return Lifecycle(
            expire_days=settings.audit_log_days,
            noncurrent_days=settings.noncurrent_days,
            transitions=tuple(
                Transition(days=move.days, storage_class=move.storage_class) for move in settings.audit_log_transitions
            ),
        )
    expire = settings.log_days if row.holds == "logs" else None
    return Lifecycle(expire_days=expire, noncurrent_days=settings.noncurrent_days)


def _secrets(
    settings: Settings, account: Account, keys: Mapping[str, CustomerKey], opts: pulumi.ResourceOptions
) -> Secrets:
    args = SecretsArgs(
        account=account,
        naming=settings.naming(),
        customer_key=keys["secrets"],
        secrets={
            name: SecretSpec(description=row.description, generated_length=row.generated_length)
            for name, row in data.secrets().items()
        },
        deployers=[settings.deployment.role],
    )
    return Secrets("secrets", args, opts)


def _cache(
    settings: Settings,
    account: Account,
    network: Network,
    groups: Mapping[str, SecurityGroup],
    secrets: Secrets,
    opts: pulumi.ResourceOptions,
) -> Cache:
    token = secrets.secrets["redis-token"].value
    if token is None:
        raise ValueError("data/secrets.yaml: redis-token: generated_length is needed, since Redis starts with a token")
    args = CacheArgs(
        account=account,
        naming=settings.naming(),
        node_type=settings.cache.node_type,
        nodes=settings.cache.nodes,
        multi_az=settings.cache.multi_az,
        snapshot_days=settings.cache.snapshot_days,
        subnet_ids=network.isolated_subnet_ids,
        security_group_id=groups["redis"].id,
        auth_token=token,
    )
    return Cache("cache", args, opts)


def _redis_url(cache: Cache) -> pulumi.Output[str]:
    """Return the address without the token, which is a secret of its own and rotates."""
    return pulumi.Output.concat("rediss://", cache.host, ":", str(cache.port))
