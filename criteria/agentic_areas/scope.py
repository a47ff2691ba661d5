"""Requirement 00 and 01.1: what the system is made of, what it takes the place of, and what it costs."""

from __future__ import annotations

from criteria.agentic_areas.common import absent, facts, own, queue, table
from criteria.agentic_areas.delivery import workflow
from criteria.agentic_areas.files import MIGRATION, SHARED, classes, functions, tells, texts_in, tree
from criteria.common.deploying import IDENTITY, is_github
from criteria.common.lookups import QUEUE, TABLE
from plumbline.free_tier.assess import Assessment, Standing, assess
from plumbline.free_tier.data import demands, tiers
from plumbline.project import UserError
from plumbline.verdicts import Finding, Subject, Verdict, all_of, combine, criterion

_DECISION_PAID = 31
_DECISION_ACCOUNTS = 32
_DECISION_NO_NETWORK = 114
_SYSTEM = "agentic"
_ACCOUNTS = ("before", "after")  # the day on which AWS changed its free tier


@criterion("AGENTIC-00.1")
def hosted(subject: Subject) -> Verdict:
    """Every resource is one of AWS's, what costs is asked for by name, and a pipeline tests and deploys."""
    findings = [Finding(row, "", "pass" if row.type.startswith("aws:") else "fail") for row in own(subject)]
    in_aws = combine(findings, "resources", "are AWS's")
    if in_aws.word != "pass":
        return in_aws
    parts = {id_: subject.verdict(id_) for id_ in ("AGENTIC-01.1", "AGENTIC-02.1", "AGENTIC-02.2", "AGENTIC-02.5")}
    return all_of(parts, "criteria about the free tier and the pipeline")


@criterion("AGENTIC-00.3")
def replaced(subject: Subject) -> Verdict:
    """A table and queues stand where PostgreSQL and Redis do today, and the migration reads the tables of today."""
    starts = tuple(facts()["replaced"])
    old = [row for row in own(subject) if row.type.startswith(starts)]
    if old:
        return Verdict("fail", f"{old[0].display} is what was to be replaced", old[0].urn)
    if table(subject) is None:
        return absent(subject, TABLE, facts()["table"]["name"])
    for name in facts()["queues"]:
        if queue(subject, name) is None:
            return absent(subject, QUEUE, name)
    read = texts_in(tree(subject, f"{MIGRATION}/source.py"))
    unread = [row["table"] for row in facts()["entities"].values() if row["table"] not in read]
    if unread:
        return Verdict("fail", f"{MIGRATION}/source.py does not read {', '.join(unread)}")
    return Verdict("pass", f"a table for {subject.facts['database']}, {len(facts()['queues'])} queues for Redis")


@criterion("AGENTIC-00.5")
def offers(subject: Subject) -> Verdict:
    """The twelve months are over for new accounts (docs/decisions.md, 32), so the guide tells what either kind has.

    The data by which stacks are assessed knows both kinds, and which amounts were free for twelve months only.
    """
    told = tells(subject, "account", facts()["terms"]["offers"], "words on the free tier")
    if told.word != "pass":
        return told
    known = tiers()
    ended = [name for name, row in known.allowances.items() if row.offer == "twelve_months"]
    if not ended or not set(_ACCOUNTS) <= set(known.accounts):
        return Verdict("fail", "the data on the free tier does not tell old accounts from new ones")
    months = subject.facts["free_tier_months"]
    evidence = f"{told.evidence}; {len(ended)} amounts are known to have been free for {months} months"
    return Verdict("deviation", evidence, decision=_DECISION_ACCOUNTS)


def _assess(subject: Subject, account: str) -> Assessment:
    """Assess the stack for a kind of account. Raises UserError where the list of paid parts is wrong."""
    known = tiers()
    return assess(subject.graph, _SYSTEM, account, known, demands(subject.root, _SYSTEM, known))


@criterion("AGENTIC-01.1")
def free(subject: Subject) -> Verdict:
    """Nothing costs, in either kind of account, but what a criterion asks for by name (docs/decisions.md, 31).

    A list of the system names these parts and their criteria (systems/agentic/data/paid.yaml).
    """
    try:
        standings = [row for account in _ACCOUNTS for row in _assess(subject, account).standings]
    except UserError as error:
        return Verdict("fail", str(error).splitlines()[0])
    if not standings:
        return Verdict("fail", "the stack has no resources")
    against = [row for row in standings if row.word in ("unknown", "undemanded")]
    if against:
        first = sorted(against, key=lambda row: _is_open(row))[0]
        parts = ", ".join(part.name for part in first.parts if not part.demand) or "nothing is known of its cost"
        open_ = all(map(_is_open, against))
        path = next((part.path for part in first.parts if part.path and not part.demand), "")
        evidence = f"{first.resource.display} may cost" if open_ else f"{first.resource.display} costs"
        return Verdict("unknown" if open_ else "fail", f"{evidence}: {parts}", f"{first.resource.urn}#{path}")
    demanded = {id_.criterion for row in standings for part in row.parts if (id_ := part.demand)}
    evidence = f"{len({row.resource.urn for row in standings})} resources"
    if not demanded:
        return Verdict("pass", f"{evidence} cost nothing")
    evidence = f"of {evidence} nothing costs but what {', '.join(sorted(demanded))} ask for"
    return Verdict("deviation", evidence, decision=_DECISION_PAID)


def _is_open(row: Standing) -> bool:
    """Say whether it is only not known yet whether a resource costs."""
    undemanded = [part for part in row.parts if not part.demand]
    return bool(undemanded) and all(part.path and not part.certain for part in undemanded)


@criterion("AGENTIC-00.6")
def entities(subject: Subject) -> Verdict:
    """Each entity has a model, a form in which it becomes an item, and a table to lie in."""
    if table(subject) is None:
        return absent(subject, TABLE, facts()["table"]["name"])
    models = classes(tree(subject, f"{SHARED}/models.py"))
    made = {
        str(written.annotation and getattr(written.annotation, "id", ""))
        for row in functions(tree(subject, f"{SHARED}/items.py")).values()
        if row.returns is not None and getattr(row.returns, "id", "") == "Item"
        for written in row.args.args
    }
    known = {row["called"]: name for name, row in facts()["entities"].items()}
    for called in subject.facts["entities"]:
        name = known.get(called, "")
        if name not in models or name not in made:
            return Verdict("fail", f"{called} have no {'model' if name not in models else 'form as an item'}")
    return Verdict("pass", f"{', '.join(subject.facts['entities'])} become items of the table")


@criterion("AGENTIC-00.9")
def services(subject: Subject) -> Verdict:
    """Each service is in use. Functions lie in no network, so there is nothing for a security group (decision 114)."""
    graph, types = subject.graph, facts()["services"]
    lacking = []
    for service in subject.facts["services"]:
        if service == "github-actions":
            base = subject.base()
            known = base is not None and any(map(is_github, base.of_type(IDENTITY)))
            lacking += [] if known and workflow(subject, "deploy") else [service]
        elif not all(graph.of_type(type_) for type_ in types.get(service, [""])):
            lacking.append(service)
    if not lacking:
        return Verdict("pass", f"{len(subject.facts['services'])} services are in use")
    if lacking != ["security-groups"]:
        return Verdict("fail", f"not in use: {', '.join(lacking)}")
    inside = [row for row in own(subject) if row.type.startswith(("aws:ec2/", "aws:ecs/")) or row.get("vpcConfig")]
    if inside:
        return Verdict("fail", f"{inside[0].display} lies in a network without security group", inside[0].urn)
    evidence = f"{len(subject.facts['services']) - 1} services are in use, and nothing lies in a network"
    return Verdict("deviation", evidence, decision=_DECISION_NO_NETWORK)
