"""What an application does over several calls, and how all of it is put back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from moto.apigatewaymanagementapi.models import apigatewaymanagementapi_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.sqs.models import sqs_backends

from plumbline.graph import Resource
from plumbline.probing.buckets import BUCKET
from plumbline.probing.items import Tables
from plumbline.probing.model import NotSo, ProbeContext, value
from plumbline.probing.polling import QUEUE, waiting
from plumbline.probing.tables import TABLE


@contextlib.contextmanager
def metrics_as_before(context: ProbeContext) -> Iterator[None]:
    """Put back within `with` what is published: AWS has no call that deletes a metric."""
    backend = cloudwatch_backends[context.account.account_id][context.account.region]
    before = list(backend.metric_data)
    try:
        yield
    finally:
        backend.metric_data = before


class Scene:
    """Within `with`, functions of the stack may change tables, buckets, queues, metrics and connected clients.

    `tables` are the stack's tables; `sent` gives what clients of a WebSocket API were sent. Raises NotSo where a queue
    has messages, which the probe leaves alone.
    """

    def __init__(self, context: ProbeContext) -> None:
        self._context = context
        self.tables = Tables(context, context.graph.of_type(TABLE))
        self._end = contextlib.ExitStack()

    def __enter__(self) -> Scene:
        for queue in self._queues():
            if waiting(self._context, queue):
                raise NotSo(f"there are messages in {value(queue, 'name')}, which the probe leaves alone")
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.tables)
            for bucket in self._context.graph.of_type(BUCKET):
                stack.callback(self._forget_objects, bucket, self._versions(bucket))
            stack.enter_context(metrics_as_before(self._context))
            stack.callback(self._clients().clear)
            for queue in self._queues():
                stack.callback(self._empty, queue)
            self._end = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.close()

    def sent(self, connection: str) -> str:
        """Return all that a client was sent, one message after the other."""
        # moto keeps the id as it stands in the address of the call.
        return "".join(kept.data.decode() for id_, kept in self._clients().items() if unquote(id_) == connection)

    def objects(self, bucket: Resource) -> list[str]:
        """Return the keys of a bucket's objects."""
        listed = self._context.client("s3", bucket).list_objects_v2(Bucket=bucket.id)
        return [row["Key"] for row in listed.get("Contents", [])]

    @property
    def _account(self) -> str:
        return self._context.account.account_id

    def _queues(self) -> list[Resource]:
        return list(self._context.graph.of_type(QUEUE))

    def _empty(self, queue: Resource) -> None:
        # Not by a call: AWS and moto take one in sixty seconds.
        region = queue.get("region") or self._context.account.region
        held = sqs_backends[self._account][region].queues[value(queue, "name")]
        held._messages, held._pending_messages = [], set()

    def _clients(self) -> dict[str, Any]:
        return apigatewaymanagementapi_backends[self._account][self._context.account.region].connections

    def _versions(self, bucket: Resource) -> set[tuple[str, str]]:
        listed = self._context.client("s3", bucket).list_object_versions(Bucket=bucket.id)
        rows = (*listed.get("Versions", []), *listed.get("DeleteMarkers", []))
        return {(row["Key"], row["VersionId"]) for row in rows}

    def _forget_objects(self, bucket: Resource, before: set[tuple[str, str]]) -> None:
        client = self._context.client("s3", bucket)
        for key, version in sorted(self._versions(bucket) - before):
            client.delete_object(Bucket=bucket.id, Key=key, VersionId=version)
