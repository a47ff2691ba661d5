"""What data/permissions.yaml knows of AWS, and where a stack lives."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline import yaml12

FILE = Path(__file__).resolve().parents[1] / "data" / "permissions.yaml"
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
# Whose ARNs have no region, and whose have no account either.
_GLOBAL = ("budgets", "cloudfront", "iam", "organizations", "shield", "globalaccelerator", "sts")
_NAMELESS = ("route53", "s3")


@dataclass(frozen=True)
class Home:
    """The account and region of a stack."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        return next((name for start, name in _PARTITIONS.items() if self.region.startswith(start)), "aws")

    @property
    def words(self) -> dict[str, str]:
        return {"partition": self.partition, "region": self.region, "account": self.account}

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of something of a service in this account."""
        region = "" if service in (*_GLOBAL, *_NAMELESS) else self.region
        account = "" if service in (*_NAMELESS, "apigateway") else self.account
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"


@functools.cache
def known() -> Mapping[str, Any]:
    """Return the data."""
    return yaml12.load(FILE)


def words(kind: str) -> Mapping[str, Mapping[str, list[str]]]:
    """Return the words of grants on a kind of resource: the actions by part."""
    return known()["words"].get(kind, {})
