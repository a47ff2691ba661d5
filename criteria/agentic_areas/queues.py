"""Agents and the queues that hand them their work (00.4, 00.7, 01.5)."""

from __future__ import annotations

import json
from collections.abc import Iterator

from criteria.agentic_areas.common import absent, by_name, facts, function, queue
from criteria.common.lookups import ALIAS, FUNCTION, QUEUE, Word, best, worst
from criteria.common.rights import Call, allowed, arn, of_caller, one
from plumbline.graph import UNKNOWN, Resource
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
_DECISION_POLLING = 101
_MONTH = 30 * 24 * 60 * 60  # seconds


@criterion("AGENTIC-00.4")
def agents(subject: Subject) -> Verdict:
    """Each agent is a function of its size that gets its work from a queue of its own."""
    findings: list[Finding] = []
    rows = {row["agent"]: (name, row) for name, row in facts()["functions"].items() if "agent" in row}
    for agent in subject.facts["agents"]:
        if agent not in rows:
            return Verdict("fail", f"nothing is known of an agent for {agent}")
        name, row = rows[agent]
        hosted, works = function(subject, name), queue(subject, row["queue"])
        if hosted is None or works is None:
            return absent(subject, FUNCTION, name) if hosted is None else absent(subject, QUEUE, row["queue"])
        findings.append(claim(hosted, "memorySize", lambda given, row=row: given == row["memory"], default=128))
        findings.append(claim(hosted, "timeout", lambda given, row=row: given == row["timeout"], default=3))
        findings.append(Finding(hosted, "", best(_feeds(subject, works, hosted))))
    return combine(findings, "settings and queues of agents", "give each agent its size and its work")


def _feeds(subject: Subject, source: Resource, hosted: Resource) -> Iterator[Word]:
    """Yield what is known of each mapping that may lead from a queue to the alias of a function."""
    graph = subject.graph
    for mapping in graph.of_type(MAPPING):
        given, known = one(graph, mapping, "eventSourceArn", QUEUE)
        alias, word = one(graph, mapping, "functionName", ALIAS)
        called, sure = one(graph, alias, "functionName", FUNCTION) if alias else (None, word)
        if given in (source, None) and called in (hosted, None):
            on = claim(mapping, "enabled", lambda on: on is True, default=True).word
            yield worst([known, word, sure, on])


@criterion("AGENTIC-00.7")
def distributed(subject: Subject) -> Verdict:
    """Somebody may put work on each queue and knows where it is, and an agent takes it from there."""
    findings = []
    for name in facts()["queues"]:
        works = queue(subject, name)
        if works is None:
            return absent(subject, QUEUE, name)
        takers = [row for consumer in _consumers(name) if (row := function(subject, consumer)) is not None]
        taken = best(word for taker in takers for word in _feeds(subject, works, taker))
        findings.append(Finding(works, "name", worst([taken, best(_fillers(subject, works, name))])))
    return combine(findings, "queues", "get work from a function and give it to another")


def _consumers(name: str) -> list[str]:
    return [row for row, given in facts()["functions"].items() if given.get("queue") == name]


def _fillers(subject: Subject, works: Resource, name: str) -> Iterator[Word]:
    """Yield what is known of each function that may put work on a queue: whether it knows the address and may send."""
    variable = f"environment.variables.SQS_QUEUE_URL_{name.removesuffix('-queue').upper()}"
    call = Call("sqs:SendMessage", arn(subject, "sqs", str(works.get("name"))))
    for sender in subject.graph.of_type(FUNCTION):
        if sender.get(variable) is None:
            continue
        target, word = one(subject.graph, sender, variable, QUEUE)
        # The environment as a whole may come from several queues; the right to send tells which is meant.
        written, known = of_caller(subject.graph, sender, "role")
        may: Word = known if known != "pass" else "pass" if allowed(written, call) else "fail"
        told: Word = "pass" if target is works or (sender.get(variable) is UNKNOWN and word != "fail") else "fail"
        yield worst([may, told])


@criterion("AGENTIC-01.5")
def queues(subject: Subject) -> Verdict:
    """Each queue gives its consumer time, sends what fails to dead letters, and asks for messages by long polls.

    Lambda polls every queue all month (docs/decisions.md, 101): where that alone is more than the allowance, the
    verdict deviates.
    """
    findings = []
    for name, row in facts()["queues"].items():
        works = queue(subject, name)
        if works is None:
            return absent(subject, QUEUE, name)
        path = "visibilityTimeoutSeconds"
        findings.append(claim(works, path, lambda given, row=row: given == row["visibility"], default=30))
        findings.append(claim(works, "receiveWaitTimeSeconds", lambda given: given == 20, default=0))
        findings.append(Finding(works, "redrivePolicy", _gives_up(subject, works, name)))
    polled = polls(subject)
    decision = _DECISION_POLLING if polled > subject.facts["requests_per_month"] else 0
    says = f"hold back work; idle polling takes {polled:,} requests a month"
    return combine(findings, "settings of queues", says, decision)


def polls(subject: Subject) -> int:
    """Return how many requests a month Lambda's polling of the queues takes when nothing waits in them."""
    given = facts()["pollers"]
    return len(subject.graph.of_type(MAPPING)) * given["polls"] * _MONTH // given["seconds"]


def _gives_up(subject: Subject, works: Resource, name: str) -> Word:
    letters = by_name(subject, QUEUE, f"{name}-dead-letters")
    if letters is None:
        return "unknown" if absent(subject, QUEUE, name).word == "unknown" else "fail"
    wanted = arn(subject, "sqs", str(letters.get("name")))
    return claim(works, "redrivePolicy", lambda text: _is_for(text, wanted), default="").word


def _is_for(text: str, wanted: str) -> bool:
    try:
        policy = json.loads(text)
    except ValueError:
        return False
    tries = policy.get("maxReceiveCount")
    return policy.get("deadLetterTargetArn") == wanted and isinstance(tries, int) and tries > 0
