"""components.github: roles that tokens of exact subjects assume, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from components import grants
from components.account import Account
from components.github import GithubRoles, GithubRolesArgs, GithubRoleSpec
from components.grants import Statement
from components.naming import NameRefused, Naming
from components.roles import Role
from plumbline.graph import UNKNOWN, StackGraph
from tests.components.programs import (
    ACCOUNT,
    NAMING,
    ROLE_POLICY,
    child_urn,
    component_urn,
    document,
    graph_of,
    named,
    needs,
    only,
    policy,
    present,
    statement,
)

PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
SUBJECT = "repo:company/plumbline:environment:prod"
LOOK = Statement(sid="Look", actions=("sqs:GetQueueUrl",), resources=("arn:aws:sqs:us-east-1:111111111111:test-*",))
CHANGE = Statement(sid="Change", actions=("sqs:CreateQueue",), resources=LOOK.resources)


def spec(subjects: Sequence[str] = (SUBJECT,), **policies: tuple[Statement, ...]) -> GithubRoleSpec:
    return GithubRoleSpec(description="Deploys", subjects=subjects, policies=policies)


def roles(specs: Mapping[str, GithubRoleSpec], account: Account = ACCOUNT, naming: Naming = NAMING) -> GithubRoles:
    return GithubRoles("github", GithubRolesArgs(account=account, naming=naming, roles=specs))


def evaluated(account: Account = ACCOUNT, **specs: GithubRoleSpec) -> StackGraph:
    return graph_of(lambda: roles(specs, account).attach())


def trust(graph: StackGraph, role: str) -> Any:
    return json.loads(named(graph, f"github-{role}").inputs["assumeRolePolicy"])


def test_there_is_one_identity_provider_without_thumbprints() -> None:
    graph = evaluated(deploy=spec(), preview=spec())
    provider = graph.resources[child_urn("GithubRoles", PROVIDER, "github-identity")]
    assert present(provider.inputs) == {
        "url": "https://token.actions.githubusercontent.com",
        "clientIdLists": ["sts.amazonaws.com"],
    }
    assert provider.parent == component_urn("GithubRoles", "github")
    assert len(graph.of_type(PROVIDER)) == 1


def test_a_role_has_its_prefixed_name_and_sessions_of_an_hour() -> None:
    role = only(evaluated(deploy=spec()), ROLE)
    assert {key: value for key, value in present(role.inputs).items() if key != "assumeRolePolicy"} == {
        "name": "test-deploy",
        "description": "Deploys",
        "maxSessionDuration": 3600,
    }


@pytest.mark.parametrize(
    ("region", "partition"), [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_only_githubs_tokens_of_the_exact_subject_and_audience_are_trusted(region: str, partition: str) -> None:
    graph = evaluated(Account(account_id="111111111111", region=region), deploy=spec())
    provider = f"arn:{partition}:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"
    assert trust(graph, "deploy") == policy(
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                    "token.actions.githubusercontent.com:sub": [SUBJECT],
                }
            },
        }
    )


def test_each_role_trusts_its_own_subjects() -> None:
    graph = evaluated(deploy=spec(), preview=spec([f"{SUBJECT}-preview", "repo:company/plumbline:pull_request"]))
    key = "token.actions.githubusercontent.com:sub"
    assert {
        role: trust(graph, role)["Statement"][0]["Condition"]["StringEquals"][key] for role in ("deploy", "preview")
    } == {"deploy": [SUBJECT], "preview": [f"{SUBJECT}-preview", "repo:company/plumbline:pull_request"]}


def test_the_trusted_provider_exists_before_the_role() -> None:
    graph = evaluated(deploy=spec())
    assert only(graph, ROLE).dependencies == (only(graph, PROVIDER).urn,)


def test_each_group_of_permissions_is_a_managed_policy_that_is_attached_to_the_role() -> None:
    graph = evaluated(deploy=spec(queues=(LOOK, CHANGE), more=(LOOK,)))
    resource = list(LOOK.resources)
    look, change = statement("Look", ["sqs:GetQueueUrl"], resource), statement("Change", ["sqs:CreateQueue"], resource)
    assert {made.name: (made.get("name"), document(made)) for made in graph.of_type(POLICY)} == {
        "github-deploy-queues-permissions": ("test-deploy-queues", policy(look, change)),
        "github-deploy-more-permissions": ("test-deploy-more", policy(look)),
    }
    assert {made.name: (present(made.inputs), needs(made)) for made in graph.of_type(ATTACHMENT)} == {
        f"github-deploy-{group}": (
            {"role": "test-deploy", "policyArn": UNKNOWN},
            {"role": ("github-deploy",), "policyArn": (f"github-deploy-{group}-permissions",)},
        )
        for group in ("queues", "more")
    }


def test_further_edges_are_inline_policies() -> None:
    def program() -> None:
        made = roles({"deploy": spec()})
        role: Role = made.roles["deploy"]
        role.allow("state", grants.use_state(ACCOUNT, "states", "prod", write=False))
        made.attach()

    inline = only(graph_of(program), ROLE_POLICY)
    arn = "arn:aws:s3:::states"
    assert (inline.name, inline.get("name"), needs(inline)) == (
        "github-deploy-state",
        "state",
        {"role": ("github-deploy",)},
    )
    assert document(inline) == policy(
        statement("ListState", ["s3:ListBucket"], [arn], Condition={"StringLike": {"s3:prefix": ["prod", "prod/*"]}}),
        statement("UseState", ["s3:GetObject"], [f"{arn}/prod/*"]),
    )


def test_arns_are_outputs_by_role() -> None:
    graph = evaluated(deploy=spec(), preview=spec())
    outputs = graph.resources[component_urn("GithubRoles", "github")].outputs
    assert outputs == {"arns": {"deploy": UNKNOWN, "preview": UNKNOWN}}


def test_a_name_that_iam_would_refuse_is_not_cut() -> None:
    def program() -> None:
        with pytest.raises(NameRefused, match=r"'test-d{60}' has 65 characters, a role name at most 64"):
            roles({"d" * 60: spec()})

    graph_of(program)
