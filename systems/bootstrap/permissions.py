"""What the roles of a bootstrap stack, and the services around it, are meant to do.

It is a statement of its own: read from data/permissions.yaml and the settings, and from nothing that writes policies.
`python -m plumbline permissions STACK` compares it with what the policies of the stack allow; how rows are written is
said in plumbline/permissions/declared.py, and what a word means in plumbline/data/permissions.yaml.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from systems.bootstrap import data
from systems.bootstrap.settings import Settings

Row = Mapping[str, Any]
_GITHUB = "token.actions.githubusercontent.com"


def declared(given: Mapping[str, Any]) -> Iterator[Row]:
    """Yield all permissions that a stack with these settings is meant to have."""
    stack = _Stack(Settings.model_validate_json(json.dumps(given)))
    for environment in stack.settings.github.environments:
        yield from stack.pipeline(environment, "deploy")
        yield from stack.pipeline(environment, "preview")
    yield from stack.api_logs()
    yield from stack.state_key()
    yield from stack.signing_key()
    caller = {"StringEquals": {"aws:SourceAccount": stack.account}}
    logs = f"bucket {stack.prefix}-access-logs-{stack.account}"
    yield {"to": "service logging.s3.amazonaws.com", "on": logs, "may": "put", "when": caller}


class _Stack:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.prefix = settings.environment
        account = settings.account()
        self.account = account.account_id
        self.partition = account.partition
        self.region = account.region

    def pipeline(self, environment: str, kind: str) -> Iterator[Row]:
        """Yield what one role of the pipeline may do: the one that deploys, or the one that previews and only reads."""
        role, deploys = f"role {self.prefix}-{kind}-{environment}", kind == "deploy"
        yield self._assumed(role, environment, deploys)
        words = {
            "partition": self.partition,
            "region": self.region,
            "account": self.account,
            "environment": environment,
        }
        for rows in data.permissions().values():
            for row in rows.values():
                actions = [*row.read, *row.change] if deploys else list(row.read)
                if actions:
                    yield _filled(
                        {"to": role, "on": list(row.resources), "may": actions, "when": row.conditions}, words
                    )
        yield from self._state(role, environment, deploys)

    def _assumed(self, role: str, environment: str, deploys: bool) -> Row:
        """Return who may be the role: a run of the repository in one environment of GitHub."""
        subject = f"repo:{self.settings.github.repository}:environment:{environment}{'' if deploys else '-preview'}"
        return {
            "to": f"provider arn:{self.partition}:iam::{self.account}:oidc-provider/{_GITHUB}",
            "on": role,
            "may": "assume with web identity",
            "when": {"StringEquals": {f"{_GITHUB}:aud": "sts.amazonaws.com", f"{_GITHUB}:sub": subject}},
        }

    def _state(self, role: str, environment: str, deploys: bool) -> Iterator[Row]:
        """Yield that a role reads, or also changes, the state of its own environment and no other's."""
        on = f"bucket {self.prefix}-state-{self.account}"
        listed = {"StringLike": {"s3:prefix": [environment, f"{environment}/*"]}}
        yield {"to": role, "on": on, "may": "list", "when": listed}
        yield {"to": role, "on": on, "may": ["get", "put", "delete"] if deploys else "get", "below": f"{environment}/*"}
        may = ["decrypt", "encrypt directly"] if deploys else "decrypt"
        yield {"to": role, "on": f"key {self.prefix}-secrets", "may": may}

    def api_logs(self) -> Iterator[Row]:
        """Yield the role under which API Gateway writes the logs of all its APIs of the account."""
        role = f"role {self.prefix}-api-logs"
        yield {"to": "service apigateway.amazonaws.com", "on": role, "may": "assume"}
        policy = f"arn:{self.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
        yield {"to": role, "on": f"policy {policy}", "may": "attached"}

    def state_key(self) -> Iterator[Row]:
        """Yield who may use the key of the state: the roles that work with states, and whoever makes this stack."""
        on, account = f"key {self.prefix}-secrets", f"account {self.account}"
        names = [
            self.settings.deployment.role,
            *(
                f"{self.prefix}-{kind}-{name}"
                for name in self.settings.github.environments
                for kind in ("deploy", "preview")
            ),
        ]
        arns = [f"arn:{self.partition}:iam::{self.account}:role/{name}" for name in names]
        yield {"to": account, "on": on, "may": "administer"}
        yield {
            "to": account,
            "on": on,
            "may": ["decrypt", "encrypt"],
            "when": {"ArnEquals": {"aws:PrincipalArn": arns}},
        }

    def signing_key(self) -> Iterator[Row]:
        """Yield who may use the key that signs zones, where a zone is signed."""
        if not any(zone.dnssec for zone in self.settings.zones.values()):
            return
        on, route53 = f"key {self.prefix}-dnssec", "service dnssec-route53.amazonaws.com"
        yield {"to": f"account {self.account}", "on": on, "may": ["administer", "show public key"]}
        zones = {"aws:SourceArn": f"arn:{self.partition}:route53:::hostedzone/*"}
        source = {"StringEquals": {"aws:SourceAccount": self.account}, "ArnLike": zones}
        yield {"to": route53, "on": on, "may": "sign zones", "when": source}
        granted = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
        yield {"to": route53, "on": on, "may": "grant to services", "when": granted}


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    """Return a row with its places filled."""
    if isinstance(value, str):
        return value.format(**words)
    if isinstance(value, Mapping):
        return {key: _filled(item, words) for key, item in value.items()}
    return [_filled(item, words) for item in value]
