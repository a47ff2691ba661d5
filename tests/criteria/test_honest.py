"""A predicate that no change of a stack can fail would decide nothing: each is broken in one of the areas."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import tests.criteria as here
from plumbline.project import Project
from plumbline.verdicts import ledger, predicates
from tests.evaluations import ROOT
from tests.stacks import STACKS

# The module of each area, test_honest_<area>.py, has rows that begin with the criterion's number and the stack.
AREAS = [
    importlib.import_module(f"tests.criteria.{module.name}")
    for module in pkgutil.iter_modules(here.__path__)
    if module.name.startswith("test_honest_")
]
SYSTEMS = {stack: Project(ROOT).system(stack) for stack in STACKS}


@pytest.mark.parametrize("system", sorted({system for system in SYSTEMS.values() if ledger(ROOT, system)}))
def test_every_predicate_is_broken_at_least_once(system: str) -> None:
    start = f"{system.upper()}-"
    broken = {
        f"{start}{number}"
        for area in AREAS
        for number, stack, *_ in area.BROKEN
        if SYSTEMS[stack.removesuffix(" up")] == system
    }
    assert broken
    assert broken == {id_ for id_ in predicates() if id_.startswith(start)}
