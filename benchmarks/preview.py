"""Measures a strict preview against the bare SDK that registers the same resources with plain mocks.

Both sides run in this process, alternately, and the best of several rounds counts. The strict side does all that
`preview` does before policies: settings, program, transforms, recording and the checks of plumbline.constraints.
Peak memory is measured in processes of their own. Usage: python -m benchmarks.preview [--large]
"""

from __future__ import annotations

import argparse
import asyncio
import contextvars
import resource as process
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi.runtime import settings as pulumi_settings
from pulumi.runtime.mocks import MockEngine, MockMonitor, Mocks, MockSettings
from pulumi.runtime.stack import run_in_stack

from plumbline import sdk
from plumbline.constraints import check
from plumbline.evaluate import evaluate, evaluate_stack
from plumbline.graph import UNKNOWN, Blob, Resource, Secret, StackGraph
from plumbline.project import Project

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3


class _Echo(Mocks):
    """The plainest mocks: every resource gets its name as id and its inputs as outputs."""

    def new_resource(self, args: Any) -> tuple[str, dict[str, Any]]:
        return args.name, args.inputs

    def call(self, args: Any) -> tuple[dict[str, Any], None]:
        return {}, None


def synthetic(count: int) -> Callable[[], None]:
    """Return a program of `count` resources below ten components: tables, queues and log groups."""

    def program() -> None:
        parents = [pulumi.ComponentResource("plumbline:benchmark:Group", f"group-{n}") for n in range(10)]
        for number in range(count):
            name, opts = f"r-{number}", pulumi.ResourceOptions(parent=parents[number % 10])
            if number % 3 == 0:
                aws.dynamodb.Table(
                    name,
                    name=f"bench-{name}",
                    billing_mode="PAY_PER_REQUEST",
                    hash_key="id",
                    attributes=[{"name": "id", "type": "S"}],
                    opts=opts,
                )
            elif number % 3 == 1:
                aws.sqs.Queue(name, name=f"bench-{name}", sqs_managed_sse_enabled=True, opts=opts)
            else:
                aws.cloudwatch.LogGroup(name, name=f"/bench/{name}", retention_in_days=30, opts=opts)

    return program


def replay(graph: StackGraph) -> Callable[[], None]:
    """Return a program that registers a graph's resources through the SDK's own classes and does nothing else."""

    def program() -> None:
        made: dict[str, pulumi.Resource] = {}
        for item in graph:
            made[item.urn] = _register(item, made)

    return program


def _register(item: Resource, made: dict[str, pulumi.Resource]) -> pulumi.Resource:
    opts = pulumi.ResourceOptions(
        parent=made.get(item.parent), depends_on=[made[urn] for urn in item.dependencies if urn in made]
    )
    cls = sdk.resource_class(item.type)
    if not item.custom or cls is None:
        return pulumi.ComponentResource(item.type, item.name, None, opts)
    names = {wire: python for python, wire in pulumi._types.input_type_py_to_pulumi_names(_args(cls)).items()}
    if item.type.startswith("pulumi:providers:"):
        return aws.Provider(item.name, region=item.get("region"))
    inputs = {
        names[key]: _value(value, [made[urn] for urn in item.property_dependencies.get(key, ()) if urn in made])
        for key, value in item.inputs.items()
    }
    return cls(item.name, opts=opts, **inputs)


def _args(cls: type) -> type:
    return getattr(sys.modules[cls.__module__], f"{cls.__name__}Args")


def _value(value: Any, sources: list[pulumi.Resource]) -> Any:
    if value is UNKNOWN:
        return sources[0].urn
    if isinstance(value, Secret):
        return pulumi.Output.secret(value.value)
    if isinstance(value, Blob):
        return pulumi.AssetArchive(
            {name: pulumi.FileAsset(asset.content["path"]) for name, asset in (value.content or {})["assets"].items()}
        )
    if isinstance(value, dict):
        return {key: _value(item, sources) for key, item in value.items()}
    return [_value(item, sources) for item in value] if isinstance(value, list) else value


def bare(program: Callable[[], None]) -> None:
    """Run a program on the SDK with plain mocks and nothing around it."""

    def run() -> None:
        settings = MockSettings(
            monitor=MockMonitor(_Echo()),
            engine=MockEngine(None),
            project="plumbline",
            stack="bench",
            dry_run=True,
            organization="organization",
            root_directory=str(ROOT),
            callbacks=None,
            outputs=set(),
            monitor_features=set(),
        )
        pulumi_settings.configure(settings)

        async def start() -> None:
            async def body() -> None:
                program()

            await run_in_stack(body)

        asyncio.run(start())

    contextvars.Context().run(run)


def strict_stack(stack: str) -> StackGraph:
    evaluation = evaluate_stack(Project(ROOT), stack)
    assert not evaluation.mistakes and not check(evaluation.graph)
    return evaluation.graph


def strict_program(program: Callable[[], None]) -> StackGraph:
    evaluation = evaluate(program, root=ROOT)
    assert not evaluation.mistakes and not check(evaluation.graph)
    return evaluation.graph


def _cases(large: bool) -> dict[str, tuple[Callable[[], StackGraph], Callable[[StackGraph], Callable[[], None]]]]:
    cases: dict[str, Any] = {stack: (lambda stack=stack: strict_stack(stack), replay) for stack in ("test", "prod")}
    for count in (1_000, 10_000) if large else (1_000,):
        program = synthetic(count)
        cases[f"{count} synthetic"] = (
            lambda program=program: strict_program(program),
            lambda graph, program=program: program,
        )
    return cases


def _seconds(function: Callable[[], Any]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def _peak_mb(case: str, side: str) -> float:
    command = [sys.executable, "-m", "benchmarks.preview", "--child", case, side]
    return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def _child(case: str, side: str) -> None:
    strict, make = _cases(large=True)[case]
    if side == "strict":
        strict()
    else:
        bare(make(StackGraph("", "", {})))
    print(process.getrusage(process.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="add 10,000 synthetic resources (minutes)")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _child(*options.child)
        return
    print(f"{'case':<16}{'resources':>10}{'strict s':>10}{'bare s':>10}{'ratio':>8}{'strict MB':>11}{'bare MB':>9}")
    for name, (strict, make) in _cases(options.large).items():
        graph = strict()  # loads the classes for both sides
        program = make(graph)
        rounds = 1 if len(graph) > 5_000 else ROUNDS
        pairs = [(_seconds(strict), _seconds(lambda program=program: bare(program))) for _ in range(rounds)]
        best = [min(pair[side] for pair in pairs) for side in (0, 1)]
        memory = [_peak_mb(name, side) for side in ("strict", "bare")] if name.endswith("synthetic") else [0.0, 0.0]
        shown = "".join(
            f"{value:>{width}.0f}" if value else f"{'':>{width}}" for value, width in zip(memory, (11, 9), strict=True)
        )
        print(f"{name:<16}{len(graph):>10}{best[0]:>10.2f}{best[1]:>10.2f}{best[0] / best[1]:>8.2f}{shown}")


if __name__ == "__main__":
    main()
