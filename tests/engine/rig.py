"""What the tests on the real engine share: a small project, its daemon, and the engine through the Automation API."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import boto3
import pulumi.automation as auto
import pytest
from semver import VersionInfo

from plumbline.graph import StackGraph
from plumbline.project import Project
from plumbline.provider import channel, control
from plumbline.provider.workspace import Workspace

MISSING = "the Pulumi CLI is not on PATH"
NO_AWSX = "the real awsx plugin is not on PATH"
needs_cli = pytest.mark.skipif(
    shutil.which("pulumi") is None or shutil.which("pulumi-language-python") is None, reason=MISSING
)

# A few kinds of resources: made-up names, a secret, a component of another language, one to protect, one to retain.
PROGRAM = """
import json

import pulumi
import pulumi_aws as aws
import pulumi_awsx as awsx

settings = json.loads(pulumi.Config().require("settings"))
provider = aws.Provider("main", region="eu-west-1", allowed_account_ids=["111122223333"])
opts = pulumi.ResourceOptions(provider=provider)

jobs = aws.sqs.Queue("jobs", visibility_timeout_seconds=settings["visibility"], tags={"team": "a"}, opts=opts)
secret = aws.secretsmanager.Secret("token", name="token", recovery_window_in_days=0, opts=opts)
version = aws.secretsmanager.SecretVersion(
    "token", secret_id=secret.id, secret_string=pulumi.Output.secret("hush-hush"), opts=opts
)
table = aws.dynamodb.Table(
    "orders",
    name="orders",
    billing_mode="PAY_PER_REQUEST",
    hash_key="id",
    attributes=[{"name": "id", "type": "S"}],
    opts=pulumi.ResourceOptions(provider=provider, protect=settings.get("protect", False)),
)
net = awsx.ec2.Vpc(
    "net",
    cidr_block="10.0.0.0/16",
    availability_zone_names=["eu-west-1a", "eu-west-1b"],
    nat_gateways={"strategy": "None"},
    subnet_strategy="Auto",
    subnet_specs=[{"type": "Public", "cidrMask": 20}, {"type": "Isolated", "cidrMask": 24}],
    opts=pulumi.ResourceOptions(providers=[provider]),
)
group = aws.ec2.SecurityGroup(
    "group", vpc_id=net.vpc_id, description=settings.get("description", "first"), opts=opts
)
if settings.get("topic", True):
    retain = settings.get("retain", False)
    aws.sns.Topic("news", opts=pulumi.ResourceOptions(provider=provider, retain_on_delete=retain))
pulumi.export("url", jobs.url)
pulumi.export("group", group.id)
pulumi.export("token", version.secret_string)
"""
HIDDEN = "hush-hush"
# Without the stack itself and its component.
MADE_IN_AWS = 22


@dataclass
class Small:
    """A small project, and its one stack on the real engine."""

    root: Path
    settings: dict[str, Any] = field(default_factory=lambda: {"visibility": 30})

    @property
    def project(self) -> Project:
        return Project(self.root)

    @property
    def workspace(self) -> Workspace:
        directory = control.folder(self.project, "dev")
        control.make(directory)
        return Workspace(self.project, "dev", directory)

    def change(self, **settings: Any) -> None:
        """Write the stack's settings with these changes."""
        self.settings |= settings
        lines = "".join(f"    {key}: {str(value).lower()}\n" for key, value in self.settings.items())
        text = f"config:\n  small:system: small\n  small:settings:\n{lines}"
        (self.root / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")

    def stack(self) -> auto.Stack:
        """Return the stack for the Automation API, with the workspace brought up to date and a daemon running."""
        return automated(self.workspace)

    def client(self, service: str) -> Any:
        """Return a client that looks at the stack's AWS from outside, over the endpoint."""
        return client(control.status(self.workspace.directory), service)

    def stop(self) -> None:
        with contextlib.suppress(channel.NotRunning):
            control.stop(self.workspace.directory)


def automated(workspace: Workspace) -> auto.Stack:
    workspace.prepare()
    found, _ = control.start(workspace.directory)
    workspace.claim(found.instance)
    options = auto.LocalWorkspaceOptions(
        work_dir=str(workspace.program),
        env_vars=workspace.environment(os.environ),
        pulumi_command=_command(),
        secrets_provider="passphrase",
    )
    return auto.create_or_select_stack(workspace.stack, work_dir=str(workspace.program), opts=options)


def _command() -> auto.PulumiCommand:
    command = auto.PulumiCommand(skip_version_check=True)
    # A CLI that was built from source says no version, and the Automation API wants one.
    command.version = command.version or VersionInfo.parse(metadata.version("pulumi"))
    return command


def client(found: control.Status, service: str) -> Any:
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=found.region)
    return session.client(service, endpoint_url=found.endpoint)


@contextlib.contextmanager
def small_project(root: Path, **settings: Any) -> Iterator[Small]:
    """Make the small project; what runs for it ends with it."""
    (root / "Pulumi.yaml").write_text(
        "name: small\nruntime:\n  name: python\n  options: {toolchain: pip, virtualenv: .venv}\n", encoding="utf-8"
    )
    (root / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    made = Small(root)
    made.change(**settings)
    try:
        yield made
    finally:
        made.stop()


def without_awsx(path: str) -> str:
    """Return a PATH without the folders that hold the real awsx plugin."""
    folders = path.split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not (Path(folder) / "pulumi-resource-awsx").exists())


def counts(summary: Mapping[str, Any] | None) -> dict[str, int]:
    """Return the number of resources by what was done with them."""
    return {str(getattr(key, "value", key)): value for key, value in (summary or {}).items()}


def without_places(graph: StackGraph) -> dict[str, tuple[Any, ...]]:
    """Return what two runs of one program must share: all but the ids of providers, which the engine makes up."""
    return {
        resource.urn: (resource.id, resource.inputs, resource.outputs, resource.property_dependencies)
        for resource in graph
        if not resource.type.startswith("pulumi:providers:")
    }


def pulumi(workspace: Workspace, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the CLI in a workspace, as a command of the project's does."""
    command = ["pulumi", *words, "--stack", workspace.stack, "--non-interactive"]
    environment = workspace.environment(os.environ)
    return subprocess.run(command, cwd=workspace.program, env=environment, capture_output=True, text=True, check=False)
