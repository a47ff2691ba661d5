"""Faults in types that a stack does not have: a right resource is added to the graph, and broken as fixtures do.

They say less than the others, since rule and fixture have one author; but no control is left without a fault by them.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator, Sequence

import tests.policies as here
from policies.rules import load_all
from tests.policies.cases import Cases
from tests.policies.faults import Bench, Fault

AREA = "types that the stack does not have"


@functools.cache
def cases() -> Sequence[Cases]:
    names = sorted(found.name for found in pkgutil.iter_modules(here.__path__) if found.name.startswith("cases_"))
    return [case for name in names for case in importlib.import_module(f"tests.policies.{name}").CASES]


def faults(bench: Bench) -> Iterator[Fault]:
    rules = load_all()
    if "aws:lambda/function:Function" not in bench.types:
        return  # a stack that prepares an account is no place for applications
    for case in cases():
        if bench.types & set(rules[case.rule].types) or case.parameters:
            continue
        for what, (program, _) in case.bad.items():
            first = program[0]
            good = next((good for good in case.good.values() if good[0].type == first.type), None)
            if good is None or any(each.urn in bench.graph.resources for each in (*program, *good)):
                continue
            right = {each.urn: each for each in good}
            broken = {each.urn: each for each in program}
            yield Fault(AREA, f"{case.rule}: {what}", (case.rule,), (first.urn,), broken, right)
