"""systems.bootstrap: where state lies, what an account has once, its zones and its settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from plumbline.constraints import check
from plumbline.evaluate import evaluate_stack
from plumbline.graph import StackGraph
from plumbline.project import Project
from plumbline.sandbox import Sandbox
from systems import bootstrap
from systems.settings import SettingsError, load
from tests.evaluations import ROOT, preview
from tests.systems.bootstrap_graphs import (
    ACCOUNTS,
    BASES,
    STACKS,
    actions,
    built,
    document,
    given,
    named,
    neighbours,
)

AT = "Pulumi.bootstrap.yaml: plumbline:settings"


@pytest.fixture(params=["bootstrap", "bootstrap-prod"])
def base(request: pytest.FixtureRequest) -> StackGraph:
    """The preview graph of each bootstrap stack in turn."""
    return preview(request.param).graph


@pytest.fixture(params=BASES)
def environment(request: pytest.FixtureRequest) -> str:
    """Each environment in turn."""
    return request.param


@pytest.mark.parametrize("stack", sorted(set(BASES.values())))
def test_a_preview_has_neither_mistakes_nor_problems(stack: str) -> None:
    evaluation = preview(stack)
    assert (evaluation.mistakes, evaluation.warnings, list(map(str, check(evaluation.graph)))) == ((), (), [])


def test_every_resource_has_the_stacks_provider_and_can_be_told_apart_by_its_environment(base: StackGraph) -> None:
    [provider] = base.of_type("pulumi:providers:aws")
    others = [resource for resource in base if resource.custom and resource is not provider]
    assert {resource.options.provider.rpartition("::")[0] for resource in others} == {provider.urn}
    assert {resource.get("tags.Environment") for resource in others if resource.get("tags")} == {"bootstrap"}


# Where state lies.


@pytest.mark.parametrize("stack", STACKS)
def test_outputs_are_what_the_other_stacks_deploy_with(stack: str) -> None:
    environment = STACKS[stack]
    graph = preview(BASES[environment]).graph
    deployment = Project(ROOT).settings(stack)["deployment"]
    assert deployment["bootstrap"] == BASES[environment]
    assert graph.outputs["backends"][environment] == deployment["backend"]
    assert graph.outputs["secrets_provider"] == deployment["secrets_provider"]
    assert deployment["role"] == f"bootstrap-deploy-{environment}"
    assert deployment["role"] in {role.get("name") for role in graph.of_type("aws:iam/role:Role")}


def test_each_environment_of_an_account_has_its_own_state_and_roles(environment: str) -> None:
    outputs = preview(BASES[environment]).graph.outputs
    assert set(outputs["backends"]) == set(neighbours(environment))
    assert set(outputs["roles"]) == {
        f"{kind}-{name}" for name in neighbours(environment) for kind in ("deploy", "preview")
    }


@pytest.mark.parametrize("stack", ["agentic-dev", "agentic-prod"])
def test_the_zone_that_a_stack_names_is_its_accounts(stack: str) -> None:
    zone = Project(ROOT).settings(stack)["api"]["domain"]["zone"]
    zones = preview(BASES[STACKS[stack]]).graph.of_type("aws:route53/zone:Zone")
    assert zone in {found.get("name") for found in zones}


def test_the_states_bucket_keeps_versions_encrypted_and_logs_access(base: StackGraph) -> None:
    bucket = named(base, "buckets-state")
    parts = {
        resource.name.removeprefix("buckets-state-"): resource
        for resource in base
        if bucket.urn in resource.property_dependencies.get("bucket", ())
    }
    assert parts.keys() == {
        "access-log",
        "encryption",
        "lifecycle",
        "ownership",
        "policy",
        "public-access",
        "versioning",
    }
    assert parts["versioning"].get("versioningConfiguration.status") == "Enabled"
    encryption = "rules.0.applyServerSideEncryptionByDefault.sseAlgorithm"
    assert parts["encryption"].get(encryption) == "AES256"
    logs = named(base, "buckets-access-logs")
    assert parts["access-log"].property_dependencies["targetBucket"] == (logs.urn,)
    [rule] = parts["lifecycle"].inputs["rules"]
    assert (rule.get("expiration"), rule["noncurrentVersionExpiration"]) == (None, {"noncurrentDays": 365})
    assert (bucket.options.protect, bucket.options.retain_on_delete, bucket.get("forceDestroy")) == (True, True, False)


def names_of_roles(environment: str) -> list[str]:
    kinds = [f"bootstrap-{kind}-{name}" for name in neighbours(environment) for kind in ("deploy", "preview")]
    names = ("account-administrator", *kinds)
    return [f"arn:aws:iam::{ACCOUNTS[environment]}:role/{name}" for name in names]


def test_only_the_pipeline_and_the_administrator_touch_state(environment: str) -> None:
    graph = preview(BASES[environment]).graph
    policy = named(graph, "buckets-state-policy")
    arn = f"arn:aws:s3:::bootstrap-state-{ACCOUNTS[environment]}"
    *tls, only = document(policy)
    assert [statement["Sid"] for statement in tls] == ["RefuseWithoutTls", "RefuseOldTls"]
    assert only == {
        "Sid": "OnlyNamedRoles",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:DeleteObject*", "s3:GetObject*", "s3:PutObject*"],
        "Resource": [f"{arn}/*"],
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": names_of_roles(environment)}},
    }
    assert set(policy.dependencies) >= {
        named(graph, f"github-{kind}-{environment}").urn for kind in ("deploy", "preview")
    }


def test_only_they_use_the_key_of_the_secrets_in_state(environment: str) -> None:
    graph = preview(BASES[environment]).graph
    key = named(graph, "keys-secrets")
    administers, use = document(key)
    root = {"AWS": f"arn:aws:iam::{ACCOUNTS[environment]}:root"}
    assert (administers["Sid"], administers["Principal"]) == ("AccountAdministers", root)
    assert not actions([administers]) & {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:*"}
    assert use == {
        "Sid": "RolesUse",
        "Effect": "Allow",
        "Principal": root,
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        "Resource": ["*"],
        "Condition": {"ArnEquals": {"aws:PrincipalArn": names_of_roles(environment)}},
    }
    assert named(graph, "keys-secrets-alias").get("name") == "alias/bootstrap-secrets"
    assert (key.get("enableKeyRotation"), key.options.protect) == (True, True)


@pytest.mark.parametrize(("setting", "bucket"), [("noncurrent_days", "state"), ("access_log_days", "access-logs")])
def test_days_of_the_settings_are_the_buckets(setting: str, bucket: str) -> None:
    [rule] = named(built(**{f"state__{setting}": 90}), f"buckets-{bucket}-lifecycle").inputs["rules"]
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 90}


# Zones and what exists once.


ONCE = (
    "aws:accessanalyzer/analyzer:Analyzer",
    "aws:apigateway/account:Account",
    "aws:backup/regionSettings:RegionSettings",
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
    "aws:ebs/encryptionByDefault:EncryptionByDefault",
    "aws:guardduty/detector:Detector",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
    "aws:securityhub/account:Account",
)


def test_what_an_account_has_once_is_in_its_bootstrap_stack_and_in_no_other(base: StackGraph) -> None:
    assert {type_: len(base.of_type(type_)) for type_ in ONCE} == dict.fromkeys(ONCE, 1)
    assert [resource.type for stack in STACKS for resource in preview(stack).graph.of_type(*ONCE)] == []


@pytest.mark.parametrize(
    ("setting", "type_"),
    [("security_hub", "aws:securityhub/account:Account"), ("guardduty", "aws:guardduty/detector:Detector")],
)
def test_singletons_of_an_organisation_can_be_left_out(setting: str, type_: str) -> None:
    assert built(**{f"singletons__{setting}": False}).of_type(type_) == []


def test_cost_allocation_tags_are_activated_only_when_asked_for(base: StackGraph) -> None:
    type_ = "aws:costexplorer/costAllocationTag:CostAllocationTag"
    assert base.of_type(type_) == []
    tags = built(singletons__cost_allocation_tags=True).of_type(type_)
    assert sorted(tag.inputs["tagKey"] for tag in tags) == ["CostCenter", "Environment", "Owner", "Project"]


def test_zones_of_the_settings_are_made_and_delegated() -> None:
    servers = ["ns-1.dns.net", "ns-2.dns.net"]
    graph = built(
        zones={
            "trading.com": {"description": "All", "delegations": {"prod.trading.com": servers}},
            "test.trading.com": {"description": "Test"},
        }
    )
    assert [zone.get("name") for zone in graph.of_type("aws:route53/zone:Zone")] == ["test.trading.com", "trading.com"]
    assert {record.get("name"): record.get("type") for record in graph.of_type("aws:route53/record:Record")} == {
        "prod.trading.com": "NS",
        "test.trading.com": "NS",
    }
    assert named(graph, "zones-trading.com-prod.trading.com").get("records") == servers
    assert set(graph.outputs["name_servers"]) == {"trading.com", "test.trading.com"}
    assert graph.outputs["ds_records"] == {}


def test_zones_are_signed_where_the_settings_say_so() -> None:
    graph = built(
        zones={"trading.com": {"description": "All", "dnssec": True}, "test.trading.com": {"description": "Test"}}
    )
    zone = named(graph, "zones-trading.com")
    [signing] = graph.of_type("aws:route53/hostedZoneDnsSec:HostedZoneDnsSec")
    assert signing.property_dependencies["hostedZoneId"] == (zone.urn,)
    assert set(graph.outputs["ds_records"]) == {"trading.com"}
    assert {stack: set(preview(stack).graph.outputs["ds_records"]) for stack in BASES.values()} == {
        "bootstrap": set(),
        "bootstrap-prod": {"agentic.example.com", "trading.example.com"},
    }


# Wrong settings.


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"github__environments": ["test", "test", "test"]}, ["github.environments: test given twice"]),
        (
            {"github__environments": ["Test_1"]},
            ["github.environments: 'Test_1' given; allowed: 2 to 12 lower-case letters and digits"],
        ),
        (
            {"github__environments": ["bootstrap"]},
            ["github.environments: bootstrap given; allowed: other environments than the stack's own"],
        ),
        (
            {"zones": {"trading": {"description": "x"}}},
            ["zones.trading: 'trading' given; allowed: a domain such as trading.example.com"],
        ),
        (
            {"zones": {"a.com": {"description": "x", "delegations": {"b.com": ["ns1.d.net", "ns2.d.net"]}}}},
            ["zones.a.com.delegations.b.com: not below a.com"],
        ),
        (
            {"zones": {"a.com": {"description": "x", "delegations": {"B.a.com": ["ns1.d.net", "ns2.d.net"]}}}},
            ["zones.a.com.delegations.B.a.com: 'B.a.com' given; allowed: a domain such as trading.example.com"],
        ),
        (
            {"zones": {"a.com": {"description": "x", "delegations": {"b.a.com": ["ns1.d.net"]}}}},
            ["zones.a.com.delegations.b.a.com: 1 name servers given; allowed: 2 or more"],
        ),
        (
            {
                "zones": {
                    "a.com": {"description": "x", "delegations": {"b.a.com": ["ns1.d.net", "ns2.d.net"]}},
                    "b.a.com": {"description": "x"},
                }
            },
            ["zones.a.com.delegations.b.a.com: a zone of this stack, which is delegated by itself"],
        ),
        (
            {"account_id": "222222222222"},
            ["account_id: 222222222222 given; stack bootstrap-prod has this account, and one is enough"],
        ),
        (
            {"deployment__backend": "s3://bootstrap-state-222222222222/x"},
            ["deployment.backend: a bucket of account 222222222222 given; allowed: one of account 111111111111"],
        ),
        (
            {"environment": "test"},
            ["environment: \"test\" given; allowed: 'bootstrap'"],
        ),
        (
            {"zones": {"trading": {"description": "x"}}, "github__environments": ["Test"]},
            [
                "github.environments: 'Test' given; allowed: 2 to 12 lower-case letters and digits",
                "zones.trading: 'trading' given; allowed: a domain such as trading.example.com",
            ],
        ),
    ],
)
def test_every_mistake_is_a_line(changes: Mapping[str, Any], lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(SettingsError) as refused:
        load(bootstrap.Settings, json.dumps(given(**changes)), "bootstrap")
    assert str(refused.value).splitlines() == [f"{AT}.{line}" for line in lines]


# In the sandbox.


@pytest.mark.parametrize("environment", ["test", "prod"])
def test_an_up_makes_the_stack(environment: str) -> None:
    with Sandbox() as sandbox:
        evaluation = evaluate_stack(Project(ROOT), BASES[environment], sandbox)
    assert (evaluation.mistakes, evaluation.warnings) == ((), ())
    outputs, account = evaluation.graph.outputs, ACCOUNTS[environment]
    assert outputs["roles"] == {
        f"{kind}-{name}": f"arn:aws:iam::{account}:role/bootstrap-{kind}-{name}"
        for name in neighbours(environment)
        for kind in ("deploy", "preview")
    }
    assert [len(servers) for servers in outputs["name_servers"].values()] == [4, 4]
    assert [resource.name for resource in evaluation.graph if resource.custom and not resource.id] == []
