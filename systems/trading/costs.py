"""What the stack may cost, and what rests at night (requirement 23)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pulumi

from components.budgets import MonthlyBudget, MonthlyBudgetArgs
from components.events import Rules
from components.night import Night
from components.shutdown import Shutdown, ShutdownArgs
from components.topics import Topic
from systems.trading import data
from systems.trading.settings import Settings

TOPIC = "cost-alerts"
# Every so many minutes or hours, or at each hour.
_OFTEN = re.compile(r"rate\(\d+ (minute|hour)|cron\(\S+ \*")
_ACTUAL_PERCENTS, _FORECAST_PERCENTS = (50, 80, 100), (100,)


def night(settings: Settings) -> Night | None:
    """Return when the stack rests, None where it never does."""
    rest = settings.costs.shutdown
    return Night(stop=rest.stop, start=rest.start, time_zone=rest.time_zone) if rest else None


def resting(settings: Settings) -> tuple[str, ...]:
    """Return the rules that rest at night: those that run several times a day.

    One that runs at a time of its own, as the retention does each night, would never run again if it rested then.
    """
    if settings.costs.shutdown is None:
        return ()
    return tuple(name for name, row in data.events().items() if _OFTEN.match(row.schedule or ""))


def control(
    settings: Settings, topics: Mapping[str, Topic], rules: Rules, opts: pulumi.ResourceOptions
) -> Mapping[str, pulumi.Input[Any]]:
    """Register the budget, and what switches resting rules. Return their part of the stack's outputs."""
    budget = MonthlyBudget(
        "costs",
        MonthlyBudgetArgs(
            naming=settings.naming(),
            amount_usd=settings.costs.monthly_budget_usd,
            actual_percents=_ACTUAL_PERCENTS,
            forecast_percents=_FORECAST_PERCENTS,
            emails=settings.contacts.costs.emails,
            topic=topics[TOPIC],
            environment_tag=settings.environment if settings.costs.filter_by_tag else None,
        ),
        opts,
    )
    outputs: dict[str, pulumi.Input[Any]] = {"budget": budget.resource.arn}
    rest = night(settings)
    if rest is not None:
        shutdown = Shutdown(
            "shutdown",
            ShutdownArgs(
                account=settings.account(),
                naming=settings.naming(),
                night=rest,
                rules=rules,
                resting=resting(settings),
            ),
            opts,
        )
        outputs["shutdown"] = {f"{rule}-{what}": made.arn for (rule, what), made in shutdown.schedules.items()}
    return outputs
