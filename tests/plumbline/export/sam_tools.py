"""Templates of small programs, and what AWS's own tools say of one: cfn-lint, and the translator to CloudFormation."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

import yaml
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from cfnlint.helpers import REGIONS
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from plumbline.export.sam import Template, template
from plumbline.export.symbols import Symbols
from tests.evaluations import ROOT, run_program

_HERE = {"AWS_DEFAULT_REGION": "us-east-1"}  # the translator asks, for what differs between partitions
# It asks for prose about the architecture inside the template, for readers that see nothing else of the project.
_OF_STYLE = ["I4010"]


def of_program(program: Callable[[], None]) -> Template:
    """Return the template of a function that registers resources."""
    symbols = Symbols()
    evaluation = run_program(program, deployer=symbols, dry_run=True)
    assert evaluation.mistakes == ()
    return template(evaluation.graph, symbols, ROOT, ROOT)


def linted(text: str) -> list[str]:
    """Return every finding of cfn-lint, those for information and the experimental ones among them."""
    config = ManualArgs(include_checks=["I"], include_experimental=True, ignore_checks=_OF_STYLE, regions=list(REGIONS))
    with mock.patch.dict(os.environ, _HERE):
        return [str(match) for match in lint(text, config=config)]


def translated(text: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the CloudFormation template that SAM makes, once `sam package` has put directories into a bucket."""
    body = yaml.safe_load(text)
    for row in body["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if isinstance(row["Properties"].get(name), str):
                row["Properties"][name] = {"Bucket": "code", "Key": row["Properties"][name]}
    with mock.patch.dict(os.environ, _HERE):
        return Translator({}, Parser()).translate(body, dict(parameters))
