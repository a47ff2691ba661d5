"""Measures what the policy packs cost on trading prod, through their servers, as the engine asks them.

Each pack is asked about every resource and then about the stack. One round asks all packs, one after the other, and the
best of several rounds counts. The pack to compare with has one rule that does nothing, with the SDK's own server. The
times contain what this process needs to build requests and to read answers, the same for every pack.
Usage: python -m benchmarks.packs
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from plumbline import commands
from plumbline.graph import StackGraph
from plumbline.project import Project
from policies.client import Client, serving

ROOT = Path(__file__).resolve().parents[1]
STACK = "prod"
ROUNDS = 5
PACKS = ("least_privilege", "encryption", "tagging", "operations", "acceptance")
ALL, NOTHING, TRIVIAL = "all", "one rule that does nothing", "the same, and one for the stack"
_POLICY = """{}(
    name="{}", description="Nothing", enforcement_level=EnforcementLevel.MANDATORY, validate=lambda args, report: None
)"""
_RESOURCE = _POLICY.format("ResourceValidationPolicy", "nothing")
_STACK = _POLICY.format("StackValidationPolicy", "nothing-stack")
_MAIN = "from pulumi_policy import *\nPolicyPack('nothing', [{}])\n"


def _seconds(client: Client, graph: StackGraph) -> tuple[float, float]:
    """Return how long a pack takes for all resources one by one, and for the stack."""
    started = time.perf_counter()
    for resource in graph:
        client.analyze(resource)
    between = time.perf_counter()
    client.analyze_stack(graph)
    return between - started, time.perf_counter() - between


def _start_seconds(folder: Path) -> float:
    started = time.perf_counter()
    with serving(folder):
        return time.perf_counter() - started


def _trivial(folder: Path, *policies: str) -> Path:
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text("name: nothing\nruntime: python\n")
    (folder / "__main__.py").write_text(_MAIN.format(", ".join(policies)))
    return folder


def main() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # packs start from byte code, as those of users do
    graph = commands.accepted(Project(ROOT), STACK)
    with tempfile.TemporaryDirectory() as made, ExitStack() as open_:
        folders = {name: ROOT / "policies" / name for name in (*PACKS, ALL)}
        folders[NOTHING] = _trivial(Path(made, "one"), _RESOURCE)
        folders[TRIVIAL] = _trivial(Path(made, "two"), _RESOURCE, _STACK)
        starts = {name: min(_start_seconds(folder) for _ in range(ROUNDS)) for name, folder in folders.items()}
        clients = {name: open_.enter_context(serving(folder)) for name, folder in folders.items()}
        first = {name: sum(_seconds(client, graph)) for name, client in clients.items()}
        rounds = [{name: _seconds(client, graph) for name, client in clients.items()} for _ in range(ROUNDS)]
    one = {name: min(row[name][0] for row in rounds) for name in folders}
    stack = {name: min(row[name][1] for row in rounds) for name in folders}
    whole = {name: one[name] + stack[name] for name in folders}

    print(f"{len(graph)} resources of trading {STACK}; milliseconds per resource")
    print(f"{'pack':<34}{'start s':>8}{'first':>8}{'whole':>8}{'one':>8}{'stack':>8}")
    for name in folders:
        row = "".join(f"{1000 * part[name] / len(graph):>8.2f}" for part in (first, whole, one, stack))
        print(f"{name:<34}{starts[name]:>8.2f}{row}")
    total = sum(whole[name] for name in PACKS)
    print(f"all against the sum of the five packs: {whole[ALL] / total:.2f}")
    for what, part in (("whole", whole), ("one", one)):
        print(f"all against {NOTHING}, {what}: {part[ALL] / part[NOTHING]:.2f}")
    print(f"all against {TRIVIAL}, whole: {whole[ALL] / whole[TRIVIAL]:.2f}")


if __name__ == "__main__":
    main()
