"""Workflows of GitHub Actions: tests, deployment, backup and the way back (02.1 to 02.3, 02.5, 06.2, 08.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from criteria.agentic_areas.common import absent, facts, table
from criteria.agentic_areas.files import below, calls_in, text, tree, yaml
from criteria.common.deploying import deploying_role, trusts_only
from criteria.common.lookups import FUNCTION, TABLE, texts
from plumbline.verdicts import Finding, Subject, Verdict, claim, combine, criterion

_DEPLOYMENT = "systems/agentic/deploy"
_COMMAND = r"python -m systems\.agentic\.deploy "
# The project's own commands run `pulumi up` (Makefile, plumbline/deploy.py).
_TESTS, _UP = r"\bmake test\b", r"\bpulumi up\b|\bmake deploy\b|-m plumbline deploy (?!--preview)"
_MOST_CALLS = 4  # levels of workflows that GitHub lets call each other
_BACKUP, _SHIFT, _ROLLBACK = f"{_COMMAND}backup\\b", f"{_COMMAND}shift\\b", f"{_COMMAND}rollback\\b"
_GREEN = "github.event.workflow_run.conclusion == 'success'"
# A workflow that deploys all systems does some steps for one of them.
_OF_SYSTEM = re.compile(r"steps\.\w+\.outputs\.system == 'agentic'")
# The token that GitHub makes for each run is no stored key.
_STORED = re.compile(r"secrets\.(?!GITHUB_TOKEN\b)|secrets\[")
_DECISION_TOOL = 35


@dataclass(frozen=True)
class Job:
    """One job of a workflow, with the names of the jobs that it needs."""

    name: str
    needs: tuple[str, ...]
    condition: str
    steps: tuple[Mapping[str, Any], ...]
    permissions: Mapping[str, Any]

    def step(self, command: str) -> int | None:
        """Return the place of the first step that always runs a command for this system, and whose failure counts."""
        for place, step in enumerate(self.steps):
            always = "if" not in step or _OF_SYSTEM.fullmatch(str(step["if"]))
            if re.search(command, _commands(step)) and always and not step.get("continue-on-error"):
                return place
        return None


def _commands(step: Mapping[str, Any]) -> str:
    """Return what a step runs, without comments, each command on one line."""
    lines = str(step.get("run", "")).replace("\\\n", " ").splitlines()
    return "\n".join(" ".join(line.split()) for line in lines if not line.lstrip().startswith("#"))


@dataclass(frozen=True)
class Workflow:
    """A workflow file: what starts it, and its jobs by name. Those of workflows that it calls are its own.

    `paths` are the files that it is made of, its own first.
    """

    paths: tuple[str, ...]
    name: str
    events: Mapping[str, Any]
    jobs: Mapping[str, Job]

    @property
    def path(self) -> str:
        return self.paths[0]

    def with_step(self, command: str) -> list[Job]:
        return [job for job in self.jobs.values() if job.step(command) is not None]

    def before(self, job: Job) -> list[Job]:
        """Return the jobs that must be done before a job begins."""
        found: dict[str, Job] = {}
        waiting = list(job.needs)
        while waiting:
            name = waiting.pop()
            if name in self.jobs and name not in found:
                found[name] = self.jobs[name]
                waiting += self.jobs[name].needs
        return list(found.values())

    def stores_keys(self, subject: Subject) -> bool:
        return any(_STORED.search(text(subject, path)) for path in self.paths)


def workflow(subject: Subject, name: str) -> Workflow | None:
    """Return a workflow of the facts, None where its file is missing or is no workflow."""
    return _read(subject, facts()["files"][name])


def _read(subject: Subject, path: str, calls: int = 0) -> Workflow | None:
    given = yaml(subject, path)
    if not isinstance(given, dict) or not isinstance(given.get("jobs"), dict):
        return None
    on = given.get("on")
    events = on if isinstance(on, dict) else dict.fromkeys(texts(on))
    rows = {str(key): row for key, row in given["jobs"].items() if isinstance(row, dict)}
    called = {key: _called(subject, row, calls) for key, row in rows.items()}
    # A job that calls a workflow stands for all jobs of it.
    parts = {
        key: tuple(f"{key} / {inner}" for inner in found.jobs) if found is not None else (key,)
        for key, found in called.items()
    }
    jobs: dict[str, Job] = {}
    for key, row in rows.items():
        needs = tuple(name for needed in texts(row.get("needs")) for name in parts.get(needed, ()))
        permissions = _mapping(row.get("permissions", given.get("permissions")))
        found = called[key]
        if found is None:
            steps = tuple(step for step in row.get("steps") or () if isinstance(step, dict))
            jobs[key] = Job(key, needs, str(row.get("if", "")), steps, permissions)
            continue
        for inner in found.jobs.values():
            own = tuple(f"{key} / {name}" for name in inner.needs)
            condition = " && ".join(text for text in (str(row.get("if", "")), inner.condition) if text)
            # Whom a workflow calls has at most its own rights.
            rights = {name: given for name, given in inner.permissions.items() if permissions.get(name) == given}
            jobs[f"{key} / {inner.name}"] = Job(f"{key} / {inner.name}", (*needs, *own), condition, inner.steps, rights)
    paths = (path, *(other for found in called.values() if found is not None for other in found.paths))
    return Workflow(paths, str(given.get("name", path)), _mapping(events), jobs)


def _called(subject: Subject, row: Mapping[str, Any], calls: int) -> Workflow | None:
    """Return the workflow of the project that a job calls, None where it has steps of its own."""
    uses = str(row.get("uses", ""))
    if not uses.startswith("./") or calls >= _MOST_CALLS:
        return None
    return _read(subject, uses.removeprefix("./"), calls + 1)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _none(name: str) -> Verdict:
    return Verdict("fail", f"{facts()['files'][name]} is no workflow")


@criterion("AGENTIC-02.1")
def tested(subject: Subject) -> Verdict:
    """Every push to the branch starts a workflow, in which a job runs all tests whatever came before.

    It may be the deployment, which calls the tests as its first job.
    """
    branch, tests = subject.facts["branch"], workflow(subject, "tests")
    if tests is None:
        return _none("tests")
    deployment = workflow(subject, "deploy")
    found = next((one for one in (tests, deployment) if one is not None and _on_push(one, branch)), None)
    if found is None:
        return Verdict("fail", f"{tests.path}: not every push to {branch} starts it")
    jobs = [job for job in found.with_step(_TESTS) if not job.condition]
    if not jobs:
        return Verdict("fail", f"{found.path}: no job always runs the tests")
    return Verdict("pass", f"{found.path}: a push to {branch} starts the job {jobs[0].name}")


def _on_push(found: Workflow, branch: str) -> bool:
    """Say whether every push to a branch starts a workflow: a filter of paths would let some by."""
    if "push" not in found.events:
        return False
    push = _mapping(found.events["push"])
    if set(push) & {"paths", "paths-ignore", "branches-ignore"} or ("tags" in push and "branches" not in push):
        return False
    return branch in texts(push.get("branches", branch))


@criterion("AGENTIC-02.2")
def deployed(subject: Subject) -> Verdict:
    """Jobs deploy after green tests of the main branch alone, as a role that GitHub's runs assume without stored keys.

    Pulumi deploys; the SAM template is made of the same program (docs/decisions.md, 35).
    """
    found = workflow(subject, "deploy")
    if found is None:
        return _none("deploy")
    jobs = found.with_step(_UP)
    if not jobs:
        return Verdict("fail", f"{found.path}: no job runs pulumi up")
    for job in jobs:
        if not _after_green(subject, found, job):
            return Verdict("fail", f"{found.path}: {job.name} does not wait for green tests")
        if job.permissions.get("id-token") != "write":
            return Verdict("fail", f"{found.path}: {job.name} gets no token to assume a role with")
    if found.stores_keys(subject):
        return Verdict("fail", f"{found.path} uses stored keys")
    graph, role, why = deploying_role(subject)
    if graph is None or role is None:
        return Verdict("fail", why)
    findings = [Finding(role, "assumeRolePolicy", trusts_only(role, subject.environment))]
    findings += [claim(row, "publish", lambda on: on is True, default=False) for row in subject.graph.of_type(FUNCTION)]
    says = f"are deployed by {', '.join(job.name for job in jobs)} of {found.path} after green tests"
    return combine(findings, "the role and functions", says, _DECISION_TOOL)


def _after_green(subject: Subject, found: Workflow, job: Job) -> bool:
    """Say whether a job begins only when tests have passed: of its own workflow, or of the one that runs them."""
    if re.search(r"\b(always|cancelled|failure)\(\)", job.condition):
        return False
    if any(one.step(_TESTS) is not None for one in found.before(job)):
        return _on_push(found, "main") and not set(found.events) - {"push", "workflow_dispatch"}
    tests = workflow(subject, "tests")
    after = _mapping(found.events.get("workflow_run"))
    known = tests is not None and tests.name in texts(after.get("workflows"))
    gate = any(_GREEN in " ".join(one.condition.split()) for one in (job, *found.before(job)))
    return known and gate and texts(after.get("types")) == ["completed"] and texts(after.get("branches")) == ["main"]


@criterion("AGENTIC-02.3")
def tables(subject: Subject) -> Verdict:
    """The table is a resource of the stack, whose changes every deployment makes, and none is left out."""
    owner, found = table(subject), workflow(subject, "deploy")
    if owner is None:
        return absent(subject, TABLE, facts()["table"]["name"])
    if found is None or not found.with_step(_UP):
        return _none("deploy") if found is None else Verdict("fail", f"{found.path}: no job runs pulumi up")
    findings = [
        Finding(row, "", "fail" if row.options.ignore_changes else "pass") for row in subject.graph.of_type(TABLE)
    ]
    return combine(findings, "tables", f"are made and changed by {found.path}")


def shifts(subject: Subject) -> Verdict:
    """Judge that the deployment moves the aliases to the new versions, after the stack is up."""
    found = workflow(subject, "deploy")
    if found is None:
        return _none("deploy")
    jobs = found.with_step(_UP)
    if not jobs or not all(_in_order(found, job, _UP, _SHIFT) for job in jobs):
        return Verdict("fail", f"{found.path}: the aliases are not shifted after pulumi up")
    return Verdict("pass", f"{found.path} shifts the aliases")


def _in_order(found: Workflow, job: Job, first: str, then: str) -> bool:
    """Say whether a job, or what needs it, runs a second command after the first one."""
    place, later = job.step(first), job.step(then)
    if place is not None and later is not None:
        return place < later or (place == later and _same_step(job.steps[place], first, then))
    return any(job in found.before(other) for other in found.with_step(then)) if later is None else False


def _same_step(step: Mapping[str, Any], first: str, then: str) -> bool:
    commands = _commands(step)
    one, two = re.search(first, commands), re.search(then, commands)
    return one is not None and two is not None and one.start() < two.start()


@criterion("AGENTIC-02.5")
def returned(subject: Subject) -> Verdict:
    """The deployment goes back to the former versions by itself where a step of it fails, or somebody asks for it."""
    found, by_hand = workflow(subject, "deploy"), workflow(subject, "rollback")
    if found is None or by_hand is None:
        return _none("deploy" if found is None else "rollback")
    shifted = shifts(subject)
    if shifted.word != "pass":
        return shifted
    if not any(_on_failure(job, step) for job, step in _rollbacks(found)):
        return Verdict("fail", f"{found.path}: nothing goes back where a step fails")
    if "workflow_dispatch" not in by_hand.events or not by_hand.with_step(_ROLLBACK):
        return Verdict("fail", f"{by_hand.path} cannot be asked to go back")
    if not _is_done(subject, "update_alias"):
        return Verdict("fail", f"{_DEPLOYMENT} moves no alias")
    return Verdict("pass", f"{found.path} goes back where it fails, and {by_hand.path} when asked to")


def _rollbacks(found: Workflow) -> Iterator[tuple[Job, Mapping[str, Any]]]:
    for job in found.jobs.values():
        yield from ((job, step) for step in job.steps if re.search(_ROLLBACK, _commands(step)))


def _on_failure(job: Job, step: Mapping[str, Any]) -> bool:
    return any(re.search(r"\bfailure\(\)|\"failure\"", str(text)) for text in (step.get("if", ""), job.condition))


def _is_done(subject: Subject, call: str) -> bool:
    """Say whether the deployment's code makes a call of AWS."""
    paths = [path for place in (_DEPLOYMENT, f"{_DEPLOYMENT}.py") for path, _ in below(subject, place)]
    made = {name for path in paths if path.endswith(".py") for name in calls_in(tree(subject, path))}
    return any(name.rpartition(".")[2] == call for name in made)


@criterion("AGENTIC-06.2")
def backed_up(subject: Subject) -> Verdict:
    """The deployment backs the table up before it changes anything, and the command makes a real backup."""
    found = workflow(subject, "deploy")
    if found is None:
        return _none("deploy")
    jobs = found.with_step(_UP)
    if not jobs or not all(_backed_up_before(found, job) for job in jobs):
        return Verdict("fail", f"{found.path}: no backup is made before pulumi up")
    if not _is_done(subject, "create_backup"):
        return Verdict("fail", f"{_DEPLOYMENT} makes no backup")
    owner = table(subject)
    if owner is None:
        return absent(subject, TABLE, facts()["table"]["name"])
    return Verdict("pass", f"{found.path} backs {owner.get('name')} up before pulumi up")


def _backed_up_before(found: Workflow, job: Job) -> bool:
    if job.step(_BACKUP) is not None:
        return _in_order(found, job, _BACKUP, _UP)
    return any(other.step(_BACKUP) is not None for other in found.before(job))


@criterion("AGENTIC-08.3")
def supplied(subject: Subject) -> Verdict:
    """Four workflows come with the project: tests, deployment, the way back, and the preview of pull requests."""
    wanted = {"tests": "pull_request", "deploy": "", "rollback": "workflow_dispatch", "preview": "pull_request"}
    for name, event in wanted.items():
        found = workflow(subject, name)
        if found is None or not found.jobs or not found.events:
            return _none(name)
        if event and event not in found.events:
            return Verdict("fail", f"{found.path}: {event} does not start it")
        if any(not job.steps for job in found.jobs.values()):
            return Verdict("fail", f"{found.path}: a job has no steps")
        if found.stores_keys(subject):
            return Verdict("fail", f"{found.path} uses stored keys")
    return Verdict("pass", f"{len(wanted)} workflows, none of which uses stored keys")
