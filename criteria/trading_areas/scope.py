"""Requirement 00 and 20.7: what the platform is made of, what it aims at, and who lets production change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from criteria.common.deploying import deploying_role, trusts_only
from criteria.common.lookups import BUCKET, FUNCTION, follow
from criteria.trading_areas.common import bucket_name, by_name, facts, function_rows
from criteria.trading_areas.series import DATABASE, INFLUX
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, all_of, claim, combine, criterion

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
EDGE_FUNCTION = "aws:cloudfront/function:Function"
_PROVIDER = "pulumi:providers:aws"
_DECISION_INFLUX = 3
_DECISION_STATIC = 12
_DECISION_APPROVAL = 16
_FRONTEND = "docs/runbooks/frontend.md"
_DEPLOYMENT = "docs/runbooks/deployment.md"


@criterion("TRADING-00.1")
def all_in_aws(subject: Subject) -> Verdict:
    """Every resource is one of AWS's, and the functions that assist with models are among them (decision 70)."""
    findings = [
        Finding(resource, "", "pass" if resource.type.startswith("aws:") else "fail")
        for resource in subject.graph
        if resource.custom and resource.type != _PROVIDER
    ]
    for name, group, _, _ in function_rows():
        if group == facts()["ai_group"]:
            function = by_name(subject, FUNCTION, name)
            if function is None:
                return Verdict("fail", f"AI assistance lacks the function {name}")
            findings.append(Finding(function, "name", "pass"))
    return combine(findings, "resources, AI assistance among them,", "are AWS's")


@criterion("TRADING-00.2")
def serverless(subject: Subject) -> Verdict:
    """Each of the services is in use, and nothing is a server, or a cluster, that somebody must look after."""
    graph = subject.graph
    servers = facts()["servers"]
    own = [
        resource
        for resource in graph
        if resource.type in servers["types"] or _module(resource.type) in servers["modules"]
    ]
    if own:
        return Verdict("fail", f"{own[0].display} is a server", own[0].urn)
    types = {service: facts()["services"].get(service, []) for service in subject.facts["services"]}
    instead = graph.of_type(INFLUX) if not graph.of_type(DATABASE) else []
    if instead:
        types["timestream"] = [INFLUX]
    missing = [service for service, names in types.items() if not graph.of_type(*names)]
    if missing:
        return Verdict("fail", f"the stack does not use {', '.join(missing)}")
    counts = ", ".join(f"{len(graph.of_type(*names))} of {service}" for service, names in types.items())
    evidence = f"no server among the resources, and {counts}"
    return Verdict("deviation", evidence, decision=_DECISION_INFLUX) if instead else Verdict("pass", evidence)


def _module(type_: str) -> str:
    """Return the module of an AWS type, such as "ec2"."""
    return type_.removeprefix("aws:").partition("/")[0] if type_.startswith("aws:") else ""


@criterion("TRADING-00.3")
def static_export(subject: Subject) -> Verdict:
    """CloudFront serves a static export as Next.js writes it; what the pages are made with, no resource shows."""
    findings = [
        finding
        for distribution in subject.graph.of_type(DISTRIBUTION)
        if _serves(subject, distribution, "frontend-assets")
        for finding in _as_export(subject, distribution)
    ]
    served = combine(findings, "settings of the distribution", "serve a static export of Next.js", _DECISION_STATIC)
    if served.word != "deviation":
        return served
    return Verdict("outside", f"{served.evidence}; the pages are the application's", "", _DECISION_STATIC, _FRONTEND)


def _serves(subject: Subject, distribution: Resource, bucket: str) -> bool:
    """Say whether a distribution has a bucket among its origins, by its domain's name or by what it depends on."""
    name = bucket_name(subject, bucket)
    owner = subject.graph.named(BUCKET, "bucket", name)
    if owner is None:
        return False
    origins = distribution.get("origins", [])
    rows = origins if isinstance(origins, list) else []
    known = [row.get("domainName") for row in rows if isinstance(row, Mapping)]
    if UNKNOWN in known or origins is UNKNOWN:
        return owner.urn in distribution.property_dependencies.get("origins", ())
    return any(isinstance(domain, str) and domain.startswith(f"{name}.s3.") for domain in known)


def _as_export(subject: Subject, distribution: Resource) -> Iterable[Finding]:
    """Judge that pages are found without a server: by a function before the bucket, and by a page for what is not."""
    path = "defaultCacheBehavior.functionAssociations"
    yield claim(distribution, path, lambda rows: [row["eventType"] for row in rows] == ["viewer-request"], default=[])
    link = follow(subject.graph, distribution, f"{path}.0.functionArn", EDGE_FUNCTION)
    word = "pass" if len(link.to) == 1 and link.certain else "unknown" if link.to else "fail"
    yield Finding(distribution, path, word)
    yield claim(distribution, "customErrorResponses", _tells_of_404, default=[])


def _tells_of_404(rows: list[Mapping[str, object]]) -> bool:
    return any(row.get("responseCode") == 404 and row.get("responsePagePath") == "/404.html" for row in rows)


@criterion("TRADING-00.6")
def aims(subject: Subject) -> Verdict:
    """Each aim is met when the criteria that stand for it are."""
    return _judged(subject, facts()["aims"], subject.facts["aims"])


@criterion("TRADING-00.7")
def jobs(subject: Subject) -> Verdict:
    """Each service does its job when the criteria about that job are met."""
    return _judged(subject, facts()["jobs"], subject.facts)


def _judged(subject: Subject, by_name: Mapping[str, list[str]], wanted: Iterable[str]) -> Verdict:
    parts: dict[str, Verdict] = {}
    for name in wanted:
        found = {id_: subject.verdict(id_) for id_ in (f"TRADING-{number}" for number in by_name.get(name, []))}
        asked = {id_: verdict for id_, verdict in found.items() if verdict.word != "not_applicable"}
        if not asked:
            return Verdict("fail", f"nothing shows {name.replace('_', ' ')}")
        parts |= asked
    return all_of(parts, f"criteria about {', '.join(name.replace('_', ' ') for name in wanted)}")


@criterion("TRADING-20.7")
def approval(subject: Subject) -> Verdict:
    """Only runs that somebody approved deploy, and no run deletes what holds data.

    The role that deploys trusts one environment of GitHub alone; that this one asks for approval is set in GitHub,
    as the document says. What holds data is protected, so that approval is not all that stands before its loss.
    """
    graph, role, why = deploying_role(subject)
    if graph is None or role is None:
        return Verdict("fail", why)
    findings = [Finding(role, "assumeRolePolicy", trusts_only(role, subject.environment))]
    stateful = subject.graph.of_type(*facts()["stateful"])
    if not stateful:
        return Verdict("fail", "nothing of the stack holds data")
    findings += [Finding(resource, "", "pass" if resource.options.protect else "fail") for resource in stateful]
    verdict = combine(findings, "roles and resources", "wait for approval, or are protected", _DECISION_APPROVAL)
    if verdict.word != "deviation":
        return verdict
    return Verdict("deviation", verdict.evidence, "", _DECISION_APPROVAL, _DEPLOYMENT)
