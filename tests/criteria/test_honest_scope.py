"""Requirement 00 and 20.7 cannot be fooled: what leaves AWS, misses an aim or skips approval fails its criterion."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from criteria.trading_areas.common import facts
from plumbline.graph import UNKNOWN, Options
from plumbline.verdicts import Subject, Verdict, judge, ledger
from tests.criteria.breaking import (
    BUCKET,
    FUNCTION,
    KEY,
    ROLE,
    SECRET,
    TABLE,
    Change,
    Row,
    add,
    base,
    breaks,
    cases,
    drop,
    edit,
    leaves_open,
    nothing,
    refer,
    set_,
    settings,
    verdict,
    whole,
)
from tests.evaluations import ROOT

_DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
_EDGE_FUNCTION = "aws:cloudfront/function:Function"
_DATABASE = "aws:timestreamwrite/database:Database"
_INFLUX = "aws:timestreaminfluxdb/dbInstance:DbInstance"
_POOL = "aws:cognito/userPool:UserPool"
_REST_API = "aws:apigateway/restApi:RestApi"
_TOPIC = "aws:sns/topic:Topic"
_PAGES = "cdn-distribution"
_DEPLOY = "github-deploy-prod"
_HOST = "token.actions.githubusercontent.com"


def _unprotected(type_: str, name: str) -> Change:
    return edit(type_, name, lambda r: dataclasses.replace(r, options=Options()))


def _pages(**inputs: Any) -> Change:
    return set_(_DISTRIBUTION, _PAGES, **inputs)


def _trusts(environment: str, kind: str = "StringEquals") -> Change:
    row = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::222222222222:oidc-provider/{_HOST}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {kind: {f"{_HOST}:aud": "sts.amazonaws.com", f"{_HOST}:sub": f"repo:a/b:{environment}"}},
    }
    return base(set_(ROLE, _DEPLOY, assumeRolePolicy=json.dumps({"Statement": [row]})))


def _elsewhere(old: Subject) -> Subject:
    """Look for documents where there are none."""
    return dataclasses.replace(old, root=ROOT / "tests" / "fixtures")


def _behavior(associations: Any) -> dict[str, Any]:
    return {"defaultCacheBehavior": {"functionAssociations": associations}}


BROKEN: list[Row] = [
    ("00.1", "prod", "a resource of another cloud", add("gcp:storage/bucket:Bucket", "pages", name="pages")),
    ("00.1", "prod", "a resource of no cloud", add("random:index/randomPassword:RandomPassword", "token")),
    ("00.1", "prod", "no AI assistance", drop(FUNCTION, "functions-analysis")),
    ("00.1", "prod", "the other environment's", set_(FUNCTION, "functions-ensemble", name="test-ensemble")),
    ("00.1", "prod", "nothing", nothing),
    ("00.2", "prod", "a server", add("aws:ec2/instance:Instance", "server")),
    ("00.2", "prod", "a database server", add("aws:rds/instance:Instance", "database")),
    ("00.2", "prod", "a cluster of containers", add("aws:ecs/cluster:Cluster", "cluster")),
    ("00.2", "prod", "no series", drop(_DATABASE, "")),
    ("00.2", "prod", "no tables", drop(TABLE, "")),
    ("00.2", "prod", "no functions", drop(FUNCTION, "")),
    ("00.2", "prod", "no buckets", drop(BUCKET, "")),
    ("00.3", "prod", "no distribution", drop(_DISTRIBUTION, _PAGES)),
    ("00.3", "prod", "no bucket", drop(BUCKET, "buckets-frontend-assets")),
    ("00.3", "prod", "another bucket", refer(_DISTRIBUTION, _PAGES, "origins", (BUCKET, "buckets-audit-logs"))),
    ("00.3", "prod", "pages without function", _pages(**_behavior([]))),
    ("00.3", "prod", "a function on the way back", _pages(**_behavior([{"eventType": "viewer-response"}]))),
    ("00.3", "prod", "a foreign function", _pages(**_behavior([{"eventType": "viewer-request", "functionArn": "x"}]))),
    ("00.3", "prod", "no function", drop(_EDGE_FUNCTION, "cdn-pages")),
    ("00.3", "prod", "errors of S3", _pages(customErrorResponses=[])),
    ("00.3", "prod", "errors without page", _pages(customErrorResponses=[{"errorCode": 403, "responseCode": 404}])),
    ("00.3", "prod", "no document", _elsewhere),
    ("00.6", "test up", "a key that never changes", set_(KEY, "keys-tables", enableKeyRotation=False)),
    ("00.6", "test up", "one key for all tenants", drop("aws:apigateway/apiKey:ApiKey", "")),
    (
        "00.6",
        "test up",
        "capacity that is paid for at night",
        set_(TABLE, "tables-strategies", billingMode="PROVISIONED"),
    ),
    ("00.7", "prod", "no REST API", drop(_REST_API, "")),
    ("00.7", "prod", "no alerts", drop(_TOPIC, "topics-critical-alerts")),
    ("00.7", "prod", "no market data", drop(_DATABASE, "")),
    ("20.7", "prod", "no bootstrap stack", base(None)),
    ("20.7", "prod", "no deploying role", base(drop(ROLE, _DEPLOY))),
    ("20.7", "prod", "another role is set", settings(deployment={"role": "administrator"})),
    ("20.7", "prod", "any run", _trusts("*", "StringLike")),
    ("20.7", "prod", "a branch", _trusts("ref:refs/heads/main")),
    ("20.7", "prod", "an environment without approval", _trusts("environment:prod-preview")),
    ("20.7", "prod", "a table that a run may delete", _unprotected(TABLE, "tables-strategies")),
    ("20.7", "prod", "a bucket that a run may delete", _unprotected(BUCKET, "buckets-audit-logs")),
    ("20.7", "prod", "a secret that a run may delete", _unprotected(SECRET, "exchange-credentials")),
    ("20.7", "prod", "users that a run may delete", _unprotected(_POOL, "")),
    ("20.7", "prod", "a key that a run may delete", _unprotected(KEY, "keys-tables")),
    ("20.7", "prod", "nothing", nothing),
    ("20.7", "prod", "no document", _elsewhere),
]
OPEN: list[Row] = [
    ("00.3", "prod", "associations", _pages(**_behavior(UNKNOWN))),
    ("00.3", "prod", "error pages", _pages(customErrorResponses=UNKNOWN)),
    ("00.6", "prod", "nothing", lambda old: old),
    ("20.7", "prod", "a trust", base(set_(ROLE, _DEPLOY, assumeRolePolicy=UNKNOWN))),
]


@pytest.mark.parametrize(("number", "stack", "change"), cases(BROKEN))
def test_a_broken_stack_fails_the_criterion(number: str, stack: str, change: Change) -> None:
    breaks(number, stack, change)


@pytest.mark.parametrize(("number", "stack", "change"), cases(OPEN))
def test_what_is_not_known_yet_decides_nothing(number: str, stack: str, change: Change) -> None:
    leaves_open(number, stack, change)


def test_an_instance_of_influxdb_in_place_of_timestream_deviates() -> None:
    old = whole("prod")
    database = old.graph.of_type(_DATABASE)[0]
    swapped = {**old.graph.resources, database.urn: dataclasses.replace(database, type=_INFLUX)}
    changed = dataclasses.replace(old, graph=dataclasses.replace(old.graph, resources=swapped))
    found = verdict("00.2", changed)
    assert (found.word, found.decision) == ("deviation", 3)


@pytest.mark.parametrize("stack", ["prod", "prod up"])
def test_a_static_export_is_served_and_its_pages_are_the_applications(stack: str) -> None:
    evidence = "3 settings of the distribution serve a static export of Next.js; the pages are the application's"
    document = "docs/runbooks/frontend.md"
    assert verdict("00.3", whole(stack)) == Verdict("outside", evidence, decision=12, document=document)


# What aims and jobs are judged by.


@pytest.mark.parametrize("kind", ["aims", "jobs"])
def test_only_criteria_of_the_ledger_stand_for_something(kind: str) -> None:
    known = {entry.id for entry in ledger(ROOT, "trading")}
    named = {f"TRADING-{number}" for numbers in facts()[kind].values() for number in numbers}
    assert named - known == set()


def test_every_aim_and_every_service_of_the_ledger_has_criteria_and_no_other() -> None:
    entries = {entry.id: entry.facts for entry in ledger(ROOT, "trading")}
    assert list(facts()["aims"]) == entries["TRADING-00.6"]["aims"]
    assert list(facts()["jobs"]) == list(entries["TRADING-00.7"])


@pytest.mark.parametrize(
    ("id_", "kind", "name"), [("TRADING-00.6", "aims", "security"), ("TRADING-00.7", "jobs", "sns")]
)
@pytest.mark.parametrize("numbers", [[], ["03.7a"]], ids=["none", "of production only"])
def test_an_aim_or_a_service_that_nothing_stands_for_is_not_met(
    id_: str, kind: str, name: str, numbers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(facts()[kind], name, numbers)
    found = judge(ledger(ROOT, "trading"), whole("test"), [id_])[id_]
    assert found == Verdict("fail", f"nothing shows {name}")
