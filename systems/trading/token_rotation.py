"""Wires the function that rotates the Redis token (TRADING-09.4); its code is in rotation/."""

from __future__ import annotations

from pathlib import Path

from components import grants
from components.account import Account
from components.functions import Functions, FunctionSpec
from components.roles import Role, RoleSpec
from systems.trading.foundation import Foundation
from systems.trading.settings import Settings

NAME = "rotate-redis-token"
SECRET = "redis-token"
ROLE = RoleSpec(physical_name=f"secrets-{NAME}", description="Rotates the token of the Redis cache")
_MEMORY_MB = 256
_TIMEOUT_SECONDS = 900  # the longest that Lambda takes: ElastiCache needs minutes to accept another token


def spec(settings: Settings, role: Role, base: Foundation, code: Path) -> FunctionSpec:
    """Return the function, and give its role what a rotation needs of secret and cache."""
    account: Account = settings.account()
    secret = base.secrets.secrets[SECRET]
    secret.grant_rotate(role)
    role.allow("redis", grants.change_auth_token(account, base.cache.group_id))
    return FunctionSpec(
        role=role,
        description="Rotates the token of the Redis cache",
        handler="rotate_redis_token.handler",
        code=code,
        memory_mb=_MEMORY_MB,
        timeout_seconds=_TIMEOUT_SECONDS,
        environment={
            "ENVIRONMENT": settings.environment,
            "HANDLER_NAME": NAME,
            "REPLICATION_GROUP_ID": base.cache.group_id,
            "REDIS_HOST": base.cache.host,
            "REDIS_PORT": str(base.cache.port),
            "SECRET_ARN": secret.arn,
            "SECRETSMANAGER_ENDPOINT": account.endpoint("secretsmanager"),
            "ELASTICACHE_ENDPOINT": account.endpoint("elasticache"),
        },
        security_groups=(base.groups["functions"], base.groups["redis-clients"]),
    )


def start(settings: Settings, base: Foundation, functions: Functions) -> None:
    """Let Secrets Manager call the function every so many days."""
    base.secrets.rotate(SECRET, functions.functions[NAME], settings.secrets.redis_token_rotation_days)
