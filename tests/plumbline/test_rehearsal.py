"""plumbline.rehearsal: what a preview refuses is told alone, and what is made is made where the sandbox is."""

from __future__ import annotations

import os
from pathlib import Path

import pulumi_aws as aws
import pytest

from plumbline.evaluate import Evaluation, evaluate
from plumbline.graph import Resource
from plumbline.monitor import Deployer
from plumbline.project import Project, UserError
from plumbline.rehearsal import rehearsal
from plumbline.sandbox import Sandbox

PROJECT = Project(Path(__file__).parent)


def program() -> None:
    queue = aws.sqs.Queue("queue", name="orders")
    aws.sqs.Queue("second", name="second", tags={"first": queue.arn})


def accept(project: Project, stack: str, deployer: Deployer | None) -> Evaluation:
    return evaluate(program, stack=stack, deployer=deployer, root=project.root)


def refuse_preview(project: Project, stack: str, deployer: Deployer | None) -> Evaluation:
    if deployer is None:
        raise UserError("the preview's line")
    evaluation = evaluate(program, stack=stack, deployer=deployer, root=project.root)
    raise UserError("a line of the deployment", *evaluation.mistakes)


def refuse_deployment(project: Project, stack: str, deployer: Deployer | None) -> Evaluation:
    if deployer is not None:
        raise UserError("a line of the deployment")
    return evaluate(program, stack=stack, root=project.root)


def nothing(resource: Resource) -> None:
    pass


def queues(sandbox: Sandbox) -> tuple[int, list[str]]:
    return os.getpid(), sandbox.context.client("sqs").list_queues()["QueueUrls"]


def test_a_stack_is_up_where_its_sandbox_is() -> None:
    made: list[str] = []
    with rehearsal(PROJECT, "test", accept, lambda resource: made.append(resource.name)) as up:
        pid, urls = up.use(queues)()
    assert pid != os.getpid()
    assert [url.rpartition("/")[2] for url in urls] == ["orders", "second"]
    assert made == ["queue", "second"]
    assert up.materialised == {"aws:sqs/queue:Queue": 2}
    assert up.simulated == {}
    assert [resource.id for resource in up.planned] == ["", ""]
    assert [resource.id.rpartition("/")[2] for resource in up.evaluation.graph] == ["orders", "second"]


def test_what_a_preview_refuses_is_told_alone() -> None:
    with pytest.raises(UserError) as caught, rehearsal(PROJECT, "test", refuse_preview, nothing):
        pass
    assert caught.value.lines == ("the preview's line",)


def test_what_only_a_deployment_refuses_is_told() -> None:
    with pytest.raises(UserError) as caught, rehearsal(PROJECT, "test", refuse_deployment, nothing):
        pass
    assert caught.value.lines == ("a line of the deployment",)
