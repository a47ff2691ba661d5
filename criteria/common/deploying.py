"""Who deploys a stack: the role of the bootstrap stack that runs of GitHub Actions assume."""

from __future__ import annotations

import re
from collections.abc import Mapping

from criteria.common.lookups import (
    ROLE,
    Word,
    conditions,
    elements,
    statements,
    texts,
)
from criteria.common.rights import Statement
from plumbline.graph import Resource, StackGraph
from plumbline.verdicts import Subject

IDENTITY = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
HOST = "token.actions.githubusercontent.com"
_AUDIENCE = "sts.amazonaws.com"
# One environment of one repository, and so no branch, no fork and no pull request.
_SUBJECT = re.compile(r"repo:[^:*?/]+/[^:*?/]+:environment:(?P<environment>[^:*?]+)")


def deploying_role(subject: Subject) -> tuple[StackGraph | None, Resource | None, str]:
    """Return the bootstrap stack, the role of it that deploys the stack, and why there is none."""
    graph = subject.base()
    if graph is None:
        return None, None, "the settings name no bootstrap stack"
    deployment = subject.settings.get("deployment")
    name = str(deployment.get("role", "")) if isinstance(deployment, Mapping) else ""
    return graph, graph.named(ROLE, "name", name), f"the bootstrap stack has no role {name or 'that deploys'}"


def trusted(role: Resource) -> tuple[Word, frozenset[str]]:
    """Return whether a role trusts runs of GitHub Actions and nobody else, and the environments that they run in."""
    written = statements(role, "assumeRolePolicy")
    if written is None:
        return "unknown", frozenset()
    environments = [_environments(row) for row in written if row.get("Effect") != "Deny"]
    if not environments or None in environments:
        return "fail", frozenset()
    return "pass", frozenset(name for names in environments if names for name in names)


def _environments(row: Statement) -> list[str] | None:
    """Return the environments whose runs a statement lets assume the role, None where it lets in somebody else."""
    principal = row.get("Principal")
    providers = texts(principal.get("Federated")) if isinstance(principal, dict) else []
    by_github = bool(providers) and all(provider.endswith(f":oidc-provider/{HOST}") for provider in providers)
    if not by_github or set(principal or ()) != {"Federated"}:
        return None
    if elements(row, "Action") != ["sts:assumerolewithwebidentity"]:
        return None
    held = {key: values for operator, key, values in conditions(row) if operator == "StringEquals"}
    matches = [_SUBJECT.fullmatch(text) for text in held.get(f"{HOST}:sub", [])]
    if held.get(f"{HOST}:aud") != [_AUDIENCE] or not matches:
        return None
    found = [match["environment"] for match in matches if match]
    return found if len(found) == len(matches) else None


def trusts_only(role: Resource, environment: str) -> Word:
    """Say whether a role trusts runs of one environment in GitHub, and nobody else."""
    word, found = trusted(role)
    return "fail" if word == "pass" and found != {environment} else word


def is_github(provider: Resource) -> bool:
    url, clients = provider.get("url"), provider.get("clientIdLists", [])
    return url in (HOST, f"https://{HOST}") and clients == [_AUDIENCE]
