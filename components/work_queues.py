"""Queues of work that functions process, each with a queue for what cannot be processed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import grants
from components.account import Account
from components.functions import Function
from components.naming import Naming
from components.queues import dead_letter_queue, queue_policy
from components.roles import Grant, Role

_LEAST_CONCURRENCY = 2  # Lambda, "Configuring maximum concurrency for Amazon SQS event sources": 2 to 1,000
# Lambda advises six times the function's timeout, so that a throttled batch is not received by others meanwhile.
_VISIBILITY_PER_TIMEOUT = 6
_LONGEST_VISIBILITY_SECONDS = 12 * 3600


@dataclass(frozen=True, kw_only=True)
class WorkQueueSpec:
    """One queue whose messages a function with a timeout of `timeout_seconds` (at most 900) processes.

    A message that was received `max_receives` times and is still there moves to the dead-letter queue. `retention_days`
    is how long one waits to be received, 1 to 14.
    """

    timeout_seconds: int
    max_receives: int
    retention_days: int = 4

    @property
    def visibility_seconds(self) -> int:
        """For how long nobody else gets a message that was received."""
        return min(_VISIBILITY_PER_TIMEOUT * self.timeout_seconds, _LONGEST_VISIBILITY_SECONDS)


@dataclass(frozen=True, kw_only=True)
class WorkQueuesArgs:
    """The queues of one stack, by logical name."""

    account: Account
    naming: Naming
    queues: Mapping[str, WorkQueueSpec]


class WorkQueue:
    """One queue and the edges that can lead to it.

    `resource` is the queue, `dead_letters` the one for what could not be processed, both aws.sqs.Queue; `policy` is the
    queue's resource policy.
    """

    def __init__(
        self,
        name: str,
        args: WorkQueuesArgs,
        resource: aws.sqs.Queue,
        dead_letters: aws.sqs.Queue,
        policy: aws.sqs.QueuePolicy,
    ) -> None:
        self.name = name
        self.physical_name = args.naming.exact("queue", name)
        self.resource = resource
        self.dead_letters = dead_letters
        self.policy = policy
        self._account = args.account

    @property
    def arn(self) -> pulumi.Output[str]:
        return self.resource.arn

    def grant_send(self, role: Role) -> Grant:
        """Let a role send messages."""
        return role.allow(f"queue-{self.name}", grants.send(self._account, self.physical_name))

    def grant_consume(self, role: Role) -> Grant:
        """Let a role receive and delete messages, as a function's event source does under the function's role."""
        return role.allow(f"queue-{self.name}", grants.consume(self._account, self.physical_name))


class WorkQueues(pulumi.ComponentResource):
    """Encrypted queues that are reached over TLS only. `queues` holds them by logical name."""

    def __init__(self, name: str, args: WorkQueuesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:WorkQueues", name, None, opts)
        self._prefix = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.queues: Mapping[str, WorkQueue] = {queue: self._queue(queue, spec) for queue, spec in args.queues.items()}
        self.register_outputs({"arns": {queue: handle.arn for queue, handle in self.queues.items()}})

    def _queue(self, queue: str, spec: WorkQueueSpec) -> WorkQueue:
        account, naming = self._args.account, self._args.naming
        name, physical_name = f"{self._prefix}-{queue}", naming.exact("queue", queue)
        letters_name = naming.exact("queue", f"{queue}-dead-letters")
        letters = dead_letter_queue(f"{name}-dead-letters", letters_name, self._child)
        queue_policy(f"{name}-dead-letters-policy", letters, account.queue_arn(letters_name), self._child)
        # Composed, so that a preview shows after how many tries a message is put aside.
        redrive = {"deadLetterTargetArn": account.queue_arn(letters_name), "maxReceiveCount": spec.max_receives}
        resource = aws.sqs.Queue(
            name,
            name=physical_name,
            visibility_timeout_seconds=spec.visibility_seconds,
            message_retention_seconds=spec.retention_days * 24 * 3600,
            receive_wait_time_seconds=20,  # long polling: an empty answer is a request as well
            redrive_policy=json.dumps(redrive, separators=(",", ":")),
            sqs_managed_sse_enabled=True,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[letters])),
        )
        policy = queue_policy(f"{name}-policy", resource, account.queue_arn(physical_name), self._child)
        return WorkQueue(queue, self._args, resource, letters, policy)


@dataclass(frozen=True, kw_only=True)
class ConsumerSpec:
    """A function that processes a queue's messages, up to `batch_size` (1 to 10) at a time.

    `most_at_once` is how many of its instances the queue may start; Lambda knows no limit below two. The function's
    role has the queue's consume edge, and its answer names the messages that failed.
    """

    queue: WorkQueue
    function: Function
    batch_size: int
    most_at_once: int


@dataclass(frozen=True, kw_only=True)
class ConsumersArgs:
    """The consumers of one stack, by logical name."""

    consumers: Mapping[str, ConsumerSpec]


class Consumers(pulumi.ComponentResource):
    """Event source mappings from queues to live aliases. `mappings` holds them by logical name.

    Partial batch responses: of a batch only what failed is received again.
    """

    def __init__(self, name: str, args: ConsumersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("plumbline:components:Consumers", name, None, opts)
        self.mappings = {
            consumer: aws.lambda_.EventSourceMapping(
                f"{name}-{consumer}",
                event_source_arn=spec.queue.arn,
                # The alias: a new version takes over without the mapping being touched.
                function_name=spec.function.alias.arn,
                batch_size=spec.batch_size,
                function_response_types=["ReportBatchItemFailures"],
                scaling_config={"maximum_concurrency": max(spec.most_at_once, _LEAST_CONCURRENCY)},
                enabled=True,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[spec.queue.policy]),
            )
            for consumer, spec in args.consumers.items()
        }
        self.register_outputs({"mappings": {name: mapping.arn for name, mapping in self.mappings.items()}})
