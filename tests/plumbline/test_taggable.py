"""plumbline.taggable: the extract says what the SDK says."""

from __future__ import annotations

import importlib.metadata
import json

from plumbline import sdk, taggable
from tests.evaluations import preview

# One of each kind of place where the SDK's modules differ; to ask it for all types takes half a minute.
SOME = (
    "aws:autoscaling/group:Group",
    "aws:ec2/instance:Instance",
    "aws:ecs/service:Service",
    "aws:eks/cluster:Cluster",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:rds/cluster:Cluster",
    "aws:s3/bucketV2:BucketV2",
    "aws:sesv2/configurationSet:ConfigurationSet",
)


def test_extract_is_of_the_installed_version() -> None:
    assert json.loads(taggable.FILE.read_text())["pulumi-aws"] == importlib.metadata.version("pulumi-aws"), (
        "run python -m plumbline.taggable"
    )


def test_extract_says_what_the_sdk_says() -> None:
    used = {resource.type for stack in ("prod", "bootstrap") for resource in preview(stack).graph if resource.custom}
    types = sorted(used | set(SOME))
    extract = {type_: taggable.taggable().get(type_) for type_ in types}
    assert extract == {type_: sdk.tag_shape(type_) for type_ in types}
    assert set(taggable.taggable()) < set(sdk.known_types())
    assert len(taggable.taggable()) > 800
