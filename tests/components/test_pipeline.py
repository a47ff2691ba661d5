"""components.pipeline: the log of runs, and repositories of images."""

from __future__ import annotations

import json

from components.pipeline import Pipeline, PipelineArgs
from plumbline.constraints import check
from plumbline.graph import StackGraph
from tests.components.programs import ACCOUNT, NAMING, document, graph_of, named, needs, only, policy, present

REPOSITORY = "aws:ecr/repository:Repository"


def graph(*repositories: str) -> StackGraph:
    args = PipelineArgs(account=ACCOUNT, naming=NAMING, log_retention_days=30, repositories=repositories)
    return graph_of(lambda: Pipeline("pipeline", args))


def test_runs_have_a_log_group_that_keeps_what_the_stack_keeps() -> None:
    group = only(graph(), "aws:cloudwatch/logGroup:LogGroup")
    assert group.name == "pipeline-runs"
    assert present(group.inputs) == {"name": "/pipeline/test-runs", "retentionInDays": 30}


def test_nobody_gets_repositories_who_asks_for_none() -> None:
    assert [r.type for r in graph() if r.custom] == ["aws:cloudwatch/logGroup:LogGroup"]


def test_a_repository_is_encrypted_and_scans_images_whose_tags_never_move() -> None:
    repository = only(graph("worker"), REPOSITORY)
    assert repository.name == "pipeline-worker"
    assert present(repository.inputs) == {
        "name": "test-worker",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": [{"encryptionType": "KMS"}],
    }


def test_only_lambda_pulls_for_functions_of_the_stack() -> None:
    found = named(graph("worker"), "pipeline-worker-policy")
    assert document(found) == policy(
        {
            "Sid": "FunctionsPull",
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Condition": {
                "ArnLike": {"aws:SourceArn": "arn:aws:lambda:us-east-1:111111111111:function:test-*"},
            },
        }
    )
    assert needs(found) == {"repository": ("pipeline-worker",)}


def test_old_images_go_and_the_newest_stay() -> None:
    found = named(graph("worker"), "pipeline-worker-lifecycle")
    rules = json.loads(found.inputs["policy"])["rules"]
    assert [(rule["rulePriority"], rule["selection"], rule["action"]) for rule in rules] == [
        (
            1,
            {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14},
            {"type": "expire"},
        ),
        (2, {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 50}, {"type": "expire"}),
    ]
    assert needs(found) == {"repository": ("pipeline-worker",)}


def test_aws_would_take_two_repositories() -> None:
    found = graph("worker", "reports")
    assert {r.inputs["name"] for r in found.of_type(REPOSITORY)} == {"test-worker", "test-reports"}
    assert check(found) == []
