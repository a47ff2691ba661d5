"""A predicate that no change of a stack can fail would decide nothing: each is broken in one of the areas."""

from __future__ import annotations

from types import ModuleType

import pytest

from plumbline.verdicts import ledger, predicates
from tests.criteria import (
    test_honest_agentic_files,
    test_honest_agentic_stack,
    test_honest_api,
    test_honest_backups,
    test_honest_cache,
    test_honest_cdn,
    test_honest_costs,
    test_honest_dns,
    test_honest_events,
    test_honest_firewall,
    test_honest_functions,
    test_honest_keys,
    test_honest_monitoring,
    test_honest_network,
    test_honest_pipeline,
    test_honest_scope,
    test_honest_secrets,
    test_honest_series,
    test_honest_service_roles,
    test_honest_storage,
    test_honest_structure,
    test_honest_tables,
    test_honest_topics,
    test_honest_workflows,
)
from tests.evaluations import ROOT

_TRADING = (
    test_honest_api,
    test_honest_backups,
    test_honest_cache,
    test_honest_cdn,
    test_honest_costs,
    test_honest_dns,
    test_honest_events,
    test_honest_firewall,
    test_honest_functions,
    test_honest_keys,
    test_honest_monitoring,
    test_honest_network,
    test_honest_pipeline,
    test_honest_scope,
    test_honest_secrets,
    test_honest_series,
    test_honest_service_roles,
    test_honest_storage,
    test_honest_structure,
    test_honest_tables,
    test_honest_topics,
    test_honest_workflows,
)
_AGENTIC = (test_honest_agentic_files, test_honest_agentic_stack)


@pytest.mark.parametrize(
    ("system", "areas"), [("trading", _TRADING), ("agentic", _AGENTIC)], ids=["trading", "agentic"]
)
def test_every_predicate_is_broken_at_least_once(system: str, areas: tuple[ModuleType, ...]) -> None:
    ledger(ROOT, system)
    start = f"{system.upper()}-"
    broken = {f"{start}{number}" for area in areas for number, *_ in area.BROKEN}
    assert broken == {id_ for id_ in predicates() if id_.startswith(start)}
