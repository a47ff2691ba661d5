"""Deploys a stack with the real engine: backend, secrets provider and packs from the settings, never placeholders."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline.placeholders import placeholders
from plumbline.project import Project, UserError

_PASSPHRASES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


@dataclass(frozen=True)
class Deployment:
    """What runs: the commands in order, and the environment variables that they get besides the caller's."""

    commands: tuple[tuple[str, ...], ...]
    environment: Mapping[str, str]


def plan(
    project: Project, stack: str, arguments: Sequence[str], environment: Mapping[str, str], *, preview: bool = False
) -> Deployment:
    """Return the commands that deploy a stack, or with `preview` those that show what a deployment would change.

    A preview makes no stack: the role of previews only reads. Raises UserError where the settings forbid it, with every
    reason.
    """
    settings = project.settings(stack)
    file = _file(stack)
    where = settings.get("deployment")
    if not isinstance(where, dict) or not {"backend", "secrets_provider"} <= set(where):
        raise UserError(f"{file}.deployment: missing; backend and secrets_provider say where the stack's state lies")
    mistakes = list(_placeholders(stack, settings))
    if where["secrets_provider"] == "passphrase" and not any(environment.get(name) for name in _PASSPHRASES):
        mistakes.append(
            f"{file}.deployment.secrets_provider: passphrase given, but neither {' nor '.join(_PASSPHRASES)} is set"
        )
    if mistakes:
        raise UserError(*mistakes)
    select = ("pulumi", "stack", "select", stack)
    if not preview:
        select += ("--create", "--secrets-provider", where["secrets_provider"])
    verb = "preview" if preview else "up"
    return Deployment(
        commands=(
            (*select, "--non-interactive"),
            ("pulumi", verb, "--stack", stack, *packs(project.root), *arguments),
        ),
        environment={"PULUMI_BACKEND_URL": where["backend"]},
    )


def pipeline(project: Project, stack: str, *, preview: bool = False) -> dict[str, str]:
    """Return what a pipeline needs to deploy a stack: ARN of the role to assume, account, region, state's URL, system.

    Raises UserError where the settings lack it or hold placeholders, with every reason.
    """
    settings = project.settings(stack)
    key = "preview_role" if preview else "role"
    found = {
        "account_id": settings.get("account_id"),
        "region": settings.get("region"),
        f"deployment.{key}": (settings.get("deployment") or {}).get(key),
        "deployment.backend": (settings.get("deployment") or {}).get("backend"),
    }
    mistakes = [f"{_file(stack)}.{name}: missing" for name, value in found.items() if not isinstance(value, str)]
    mistakes += _placeholders(stack, settings)
    if mistakes:
        raise UserError(*mistakes)
    account, region, role, backend = map(str, found.values())
    # Its package reads every action of AWS, which a deployment does not need.
    from plumbline.permissions.known import Home

    return {
        "role": Home(account, region).arn("iam", f"role/{role}"),
        "account": account,
        "region": region,
        "backend": backend,
        "system": project.system(stack),
    }


def _file(stack: str) -> str:
    return f"Pulumi.{stack}.yaml: plumbline:settings"


def _placeholders(stack: str, settings: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{_file(stack)}.{path}: {what}; give the real one to deploy" for path, what in placeholders(settings))


def packs(root: Path) -> list[str]:
    """Return the options for the policy packs: the one that holds every rule, or each that there is."""
    folders = sorted(path.parent for path in (root / "policies").glob("*/PulumiPolicy.yaml"))
    whole = [folder for folder in folders if folder.name == "all"]
    return [word for folder in whole or folders for word in ("--policy-pack", folder.relative_to(root).as_posix())]


def run(project: Project, deployment: Deployment) -> int:
    """Run the commands in the project's directory, each only after the one before. Returns the last exit status."""
    if shutil.which("pulumi") is None:
        raise UserError("the Pulumi CLI is not on PATH; see https://www.pulumi.com/docs/install/")
    environment: dict[str, Any] = {**os.environ, **deployment.environment}
    for command in deployment.commands:
        status = subprocess.run(command, cwd=project.root, env=environment, check=False).returncode
        if status:
            return status
    return 0
