"""Tries the tests of the least-privilege rules on mutants of the rules. Usage: python -m tests.policies.mutation

Mutants live in processes forked from one in which everything is loaded: for each, the mutated module and those that
build on it are executed anew, and the tests that reach them run, those of the changed function first, until one
fails. A mutant that no test tells from the original survives. Writes docs/mutation.md.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import inspect
import io
import itertools
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from policies.rules import load_all
from policies.rules.model import registered
from tests.policies import test_documents, test_escalation, test_rules
from tests.policies.mutants import ROOT, Mutant, building_on, mutants, targets
from tests.policies.mutation_report import equivalents, markdown, score

FILE = ROOT / "docs" / "mutation.md"
LEAST = 95.0
# Seconds for one mutant; all tests take less than one.
LONGEST = 20
# Caches of what files hold.
_DATA = ("_services", "_risks")
# It compares the installed database with an extract, which no rule has a part in.
_LEFT_ALONE = {"test_extract_is_of_the_installed_database"}
_WORDS = {ord("k"): "killed", ord("s"): "survived"}
# Mutants in one process: forking costs more than most mutants.
BATCH = 100


@dataclass
class Test:
    """One test with its arguments; `reached` are the functions of rules that it calls, as (module, name)."""

    run: Callable[..., None]
    arguments: Mapping[str, Any]
    modules: frozenset[str] = frozenset()
    reached: frozenset[tuple[str, str]] = frozenset()
    seconds: float = 0.0


def collected() -> Iterator[Test]:
    """Yield the tests, each with one set of arguments; of the rules' fixtures those of the least-privilege pack."""
    rules = load_all()
    for module in (test_rules, test_documents, test_escalation):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if not name.startswith("test_") or name in _LEFT_ALONE:
                continue
            for arguments in _arguments(function):
                rule = rules.get(str(arguments.get("rule")))
                if rule is None or rule.pack == "least_privilege":
                    yield Test(function, arguments)


def _arguments(function: Callable[..., None]) -> list[dict[str, Any]]:
    """Return what pytest would call a test with."""
    found: list[dict[str, Any]] = [{}]
    for mark in getattr(function, "pytestmark", ()):
        if mark.name != "parametrize":
            continue
        names = [mark.args[0]] if isinstance(mark.args[0], str) else [*mark.args[0]]
        rows = [_row_of(row, len(names)) for row in mark.args[1]]
        found = [{**given, **dict(zip(names, row, strict=True))} for given in found for row in rows]
    return found


def _row_of(row: Any, count: int) -> tuple[Any, ...]:
    if type(row).__name__ == "ParameterSet":
        return row.values
    return (row,) if count == 1 else tuple(row)


def traced(tests: list[Test], modules: Mapping[str, Path]) -> Iterator[Test]:
    """Run each test once on the original, from cold caches; yield those that pass, with what they reach."""
    by_file = {str(file): name for name, file in modules.items()}
    for test in tests:
        reached: set[tuple[str, str]] = set()

        def note(frame: FrameType, event: str, _: Any, into: set[tuple[str, str]] = reached) -> None:
            if event == "call" and frame.f_code.co_filename in by_file:
                into.add((by_file[frame.f_code.co_filename], frame.f_code.co_qualname.replace(".<locals>", "")))

        _forget(modules)
        started = time.perf_counter()
        sys.setprofile(note)
        try:
            _passes(test)
        except AssertionError:
            print(f"fails on the original: {test.run.__name__} {test.arguments}"[:300], file=sys.stderr)
            continue
        finally:
            sys.setprofile(None)
        test.reached, test.seconds = frozenset(reached), time.perf_counter() - started
        test.modules = frozenset(name for name, _ in reached)
        yield test


def _forget(modules: Mapping[str, Path]) -> None:
    for name in modules:
        for key, value in vars(sys.modules[name]).items():
            if hasattr(value, "cache_clear") and key not in _DATA:
                value.cache_clear()


def _passes(test: Test) -> None:
    """Run a test; a skipped one passes."""
    try:
        test.run(**test.arguments)
    except BaseException as error:
        if type(error).__name__ != "Skipped":
            raise


class Trial:
    """Everything that does not change from mutant to mutant."""

    def __init__(self) -> None:
        self.modules = targets()
        load_all()
        self.above = building_on(self.modules)
        self.codes: dict[str, CodeType] = {
            name: compile(file.read_text(encoding="utf-8"), str(file), "exec") for name, file in self.modules.items()
        }
        found = list(collected())
        self.tests = list(traced(found, self.modules))
        self.sound = len(self.tests) == len(found)

    def concerned(self, mutant: Mutant) -> list[Test]:
        """Return the tests that can tell a mutant from the original, the likeliest and fastest first."""
        above = set(self.above[mutant.module])
        name = (mutant.module, mutant.function)
        found = [test for test in self.tests if not test.reached or test.modules & above]
        return sorted(
            found, key=lambda test: (name not in test.reached, mutant.module not in test.modules, test.seconds)
        )

    def start(self, batch: list[Mutant]) -> tuple[int, int]:
        """Start a process for mutants of one module; return its id, and a pipe that gets a letter for each mutant.

        The module and those that build on it are executed anew for each, so nothing of the one before is left.
        """
        read, write = os.pipe()
        child = os.fork()
        if child:
            os.close(write)
            return child, read
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            for mutant in batch:
                signal.alarm(LONGEST)
                os.write(write, b"k" if self.dies(mutant) else b"s")
        os._exit(0)

    def dies(self, mutant: Mutant) -> bool:
        try:
            self.become(mutant)
            for test in self.concerned(mutant):
                _passes(test)
        except BaseException:
            return True
        return False

    def become(self, mutant: Mutant) -> None:
        """Execute the mutated module and those that build on it anew, each in its own namespace."""
        anew = self.above[mutant.module]
        rules = registered()
        assert isinstance(rules, dict)
        for name in [name for name, rule in rules.items() if rule.judge.__module__ in anew]:
            del rules[name]
        for name in anew:
            mutated = name == mutant.module
            code = compile(mutant.source, str(self.modules[name]), "exec") if mutated else self.codes[name]
            exec(code, vars(sys.modules[name]))
        # In place and not from the folder, which someone may be writing in.
        known = load_all()
        assert isinstance(known, dict)
        known.clear()
        known.update((rule.name, rule) for rule in sorted(rules.values(), key=lambda rule: rule.id))

    def original(self, module: str) -> Mutant:
        """Return a mutant with nothing changed: if it dies, what the others did before it counts for nothing."""
        return Mutant(module, "", 0, self.modules[module].read_text(encoding="utf-8"), "nothing", "")


def tried(trial: Trial, given: list[Mutant], processes: int) -> dict[Mutant, str]:
    """Return what became of each mutant: killed, survived, or killed by the time that it took.

    Raises RuntimeError where something else than the mutants makes tests fail.
    """
    outcomes: dict[Mutant, str] = {}
    running: dict[int, tuple[int, list[Mutant]]] = {}
    waiting: list[list[Mutant]] = []
    for _, group in itertools.groupby(given, key=lambda mutant: mutant.module):
        of_module = list(group)
        waiting += [of_module[at : at + BATCH] for at in range(0, len(of_module), BATCH)]
    gc.collect()
    gc.freeze()
    while waiting or running:
        while waiting and len(running) < processes:
            batch = waiting.pop(0)
            child, pipe = trial.start([*batch, trial.original(batch[0].module)])
            running[child] = (pipe, batch)
        child, status = os.wait()
        pipe, batch = running.pop(child)
        with os.fdopen(pipe, "rb") as letters:
            told = letters.read()
        outcomes |= {mutant: _WORDS[letter] for mutant, letter in zip(batch, told, strict=False)}
        if os.waitstatus_to_exitcode(status) == 0:
            if told[len(batch) :] != b"s":
                raise RuntimeError(f"{batch[0].module}: tests fail without a change")
        else:
            outcomes[batch[len(told)]] = "timeout"
            if rest := batch[len(told) + 1 :]:
                waiting.insert(0, rest)
        print(f"{len(outcomes)} of {len(given)}", dict(Counter(outcomes.values())), file=sys.stderr, flush=True)
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="only these modules, such as trust; prints instead of writing")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    started = time.monotonic()
    trial = Trial()
    print(f"tests traced after {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    given = [
        mutant
        for name, file in trial.modules.items()
        if not options.modules or name.rpartition(".")[2] in options.modules
        for mutant in mutants(name, file.read_text(encoding="utf-8"))
    ]
    print(f"{len(given)} mutants, {len(trial.tests)} tests", file=sys.stderr, flush=True)
    outcomes = tried(trial, given, options.processes)
    named = {(each.module, each.was, each.becomes): each.reason for each in equivalents()}
    equal = {
        mutant: reason
        for mutant, word in outcomes.items()
        if (reason := named.get((mutant.module.rpartition(".")[2], mutant.was, mutant.becomes))) is not None
        and word == "survived"
    }
    text = markdown(outcomes, equal, time.monotonic() - started)
    if options.modules:
        print(text)
        return 0
    FILE.write_text(text, encoding="utf-8")
    stale = named.keys() - {(m.module.rpartition(".")[2], m.was, m.becomes) for m in equal}
    for each in sorted(stale):
        print("no such equivalent, or killed:", *each, file=sys.stderr)
    total = Counter(word for mutant, word in outcomes.items() if mutant not in equal)
    print(f"{score(total):.1f}% killed, at least {LEAST}% wanted", file=sys.stderr)
    return 0 if score(total) >= LEAST and not stale and trial.sound else 1


if __name__ == "__main__":
    sys.exit(main())
