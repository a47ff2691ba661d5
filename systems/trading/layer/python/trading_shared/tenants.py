"""The tenant on whose behalf a request is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CLAIM = "custom:tenant"


class TenantMissing(Exception):
    """The request carries no tenant: the handler answers 401."""

    status = 401


def tenant_of(event: Any) -> str:
    """Return the tenant of an API Gateway proxy event.

    Only the claims count, because the Cognito authorizer verified them: headers, path and body are the caller's word.
    """
    value = event
    for name in ("requestContext", "authorizer", "claims", CLAIM):
        value = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(value, str) or not value.strip():
        raise TenantMissing(f"no claim {CLAIM}")
    return value
