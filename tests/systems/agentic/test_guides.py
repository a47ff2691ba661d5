"""The agentic guides: the commands that they tell people to give exist, and their links and messages are right."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from boto3.session import Session
from botocore import xform_name
from botocore.session import get_session

from plumbline import __main__ as plumbline
from systems.agentic.deploy import __main__ as deploy
from systems.agentic.migrate import __main__ as migrate
from systems.agentic.recover import __main__ as recover
from tests.evaluations import ROOT

GUIDES = ("docs/agentic/account-setup.md", "docs/agentic/troubleshooting.md", "docs/runbooks/agentic-restore.md")
PARSERS = {
    "plumbline": plumbline._parser,
    "systems.agentic.deploy": deploy._parser,
    "systems.agentic.migrate": migrate._parser,
    "systems.agentic.recover": recover._parser,
}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
# The AWS CLI's own, beside the operations of services.
AWS_CUSTOM = {("configure", "sso"), ("sso", "login"), ("logs", "tail")}
AWS_OPTIONS = {"query", "output", "region", "profile"}
# Where lines that a guide shows as ours come from.
SPEAKERS = ("plumbline", "systems/agentic", "systems/settings.py")


def text(guide: str) -> str:
    return (ROOT / guide).read_text(encoding="utf-8")


def blocks(guide: str, language: str) -> Iterator[str]:
    yield from (found[2] for found in FENCE.finditer(text(guide)) if found[1] == language)


def commands() -> Iterator[tuple[str, str]]:
    """Yield every command of a guide: lines of blocks without a language, and code in sentences that looks like one."""
    for guide in GUIDES:
        for block in blocks(guide, ""):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip():
                    yield guide, re.sub(r"\s+#.*", "", line.strip())
        plain = FENCE.sub("", text(guide))
        for found in re.findall(r"`([^`]+)`", plain):
            if re.match(r"(python -m|make|aws) ", found):
                yield guide, found


ALL = sorted({(Path(guide).stem, command) for guide, command in commands()})


def known(program: str) -> list[tuple[str, str]]:
    return [(guide, command) for guide, command in ALL if shlex.split(command)[0] == program]


def test_every_command_is_of_a_kind_that_is_checked_or_foreign() -> None:
    programs = {word for _, command in ALL if "=" not in (word := shlex.split(command)[0])}
    assert programs == {"aws", "curl", "make", "python"}


@pytest.mark.parametrize(("guide", "command"), known("python"))
def test_command_of_ours_is_understood(guide: str, command: str) -> None:
    _, flag, module, *arguments = shlex.split(command)
    assert flag == "-m"
    if arguments and "--help" not in arguments:
        assert isinstance(PARSERS[module]().parse_args(arguments), argparse.Namespace)
    assert module in PARSERS


@pytest.mark.parametrize(("guide", "command"), known("make"))
def test_target_of_make_exists_and_so_does_its_stack(guide: str, command: str) -> None:
    _, target, *variables = shlex.split(command)
    assert re.search(rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    for variable in variables:
        name, _, stack = variable.partition("=")
        assert name == "STACK" and (ROOT / f"Pulumi.{stack}.yaml").is_file()


@pytest.mark.parametrize(("guide", "command"), known("aws"))
def test_operation_of_aws_exists_with_its_options(guide: str, command: str) -> None:
    _, service, operation, *arguments = shlex.split(command)
    if (service, operation) in AWS_CUSTOM:
        return
    assert service in Session().get_available_services()
    model = get_session().get_service_model(service)
    [found] = [name for name in model.operation_names if xform_name(name, "-") == operation]
    shape = model.operation_model(found).input_shape
    members = {xform_name(name, "-") for name in shape.members} if shape else set()
    options = {word.removeprefix("--") for word in arguments if word.startswith("--")}
    assert options - AWS_OPTIONS <= members
    required = {xform_name(name, "-") for name in (shape.required_members if shape else [])}
    assert not arguments or required <= options


@pytest.mark.parametrize("guide", GUIDES)
def test_links_and_files_exist(guide: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", text(guide)):
        assert target.startswith("https://") or ((ROOT / guide).parent / target).exists(), target
    for file in re.findall(r"`((?:\.github|docs|systems|tests)/[\w./-]+\.\w+)`", text(guide)):
        assert (ROOT / file).exists(), file


def spoken() -> set[str]:
    """Return the parts of texts, ten characters or longer, that the program may print."""
    files = [
        file for part in SPEAKERS for file in ([ROOT / part] if part.endswith(".py") else (ROOT / part).rglob("*.py"))
    ]
    return {
        node.value.strip()
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value.strip()) >= 10
    }


LINES = [line for guide in GUIDES for block in blocks(guide, "console") for line in block.splitlines()]


@pytest.mark.parametrize("line", LINES)
def test_line_that_is_shown_as_ours_is_ours(line: str) -> None:
    if line == "deploy: Unable to locate credentials":
        return  # tests/systems/agentic/test_deploy.py shows it
    assert [part for part in spoken() if part in line]


def test_every_trouble_shows_what_is_seen_and_says_why_and_what_to_do() -> None:
    troubles = text("docs/agentic/troubleshooting.md").split("\n### ")[1:]
    assert len(troubles) >= 15
    assert [trouble.splitlines()[0] for trouble in troubles if "`" not in trouble] == []
    prose = {trouble.splitlines()[0]: " ".join(FENCE.sub("", trouble).splitlines()[1:]) for trouble in troubles}
    assert {heading: words for heading, words in prose.items() if len(words) < 100} == {}


def test_the_restore_runbook_names_the_backup_ahead_of_deployments() -> None:
    assert "python -m systems.agentic.deploy backup" in text("docs/runbooks/agentic-restore.md")
