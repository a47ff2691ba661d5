"""Measures rules and criteria on the resources of trading prod against checkov on the same resources.

The stack is evaluated once. checkov gets it as the JSON of a Terraform plan (benchmarks.plan) and runs in an
environment of its own below .plumbline/, since it needs older packages than this project. Whole processes are compared,
as users start them, alternately and with the best of several rounds; then the judging alone, without start and output.
Usage: python -m benchmarks.policies
"""

from __future__ import annotations

import json
import os
import resource as process
import subprocess
import sys
import time
import venv
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.plan import plan
from plumbline import commands, contract, verdicts
from plumbline.project import Project
from plumbline.rulings import Rulings
from plumbline.rulings import judge as by_rules

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".plumbline" / "benchmarks"
STACK = "prod"
ROUNDS = 3
_CHECKOV = "3.3.30"
# What checkov says of a plan, and how long it takes without start and output. It runs in checkov's environment.
_ALONE = """
import json, sys, time
from checkov.runner_filter import RunnerFilter
from checkov.terraform.checks.resource.registry import resource_registry
from checkov.terraform.plan_runner import Runner
plan = sys.argv[1]
best = None
for _ in range(int(sys.argv[2])):
    started = time.perf_counter()
    report = Runner().run(root_folder=None, files=[plan], runner_filter=RunnerFilter(framework=["terraform_plan"]))
    seconds = time.perf_counter() - started
    best = seconds if best is None else min(best, seconds)
checks = [*report.passed_checks, *report.failed_checks]
known = {address["address"] for address in json.load(open(plan))["resource_changes"]
         if resource_registry.checks.get(address["type"])}
judged = {check.resource for check in checks}
print(json.dumps({"seconds": best, "checks": len(checks), "failed": len(report.failed_checks),
                  "kinds": len({check.check_id for check in checks}), "resources": len(judged),
                  "known": len(known), "known_judged": len(known & judged)}))
"""


def checkov() -> Path:
    """Return the Python of the environment that checkov lies in; made where there is none."""
    folder = FOLDER / f"checkov-{_CHECKOV}"
    python = folder / "bin" / "python"
    if not (folder / "bin" / "checkov").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"checkov=={_CHECKOV}"], check=True)
    return python


def _run(command: list[Any], **variables: str) -> tuple[float, float]:
    """Return how long a process takes, and how much of a processor it uses meanwhile, in seconds."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    before, started = process.getrusage(process.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env={**environment, **variables}, capture_output=True, text=True)
    seconds, after = time.perf_counter() - started, process.getrusage(process.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1) or not done.stdout or "Traceback" in done.stderr:  # 1: something fails
        sys.exit(done.stderr[-2000:] or f"{command[0]} said nothing")
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _alone(document: Path) -> float:
    """Return how long rules and criteria take on a document that is read already, the best of several rounds."""
    project = Project(ROOT)
    entries = verdicts.ledger(ROOT, project.system(STACK))
    base = commands.subject(project, STACK, contract.graph_of(json.loads(document.read_text()))).base()
    times = []
    for _ in range(ROUNDS):
        graph = contract.graph_of(json.loads(document.read_text()))  # what is kept with a graph is not there yet
        subject = replace(commands.subject(project, STACK, graph), base=lambda: base)
        started = time.perf_counter()
        verdicts.judge(entries, subject)
        by_rules(ROOT, graph)
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    python = checkov()
    project = Project(ROOT)
    graph = commands.accepted(project, STACK)
    document, written = FOLDER / f"{STACK}.json", FOLDER / f"{STACK}.plan.json"
    document.write_text(json.dumps(contract.document(graph, project.system(STACK), [], {}, Rulings())))
    written.write_text(json.dumps(plan(graph), indent=1))

    known = {"EVAL_TF_PLAN_AFTER_UNKNOWN": "true", "LOG_LEVEL": "CRITICAL"}
    ours: list[Any] = [sys.executable, "-m", "plumbline", "judge", document]
    options = ["--framework", "terraform_plan", "--skip-download", "--quiet", "--compact"]
    theirs: list[Any] = [python.parent / "checkov", "-f", written, *options]
    first = _run(ours)
    pairs = [(_run(ours), _run(theirs, **known)) for _ in range(ROUNDS)]
    best = [[min(pair[side][what] for pair in pairs) for side in (0, 1)] for what in (0, 1)]
    alone = subprocess.run(
        [python, "-c", _ALONE, written, str(ROUNDS)],
        env={**os.environ, **known},
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(alone.stdout.splitlines()[-1])
    best.append([_alone(document), said["seconds"]])

    judged = by_rules(ROOT, graph)
    words = verdicts.ledger(ROOT, project.system(STACK))
    print(f"plumbline: {len(graph)} resources, {judged.rules} rules, {len(words)} criteria")
    print(
        f"checkov {_CHECKOV}: {said['resources']} resources judged, {said['known_judged']} of {said['known']} "
        f"whose types it knows; {said['checks']} results of {said['kinds']} checks, {said['failed']} fail"
    )
    print(f"{'':<28}{'plumbline s':>12}{'checkov s':>11}{'ratio':>7}")
    for name, (own, other) in zip(("process", "process, processor time", "judging alone"), best, strict=True):
        print(f"{name:<28}{own:>12.2f}{other:>11.2f}{other / own:>7.1f}")
    print(f"the first process, which may have to evaluate the bootstrap stack, took {first[0]:.2f} s")


if __name__ == "__main__":
    main()
