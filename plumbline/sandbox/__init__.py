"""The in-process AWS: makes a stack's resources in moto, without network, Docker or credentials."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto import mock_aws
from moto.moto_api._internal import mock_random

from plumbline import sdk
from plumbline.graph import Resource, reveal
from plumbline.monitor import DeployError
from plumbline.sandbox import (
    account,
    acm,
    apigateway,
    apigateway_stages,
    apigatewayv2,
    autoscaling,
    backup,
    budgets,
    cloudfront,
    cloudwatch,
    cognito,
    dynamodb,
    ec2,
    ecr,
    ecs,
    elasticache,
    elbv2,
    event_sources,
    events,
    iam,
    kms,
    lambda_,
    lifecycle,
    logs,
    route53,
    s3,
    scheduler,
    secretsmanager,
    security_groups,
    sns,
    sqs,
    ssm,
    stepfunctions,
    timestream,
    wafv2,
)
from plumbline.sandbox.adapters import ADAPTERS, FOUND, Context

__all__ = [
    "Sandbox",
    "account",
    "acm",
    "apigateway",
    "apigateway_stages",
    "apigatewayv2",
    "autoscaling",
    "backup",
    "budgets",
    "cloudfront",
    "cloudwatch",
    "cognito",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "elasticache",
    "elbv2",
    "event_sources",
    "events",
    "iam",
    "kms",
    "lambda_",
    "logs",
    "made_up_name",
    "route53",
    "s3",
    "scheduler",
    "secretsmanager",
    "security_groups",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "timestream",
    "wafv2",
]


class Sandbox:
    """A fresh AWS for one `up`. Use it as a context manager; outside of it nothing of the sandbox remains.

    `materialised` and `simulated` count resources by type: what moto made, and what no adapter exists for and is
    answered from its declared inputs. `created` is called after each resource.
    """

    parallel = 1

    def __init__(self, created: Callable[[Resource], None] | None = None) -> None:
        self.materialised: Counter[str] = Counter()
        self.simulated: Counter[str] = Counter()
        self._created = created
        self._mock = mock_aws(config={"lambda": {"use_docker": False}})
        self._context: Context | None = None
        self._account_before: str | None = None

    def __enter__(self) -> Sandbox:
        self._account_before = os.environ.get("MOTO_ACCOUNT_ID")
        self._mock.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._mock.stop()
        if self._account_before is None:
            os.environ.pop("MOTO_ACCOUNT_ID", None)
        else:
            os.environ["MOTO_ACCOUNT_ID"] = self._account_before

    def create(self, resource: Resource) -> tuple[str, Mapping[str, Any]]:
        """Make one resource and return its id and outputs. Raises DeployError with AWS's own words."""
        _seed(resource)
        is_provider = resource.type.startswith("pulumi:providers:")
        result = self._provider(resource) if is_provider else self._resource(resource)
        if self._created is not None:
            self._created(resource)
        return result

    def read(self, resource: Resource, identity: str) -> Mapping[str, Any] | None:
        """Return what a resource is now under the names of its inputs, None where it is gone.

        What means what is declared is given as it is declared, and a secret stays one. A simulated resource is what
        it is declared to be.
        """
        if resource.type not in ADAPTERS:
            return dict(resource.inputs)
        with _in_words_of_aws():
            return lifecycle.read(self._made_in(), resource.type, identity, {**resource.inputs, **_named(resource)[1]})

    def update(self, before: Resource, now: Resource, identity: str) -> Mapping[str, Any]:
        """Change a resource in place and return its outputs. Raises DeployError with AWS's own words."""
        _seed(now)
        if now.type not in ADAPTERS:
            return {**before.outputs, **_simulate(now, self._made_in())[1]}
        with _in_words_of_aws():
            inputs = [{**resource.inputs, **_named(resource)[1]} for resource in (before, now)]
            fresh = lifecycle.update(self._made_in(), now.type, identity, *inputs)
        return {**before.outputs, **_named(now)[1], **fresh}

    def delete(self, resource: Resource, identity: str) -> None:
        """Delete a resource; one that is gone is no error. Raises DeployError where AWS refuses."""
        if resource.type in ADAPTERS:
            _seed(resource)
            with _in_words_of_aws():
                lifecycle.delete(self._made_in(), resource.type, identity, {**resource.inputs, **_named(resource)[1]})

    @property
    def context(self) -> Context:
        """The account and region that the stack was made in."""
        return self._made_in()

    def found(self, token: str, answer: Mapping[str, Any]) -> None:
        """Make what a provider function found, where other resources need it to exist."""
        make = FOUND.get(token)
        if make is not None:
            make(self._made_in(), answer)

    def _provider(self, provider: Resource) -> tuple[str, Mapping[str, Any]]:
        if self._context is None:
            accounts = json.loads(provider.get("allowedAccountIds") or '["123456789012"]')
            os.environ["MOTO_ACCOUNT_ID"] = accounts[0]
            self._context = Context(account_id=accounts[0], region=provider.get("region", "us-east-1"))
        return str(mock_random.uuid4()), {}

    def _made_in(self) -> Context:
        return self._context or Context(account_id="123456789012", region="us-east-1")

    def _resource(self, resource: Resource) -> tuple[str, Mapping[str, Any]]:
        context = self._made_in()
        adapter = ADAPTERS.get(resource.type)
        if adapter is None:
            self.simulated[resource.type] += 1
            return _simulate(resource, context)
        inputs, named = _named(resource)
        with _in_words_of_aws():
            identity, outputs = adapter(context, inputs)
        self.materialised[resource.type] += 1
        return identity, {**named, **outputs}


def _seed(resource: Resource) -> None:
    # Seeded by the URN, so that an id depends on nothing but the resource it belongs to.
    mock_random.seed(int.from_bytes(hashlib.sha256(resource.urn.encode()).digest()[:8], "big"))


@contextlib.contextmanager
def _in_words_of_aws() -> Iterator[None]:
    """Make a DeployError of one line out of what AWS, boto3 or moto refuses."""
    try:
        yield
    except ClientError as error:
        details = error.response["Error"]
        raise DeployError(f"{details['Code']}: {' '.join(details['Message'].split())}") from None
    except BotoCoreError as error:
        raise DeployError(" ".join(str(error).split())) from None
    except (ValueError, TypeError, LookupError, AttributeError, NotImplementedError) as error:
        # moto's own failures say what was given, and that may be a secret.
        raise DeployError(f"the sandbox cannot make it ({type(error).__name__})") from None


def _named(resource: Resource) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Return the plain inputs, with a name where none is given, and that name as an output.

    The provider makes up a name of the resource's own and a random suffix; here the suffix is the URN's.
    """
    inputs = reveal(resource.inputs)
    known = sdk.inputs_of(resource.type)
    if known is None or "name" not in known.properties or inputs.get("name") is not None:
        return inputs, {}
    named = {"name": made_up_name(resource, resource.urn)}
    return {**inputs, **named}, named


def made_up_name(resource: Resource, seed: str) -> str:
    """Return the physical name of a resource that gives none: its own or its prefix, and a suffix made of `seed`."""
    prefix = resource.get("namePrefix") or f"{resource.name}-"
    fifo = resource.get("fifoQueue") is True or resource.get("fifoTopic") is True
    return f"{prefix}{hashlib.sha256(seed.encode()).hexdigest()[:7]}{'.fifo' if fifo else ''}"


def _simulate(resource: Resource, context: Context) -> tuple[str, Mapping[str, Any]]:
    """Answer for a type without adapter: its inputs, and an ARN and id made of its name."""
    name = resource.get("name", resource.name)
    service, _, kind = resource.type.split(":")[1].partition("/")
    outputs: dict[str, Any] = {}
    if "arn" in sdk.output_types(resource.type) and "arn" not in resource.inputs:
        outputs["arn"] = f"arn:aws:{service}:{context.region}:{context.account_id}:{kind}/{name}"
    return str(name), outputs
