"""Runs probes one after another, and turns whatever goes wrong in one into a line of its own."""

from __future__ import annotations

import hashlib
import importlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from moto.moto_api._internal import mock_random

from plumbline.graph import Resource
from plumbline.probing.model import NotSo, Probe, ProbeContext, Probed, Result, Title, Trial, failed
from plumbline.project import UserError

_LONGEST = 300


def find(root: Path, system: str) -> tuple[Probe, ...]:
    """Return the probes of a system, which lie beside its code; none where it has no such package. Raises UserError."""
    if not (root / "systems" / system / "probes" / "__init__.py").is_file():
        return ()
    place = f"systems/{system}/probes"
    try:
        probes = tuple(importlib.import_module(f"systems.{system}.probes").PROBES)
    except Exception as error:
        raise UserError(f"{place}: cannot be loaded: {_line(error)}") from None
    names = Counter((probe.group, probe.name) for probe in probes)
    twice = [
        f"{place}: {group}/{name} given {count} times; names are unique"
        for (group, name), count in names.items()
        if count > 1
    ]
    if twice:
        raise UserError(*twice)
    return probes


def run(probes: Iterable[Probe], context: ProbeContext) -> Probed:
    """Run probes in their order, each with its subjects in the graph's order."""
    probes = tuple(probes)
    titles = tuple(Title(probe.name, probe.group, probe.about) for probe in probes)
    return Probed(titles, tuple(result for probe in probes for result in _results(probe, context)))


def _results(probe: Probe, context: ProbeContext) -> Iterator[Result]:
    count = 0
    try:
        subjects = list(probe.subjects(context))
    except Exception as error:
        yield Result(probe.group, probe.name, "", context.graph.stack, failed("find what to try", _line(error)))
        return
    for subject in subjects:
        for trial in _trials(probe, context, subject):
            count += 1
            yield Result(probe.group, probe.name, subject.urn, subject.display, trial)
    if not count and not (probe.optional and not subjects):
        nothing = failed(probe.about, "nothing was tried: the stack has nothing that this probe is about")
        yield Result(probe.group, probe.name, "", context.graph.stack, nothing)


def _trials(probe: Probe, context: ProbeContext, subject: Resource) -> list[Trial]:
    """Probe one subject, and put back what that changed."""
    # Ids depend on what is probed, not on what was probed before.
    seed = hashlib.sha256(f"{probe.group}/{probe.name} {subject.urn}".encode()).digest()[:8]
    mock_random.seed(int.from_bytes(seed, "big"))
    trials: list[Trial] = []
    try:
        trials.extend(probe.run(context, subject))
    except Exception as error:
        trials.append(failed(probe.about, _line(error)))
    try:
        context.put_back()
    except Exception as error:
        trials.append(failed("put back what the probe changed", _line(error)))
    return trials


def _line(error: Exception) -> str:
    """Write an error as one line: AWS's own words, what a probe found, or the kind of mistake in the probe."""
    if isinstance(error, ClientError):
        details = error.response["Error"]
        said = f"{error.operation_name}: {details.get('Code')}: {details.get('Message')}"
    elif isinstance(error, NotSo | BotoCoreError):
        said = str(error)
    else:
        said = f"{type(error).__name__}: {error}"
    line = " ".join(said.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
