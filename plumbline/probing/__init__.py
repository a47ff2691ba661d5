"""Probes: a stack that is up is used as its application would use it.

Generic probes know AWS's services and the graph, and no system. A system says in `systems/<name>/probes` which of them
it uses, and adds its own: `PROBES`, a tuple of Probe.
"""

from plumbline.graph import Resource, StackGraph
from plumbline.probing.model import (
    WORDS,
    NotSo,
    Probe,
    ProbeContext,
    Probed,
    Result,
    Trial,
    Word,
    failed,
    judged,
    passed,
    probe,
    trial,
    value,
)

__all__ = [
    "WORDS",
    "NotSo",
    "Probe",
    "ProbeContext",
    "Probed",
    "Resource",
    "Result",
    "StackGraph",
    "Trial",
    "Word",
    "failed",
    "judged",
    "passed",
    "probe",
    "trial",
    "value",
]
