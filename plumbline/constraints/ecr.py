"""ECR: repositories of images, what they delete by themselves, and who may pull from them.

Sources are CreateRepository and PutLifecyclePolicy of the API, "Lifecycle policy properties" and "Private repository
policies".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from plumbline.constraints.iam import document_findings
from plumbline.constraints.registry import Finding, for_types
from plumbline.graph import Resource, StackGraph

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
_WITH_EXCLUSIONS = ("IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION")
_MOST_RULES = 50  # Amazon ECR, "Service quotas": rules per lifecycle policy
_RULE = {"rulePriority", "selection", "action"}
_SELECTION = {"tagStatus", "countType", "countNumber"}
_TAGS = ("tagPatternList", "tagPrefixList")
_STATUSES = ("any", "tagged", "untagged")
# What counts days, and what counts images.
_AGES, _COUNT = ("sinceImagePulled", "sinceImagePushed", "sinceImageTransitioned"), "imageCountMoreThan"


@for_types(REPOSITORY)
def repository(repository: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A key belongs to encryption by KMS, and exclusions to tags that are excepted from a rule."""
    encryption = repository.get("encryptionConfigurations.0", {})
    if isinstance(encryption, Mapping):
        type_ = encryption.get("encryptionType") or "AES256"
        if type_ == "AES256" and encryption.get("kmsKey") is not None:
            yield "encryptionConfigurations[0].kmsKey", "given; only encryption KMS and KMS_DSSE take a key"
    mutability = repository.get("imageTagMutability", "MUTABLE")
    filters = repository.get("imageTagMutabilityExclusionFilters", [])
    if isinstance(mutability, str) and isinstance(filters, list) and (mutability in _WITH_EXCLUSIONS) != bool(filters):
        given = "given; only" if filters else "missing;"
        needs = f"imageTagMutability {' and '.join(_WITH_EXCLUSIONS)}"
        yield "imageTagMutabilityExclusionFilters", f"{given} {needs} {'take them' if filters else 'need them'}"


@for_types(REPOSITORY_POLICY)
def repository_policy(policy: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A repository's policy says who may do what; it names no resource, since it is about its repository."""
    text = policy.get("policy")
    if isinstance(text, str):
        yield from document_findings("policy", text, kind="repository")


@for_types(LIFECYCLE)
def lifecycle(policy: Resource, _graph: StackGraph) -> Iterator[Finding]:
    """A lifecycle policy is a list of rules, each with a priority of its own, and the one for any image comes last."""
    text = policy.get("policy")
    if not isinstance(text, str):
        return
    try:
        document = json.loads(text)
    except ValueError as error:
        yield "policy", f"not JSON: {error}"
        return
    rules = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(rules, list) or not rules or not all(isinstance(rule, dict) for rule in rules):
        yield "policy.rules", "a list of rules is needed"
        return
    if len(rules) > _MOST_RULES:
        yield "policy.rules", f"{len(rules)} rules given; allowed: at most {_MOST_RULES}"
    for index, rule in enumerate(rules):
        for path, message in _rule(rule):
            yield f"policy.rules[{index}]{path}", message
    yield from _order(rules)


def _rule(rule: Mapping[str, Any]) -> Iterator[Finding]:
    missing = sorted(_RULE - set(rule))
    if missing:
        yield "", f"{', '.join(missing)} missing"
    unknown = sorted(set(rule) - _RULE - {"description"})
    if unknown:
        yield "", f"{', '.join(unknown)} given; allowed: {', '.join(sorted(_RULE))}, description"
    selection = rule.get("selection")
    if isinstance(selection, dict):
        for path, message in _selection(selection):
            yield f".selection{path}", message


def _selection(selection: Mapping[str, Any]) -> Iterator[Finding]:
    missing = sorted(_SELECTION - set(selection))
    if missing:
        yield "", f"{', '.join(missing)} missing"
        return
    status, counted, number = selection["tagStatus"], selection["countType"], selection["countNumber"]
    if status not in _STATUSES:
        yield ".tagStatus", f"{status!r} given; allowed: {', '.join(_STATUSES)}"
    tags = [key for key in _TAGS if selection.get(key)]
    if (status == "tagged") != (len(tags) == 1):
        yield ".tagStatus", f"{status!r} given; tagged needs one of {' and '.join(_TAGS)}, and nothing else takes one"
    if counted not in (*_AGES, _COUNT):
        yield ".countType", f"{counted!r} given; allowed: {', '.join((*_AGES, _COUNT))}"
    elif (counted in _AGES) != (selection.get("countUnit") == "days"):
        yield ".countUnit", f"{selection.get('countUnit')!r} given; ages take 'days', {_COUNT} takes none"
    if not isinstance(number, int) or number < 1:
        yield ".countNumber", f"{number!r} given; allowed: a whole number from 1"


def _order(rules: list[dict[str, Any]]) -> Iterator[Finding]:
    priorities = [rule.get("rulePriority") for rule in rules]
    numbers = [priority for priority in priorities if isinstance(priority, int)]
    for index, priority in enumerate(priorities):
        if priorities.index(priority) != index:
            yield f"policy.rules[{index}].rulePriority", f"{priority!r} given twice; each rule has its own"
        selection = rules[index].get("selection")
        any_ = isinstance(selection, dict) and selection.get("tagStatus") == "any"
        if any_ and isinstance(priority, int) and priority < max(numbers):
            yield f"policy.rules[{index}].rulePriority", f"{priority} given; a rule for any image has the highest"
