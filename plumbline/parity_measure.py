"""Measures which settings cause which differences: stacks that mix two stacks' settings are evaluated and compared.

A mix has one stack's settings with some of them taken from the other. Each setting is in another choice of half of the
mixes, so the mixes in which a property has the other stack's value name the setting that causes it: a few evaluations
tell the causes that one evaluation for each setting would. What depends on two settings or three, say on both being
taken, shows itself in the same way; further mixes are made as long as several causes would fit.
"""

from __future__ import annotations

import concurrent.futures
import copy
import itertools
import json
import math
import multiprocessing
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from plumbline.evaluate import evaluate_stack
from plumbline.parity import Comparison, Difference, Part, compare, parts
from plumbline.parity_names import NAMES, Names, name_settings
from plumbline.project import Project, UserError

Unit = tuple[str, ...]  # settings that are taken together, by their paths
State = Literal["left", "right", "other"]
_MOST_SETTINGS = 3  # more than that behind one property is no cause that a reader could follow
_MOST_ROUNDS = 8


@dataclass(frozen=True)
class Mix:
    """A stack of the left one's name with the units in `taken` as the right one has them."""

    taken: frozenset[Unit]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """Two stacks of one system, and the units in which their settings differ."""

    project: Project
    left: str
    right: str
    units: tuple[Unit, ...]
    names: tuple[str, ...]

    @classmethod
    def of(
        cls, project: Project, left: str, right: str, names: Iterable[str], together: Iterable[Sequence[str]]
    ) -> Pair:
        ours, theirs = project.settings(left), project.settings(right)
        paths = differing(ours, theirs)
        # The state's bucket is named after the account, and the settings hold one to the other.
        groups = [("account_id", "deployment"), *together]
        units = [tuple(path for path in group if path in paths) for group in groups]
        alone = [(path,) for path in paths if not any(path in group for group in groups)]
        found = tuple(unit for unit in (*units, *alone) if unit)
        return cls(project, left, right, found, name_settings(ours, theirs, (*NAMES, *names)))

    def compare(
        self,
        left: Mapping[str, Part],
        right: Mapping[str, Part],
        left_settings: Mapping[str, Any] | None = None,
        right_settings: Mapping[str, Any] | None = None,
    ) -> Comparison:
        """Compare two evaluations, of the stacks themselves or of mixes."""
        own = self.project.settings(self.left), self.project.settings(self.right)
        names = Names(left_settings or own[0], right_settings or own[1], self.names, own)
        return compare(left, right, names)

    def mix(self, taken: Iterable[Unit]) -> Mix:
        settings, other = copy.deepcopy(self.project.settings(self.left)), self.project.settings(self.right)
        for path in itertools.chain.from_iterable(taken):
            _put(settings, path, other)
        return Mix(frozenset(taken), settings)


def differing(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    """Return the settings that differ: top-level ones, and parts of sections, as `network.nat`."""
    found: list[str] = []
    for key in dict.fromkeys((*left, *right)):
        one, other = left.get(key), right.get(key)
        if one == other:
            continue
        if key not in NAMES and isinstance(one, Mapping) and isinstance(other, Mapping):
            found += [f"{key}.{part}" for part in dict.fromkeys((*one, *other)) if one.get(part) != other.get(part)]
        else:
            found.append(key)
    return found


def _put(settings: dict[str, Any], path: str, source: Mapping[str, Any]) -> None:
    """Give a setting the value that it has in `source`, or take it away where it has none."""
    *sections, last = path.split(".")
    for section in sections:
        settings, source = settings[section], source[section]
    if last in source:
        settings[last] = copy.deepcopy(source[last])
    else:
        settings.pop(last, None)


def balanced(units: Sequence[Unit], seed: int = 0) -> list[frozenset[Unit]]:
    """Return for each mix the units that it takes: every unit is in another half of the mixes.

    No unit's mixes are part of another's. So a property that needs two units is in too few mixes to look like the
    work of one, and one that either of two brings about is in too many.
    """
    count = next(size for size in itertools.count(2) if _choices(size) >= len(units))
    codes = list(itertools.combinations(range(count), count // 2))
    random.Random(seed).shuffle(codes)
    chosen = dict(zip(units, codes, strict=False))
    return [frozenset(unit for unit, code in chosen.items() if number in code) for number in range(count)]


def _choices(size: int) -> int:
    return math.comb(size, size // 2)


@dataclass(frozen=True)
class Measured:
    """The comparison of two stacks with the causes of each difference; `open` says why others have none."""

    comparison: Comparison
    causes: Mapping[Difference, tuple[str, ...]]
    open: Mapping[Difference, str]
    evaluations: int


def measure(pair: Pair, left: Mapping[str, Part], right: Mapping[str, Part]) -> Measured:
    """Find the causes of all differences by evaluating mixes. Raises UserError where a mix is refused."""
    comparison = pair.compare(left, right)
    mixes: list[Mix] = []
    states: dict[Difference, list[State]] = {difference: [] for difference in comparison.differences}
    wanted = balanced(pair.units)
    fits: dict[tuple[State, ...], _Fit] = {}
    for _ in range(_MOST_ROUNDS):
        new = [pair.mix(taken) for taken in wanted]
        for mix, seen in zip(new, evaluate_mixes(pair, new), strict=True):
            state = observe(pair, mix, seen, left, right)
            mixes.append(mix)
            for difference, vector in states.items():
                vector.append(state(difference))
        fits = {vector: _fit(vector, mixes, pair.units) for vector in {tuple(seen) for seen in states.values()}}
        undecided = [fit.candidates for fit in fits.values() if fit.candidates and not fit.is_decided]
        if not undecided:
            break
        wanted = _deciding(undecided, pair.units, len(mixes))
    causes, unclear = {}, {}
    for difference, vector in states.items():
        fit = fits[tuple(vector)]
        if fit.is_decided:
            causes[difference] = tuple(itertools.chain.from_iterable(fit.candidates[0]))
        elif fit.candidates:
            unclear[difference] = f"{len(mixes)} mixes do not decide between {len(fit.candidates)} causes"
        else:
            unclear[difference] = f"no setting causes it, nor do {_MOST_SETTINGS} together"
    return Measured(comparison, causes, unclear, len(mixes))


def observe(
    pair: Pair, mix: Mix, seen: Mapping[str, Part], left: Mapping[str, Part], right: Mapping[str, Part]
) -> Callable[[Difference], State]:
    """Return what says of a difference whether a mix has the left value, the right one or another.

    It has the right one if it differs from the left stack just as the right stack does, and the other way round.
    """
    from_left = set(pair.compare(left, seen, right_settings=mix.settings).differences)
    from_right = set(pair.compare(seen, right, left_settings=mix.settings).differences)

    def state(difference: Difference) -> State:
        here, there = difference in from_left, difference in from_right
        return "right" if here and not there else "left" if there and not here else "other"

    return state


@dataclass(frozen=True)
class _Fit:
    """The smallest sets of units that what was seen can depend on alone, and whether only one can be and was tried."""

    candidates: Sequence[tuple[Unit, ...]]
    is_decided: bool


def _fit(vector: Sequence[State], mixes: Sequence[Mix], units: Sequence[Unit]) -> _Fit:
    for size in range(1, _MOST_SETTINGS + 1):
        found = [chosen for chosen in itertools.combinations(units, size) if _depends(vector, mixes, chosen)]
        if found:
            return _Fit(found, len(found) == 1 and _is_tried(found[0], mixes))
    return _Fit((), False)


def _depends(vector: Sequence[State], mixes: Sequence[Mix], chosen: tuple[Unit, ...]) -> bool:
    """Say whether a state is always the same where the same of the chosen units are taken."""
    known: dict[tuple[bool, ...], State] = {(False,) * len(chosen): "left", (True,) * len(chosen): "right"}
    for state, mix in zip(vector, mixes, strict=True):
        if known.setdefault(tuple(unit in mix.taken for unit in chosen), state) != state:
            return False
    return True


def _is_tried(chosen: tuple[Unit, ...], mixes: Sequence[Mix]) -> bool:
    """Say whether enough mixes took all of the units, and enough none: what is never taken together fits anything."""
    taken = [sum(unit in mix.taken for unit in chosen) for mix in mixes]
    return taken.count(len(chosen)) >= len(chosen) and taken.count(0) >= len(chosen)


def _deciding(
    undecided: Sequence[Sequence[tuple[Unit, ...]]], units: Sequence[Unit], seed: int
) -> list[frozenset[Unit]]:
    """Return two mixes that tell the most candidates apart, and try those that stand alone."""
    chance = random.Random(seed)
    tries = [frozenset(unit for unit in units if chance.random() < 0.5) for _ in range(200)]
    chosen: list[frozenset[Unit]] = []
    for _ in range(2):
        chosen.append(max(tries, key=lambda taken: sum(_worth(found, [*chosen, taken]) for found in undecided)))
    return chosen


def _worth(candidates: Sequence[tuple[Unit, ...]], mixes: Sequence[frozenset[Unit]]) -> float:
    """Say how likely two candidates do not fare alike in some mixes; of a single one, how often it is tried."""
    fares = Counter(
        tuple("all" if mix.issuperset(units) else "none" if mix.isdisjoint(units) else "some" for mix in mixes)
        for units in candidates
    )
    if len(candidates) == 1:
        return sum(fare != "some" for fare in next(iter(fares)))
    return 1 - sum((count / len(candidates)) ** 2 for count in fares.values())


def evaluate_both(pair: Pair) -> tuple[dict[str, Part], dict[str, Part]]:
    """Evaluate the two stacks themselves. Raises UserError with the mistakes of one."""
    left, right = _evaluate_all(pair, [(pair.left, None), (pair.right, None)])
    return left, right


def evaluate_mixes(pair: Pair, mixes: Sequence[Mix]) -> list[dict[str, Part]]:
    """Evaluate mixes. Raises UserError with what refuses one."""
    try:
        return _evaluate_all(pair, [(pair.left, mix.settings) for mix in mixes])
    except UserError as error:
        raise UserError(
            f"compare: {pair.left} with some settings of {pair.right} is refused; settings that need each other belong "
            "under `together` in parity.yaml",
            *error.lines,
        ) from None


def _evaluate_all(pair: Pair, tasks: Sequence[tuple[str, Mapping[str, Any] | None]]) -> list[dict[str, Part]]:
    """Evaluate stacks, given with other settings or None for their own, as many at a time as there are processors.

    Raises UserError as soon as one is refused.
    """
    root = str(pair.project.root)
    # A fresh interpreter for each: the SDK's threads survive no fork, and modules know the directory they came from.
    workers, fresh = min(len(tasks), os.cpu_count() or 1), multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(workers, fresh, max_tasks_per_child=1) as pool:
        futures = [pool.submit(_evaluate, (root, stack, settings)) for stack, settings in tasks]
        for future in concurrent.futures.as_completed(futures):
            mistakes = future.result()[1]
            if mistakes:
                pool.shutdown(cancel_futures=True)
                raise UserError(*mistakes)
        return [future.result()[0] for future in futures]


def _evaluate(task: tuple[str, str, Mapping[str, Any] | None]) -> tuple[dict[str, Part], tuple[str, ...]]:
    """Return what a stack consists of, and the mistakes in it."""
    root, stack, settings = task
    with tempfile.TemporaryDirectory() as directory:
        project = Project(Path(root))
        if settings is not None:
            project = _beside(project, Path(directory), stack, settings)
        try:
            evaluation = evaluate_stack(project, stack)
        except UserError as error:
            return {}, error.lines
    return parts(evaluation.graph), evaluation.mistakes


def _beside(project: Project, directory: Path, stack: str, settings: Mapping[str, Any]) -> Project:
    """Return a project of the same program whose only stack has other settings.

    The other stacks' files stay out: settings may not claim what a stack beside them has, and a mix has some of it.
    """
    for path in project.root.iterdir():
        if path.name == "Pulumi.yaml" or not (path.name.startswith("Pulumi.") and path.suffix == ".yaml"):
            (directory / path.name).symlink_to(path)
    config = project.config(stack) | {f"{project.name}:settings": settings}
    (directory / f"Pulumi.{stack}.yaml").write_text(json.dumps({"config": config}), encoding="utf-8")
    return Project(directory)
