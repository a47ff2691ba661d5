"""What the small programs of the evaluator's tests are made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from plumbline.evaluate import Evaluation
from plumbline.graph import Resource
from tests.evaluations import ROOT

QUEUE = "aws:sqs/queue:Queue"


class Pair(pulumi.ComponentResource):
    """Two queues, of which the second is named after the first."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tests:index:Pair", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.first = queue(f"{name}-first", child)
        self.second = queue(f"{name}-second", child, name=self.first.name.apply(lambda first: f"after-{first}"))
        self.register_outputs({"arn": self.second.arn, "name": self.second.name})


def queue(name: str, opts: pulumi.ResourceOptions | None = None, /, **changes: Any) -> aws.sqs.Queue:
    return aws.sqs.Queue(name, opts=opts, **{"name": name, **changes})


def urn(name: str, qualified: str = QUEUE) -> str:
    return f"urn:pulumi:test::plumbline::{qualified}::{name}"


def place(file: str, marker: str) -> str:
    """Return "file:line" of the line of a file that ends in a comment with the marker."""
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    (line,) = [number for number, text in enumerate(lines, 1) if text.endswith(f"  # {marker}")]
    return f"{Path(file).relative_to(ROOT)}:{line}"


def sound(evaluation: Evaluation) -> Mapping[str, Resource]:
    """Return the resources by name; the program must have been without mistakes."""
    assert (evaluation.mistakes, evaluation.warnings) == ((), ())
    return {resource.name: resource for resource in evaluation.graph}
