"""The CrossGuard side: a pack's policies, which dispatch resources to rules by type.

pulumi-policy deserialises a resource anew for every policy, so a pack has no policy for each rule but two for each
level, one for resources and one for the stack; the rule's id and name begin each message. A report has no level of its
own, which is why there is one dispatcher for each level.
"""

from __future__ import annotations

import datetime
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceRemediation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.deserialize import serialize_properties

from plumbline.graph import Resource
from plumbline.project import UserError
from policies import analyzer, config, engine, waivers
from policies.engine import is_secret
from policies.judgement import Rulebook, Violation
from policies.rules import load_all
from policies.rules.model import Estate, Finding, Pack, Rule, View
from policies.waivers import Waiver

FOLDER = Path(__file__).resolve().parent
_LEVELS = {"mandatory": EnforcementLevel.MANDATORY, "advisory": EnforcementLevel.ADVISORY}


@dataclass
class _Stack:
    """What is known of one stack while its resources pass by."""

    name: str
    rulebook: Rulebook
    # What is waived, by waiver: a finding that comes twice in one run counts once.
    matched: set[tuple[Waiver, str, Finding]] = field(default_factory=set)
    # Findings of one resource for the dispatcher of the other level, which gets the same resource next.
    pending: dict[str, list[Violation]] = field(default_factory=dict)
    # What was not known of a resource: told with its cause once the whole stack is seen.
    unknown: dict[str, list[Violation]] = field(default_factory=dict)


class Dispatcher:
    """Judges resources by the rules of some packs. One instance serves all policies of a pack's process."""

    def __init__(
        self, rules: Mapping[str, Rule], seen: engine.Seen, today: Callable[[], datetime.date] = datetime.date.today
    ) -> None:
        self.rules = rules
        self._seen = seen
        self._today = today
        self._lock = threading.Lock()
        self._stacks: dict[str, _Stack] = {}
        self._waivers = [waiver for waiver in waivers.load(FOLDER / "waivers.yaml", load_all()) if waiver.rule in rules]

    def _stack(self, urn: str, given: Mapping[str, Any]) -> _Stack:
        name = engine.stack_of(urn)
        if name not in self._stacks:
            everywhere = config.load(FOLDER / "config.yaml", name, load_all())
            wanted = given.get("rules") or {}
            whole = config.from_engine(wanted, self.rules).over(everywhere) if wanted else everywhere
            self._stacks[name] = _Stack(name, Rulebook(self.rules, whole, self._waivers))
        return self._stacks[name]

    def on_resource(self, level: str) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
        """Return what judges one resource at one level."""

        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            with self._lock:
                try:
                    stack = self._stack(args.urn, args.get_config())
                except UserError as error:
                    report("; ".join(error.args), args.urn)
                    return
                # The mandatory dispatcher comes first, unless the pack's user disabled it.
                found = stack.pending.pop(args.urn, None) if level == "advisory" else None
                if found is None:
                    found = self._judge(stack, args)
                _tell([v for v in found if v.level == level], report)
                if level == "mandatory":
                    stack.pending[args.urn] = [v for v in found if v.level != level]

        return validate

    def _judge(self, stack: _Stack, args: ResourceValidationArgs) -> list[Violation]:
        resource = engine.resource(args)
        self._seen[args.urn] = resource.inputs
        found: list[Violation] = []
        for rule in stack.rulebook.of(resource, "resource"):
            outcome = stack.rulebook.ask(rule, resource)
            found += stack.rulebook.violations(rule, resource, outcome, None)
        stack.unknown[args.urn] = [violation for violation in found if violation.unknown]
        return self._standing(stack, [violation for violation in found if not violation.unknown])

    def on_stack(self, level: str) -> Callable[[StackValidationArgs, ReportViolation], None]:
        """Return what judges a whole stack at one level, and tells what was not known of single resources."""

        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            with self._lock:
                if not args.resources:
                    return
                try:
                    stack = self._stack(args.resources[0].urn, args.get_config())
                except UserError as error:
                    report("; ".join(error.args), None)
                    return
                found = stack.pending.pop("", None) if level == "advisory" else None
                if found is None:
                    found = self._judge_stack(stack, args)
                _tell([v for v in found if v.level == level], report)
                if level == "mandatory":
                    stack.pending[""] = [v for v in found if v.level != level]
                    matched = Counter(waiver for waiver, _, _ in stack.matched)
                    stack.matched.clear()
                    for line in waivers.problems(self._waivers, matched, stack.name, self._today()):
                        report(line, None)

        return validate

    def _judge_stack(self, stack: _Stack, args: StackValidationArgs) -> list[Violation]:
        estate = Estate(engine.graph(args.resources, self._seen))
        found: list[Violation] = []
        for resource in estate.graph.resources.values():
            for rule in stack.rulebook.of(resource, "stack"):
                outcome = stack.rulebook.ask(rule, resource, estate)
                found += stack.rulebook.violations(rule, resource, outcome, estate)
            found += [_with_cause(v, resource, estate) for v in stack.unknown.get(resource.urn, ())]
        stack.unknown.clear()
        return self._standing(stack, found)

    def _standing(self, stack: _Stack, found: Sequence[Violation]) -> list[Violation]:
        """Return the findings that nothing waives, and remember which waivers were needed."""
        standing: list[Violation] = []
        for violation in found:
            waiver = stack.rulebook.waiver(violation, stack.name, self._today())
            if waiver is None:
                standing.append(violation)
            else:
                stack.matched.add((waiver, violation.urn, violation.finding))
        return standing

    def remediate(self, args: ResourceValidationArgs) -> Mapping[str, Any] | None:
        """Return a resource's properties with what rules can add by themselves, None where they add nothing."""
        with self._lock:
            stack = self._stack(args.urn, {})
            resource = engine.resource(args)
            changes: dict[str, Any] = {}
            for rule in stack.rulebook.of(resource, "resource"):
                if rule.remediate is not None:
                    changes |= rule.remediate(View(resource, stack.rulebook.config.parameters(rule))) or {}
        given = serialize_properties(args.props)
        # A property that is secret as a whole would lose that mark.
        return {**given, **changes} if changes and not any(is_secret(given.get(key)) for key in changes) else None


def _tell(found: Sequence[Violation], report: ReportViolation) -> None:
    for violation in found:
        report(violation.message, violation.urn)


def _with_cause(violation: Violation, resource: Resource, estate: Estate) -> Violation:
    return replace(violation, cause=Rulebook.cause(resource, violation.finding, estate))


def policies(name: str, packs: Sequence[Pack], seen: engine.Seen) -> list[Policy]:
    """Return the policies of a pack that has the rules of some packs. Raises UserError for a wrong config or waiver.

    They keep in `seen` the inputs of what they are asked about. The first takes config of rules, on top of the file's;
    the last repairs what rules can repair, where somebody switches it on by the level "remediate".
    """
    rules = {rule.name: rule for rule in load_all().values() if rule.pack in packs}
    dispatcher = Dispatcher(rules, seen)
    schema = PolicyConfigSchema(properties={"rules": config.schema(rules)})
    made: list[Policy] = []
    for level, enforcement in _LEVELS.items():
        made.append(
            ResourceValidationPolicy(
                name=f"{name}-{level}",
                description=f"Rules about single resources, {level}",
                validate=dispatcher.on_resource(level),
                enforcement_level=enforcement,
                config_schema=schema if level == "mandatory" else None,
            )
        )
    for level, enforcement in _LEVELS.items():
        made.append(
            StackValidationPolicy(
                name=f"{name}-{level}-stack",
                description=f"Rules about resources together, {level}",
                validate=dispatcher.on_stack(level),
                enforcement_level=enforcement,
            )
        )
    if any(rule.remediate is not None for rule in rules.values()):
        made.append(
            ResourceValidationPolicy(
                name=f"{name}-remediation",
                description="Adds what is missing where it can have one value only",
                # The SDK says that it wants an awaitable, and takes a mapping as well.
                remediate=cast(ResourceRemediation, dispatcher.remediate),
                enforcement_level=EnforcementLevel.DISABLED,
            )
        )
    return made


def serve(name: str, packs: Sequence[Pack], more: Callable[[engine.Seen], Sequence[Policy]] = lambda seen: ()) -> None:
    """Serve a pack until the engine ends it. A wrong config or waiver is one line each, and exit status 1.

    `more` gives further policies, which may look at what was seen of single resources.
    """
    try:
        config.load(FOLDER / "config.yaml", "", load_all())
        seen: engine.Seen = {}
        made = [*policies(name, packs, seen), *more(seen)]
    except UserError as error:
        sys.exit("\n".join(error.args))
    analyzer.serve(name, made)
