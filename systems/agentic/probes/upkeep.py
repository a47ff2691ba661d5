"""What nobody asks for: parameters at start, retries, the weekly export, and the use of each allowance."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from plumbline.probing import NotSo, Probe, ProbeContext, Resource, Trial, probe, trial, value
from plumbline.probing.buckets import BUCKET
from plumbline.probing.calls import FUNCTION, held, run
from plumbline.probing.faults import doubling, watched
from plumbline.probing.roles import role_may
from plumbline.probing.scenes import Scene
from plumbline.probing.tables import TABLE
from systems.agentic.probes.rest import request
from systems.agentic.probes.scene import API, items, live, make_project, named, poller, queue

_GROUP = "upkeep"
_THROTTLE = "ProvisionedThroughputExceededException"
_TRIES = 8  # of the application's back-off
_UNKNOWN = "/plumbline-probe/no-such-parameter"
_QUIET: dict[str, Any] = {"Records": []}


def _variables(one: Resource) -> dict[str, Any]:
    return value(one, "environment.variables") or {}


@probe(_GROUP, FUNCTION, where=lambda one: "PARAMETERS" in _variables(one))
def parameters_are_read_at_start(context: ProbeContext, function: Resource) -> Iterator[Trial]:
    """Parameters are read once, when the function starts, by its role; an unknown one ends the start with one line."""
    arn, names = f"{value(function, 'arn')}:live", _variables(function)["PARAMETERS"].split(",")
    event = request("GET", "/health") if function.name == API else _QUIET
    code = context.fresh_code()
    with watched() as seen:
        answers = [run(context, arn, event, code) for _ in range(2)]
    problems, reads = [one.message for one in answers if one.error], seen.calls.count("GetParameters")
    good = not problems and reads == 1
    yield trial(good, "start it and call it twice", "read once, at the start", f"{reads} reads; {' '.join(problems)}")
    version = held(context, arn)
    context.undo(setattr, version, "environment_vars", version.environment_vars)
    version.environment_vars = {**version.environment_vars, "PARAMETERS": ",".join((*names, _UNKNOWN))}
    called = run(context, arn, event, context.fresh_code())
    good = (called.error or "").startswith("Runtime.") and called.message.endswith(f"no such parameter: {_UNKNOWN}")
    good = good and "\n" not in called.message
    yield trial(good, "start it with a parameter that is not there", called.message, f"it says {called.message!r}")
    for name in names:
        place = f"{context.account.region}:{context.account.account_id}:parameter{name}"
        yield role_may(context, function, "ssm:GetParameters", f"arn:aws:ssm:{place}")


@probe(_GROUP, FUNCTION, where=lambda one: one.name == API)
def throttled_write_arrives(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """A write that DynamoDB throttles is tried again, each time after twice the wait, and arrives."""
    for code_of_error in (_THROTTLE, "ThrottlingException"):
        with Scene(context) as scene, watched(*[("PutItem", code_of_error)] * 3) as seen:
            status, made = make_project(context, code=context.fresh_code())
            kept = items(scene, f"PROJECT#{made.get('id')}") if status == 201 else {}
            tried = f"refuse three writes with {code_of_error}"
            good = status == 201 and "METADATA" in kept and len(seen.refused) == 3
            yield trial(good, tried, "201, and the item is there", f"{status}, {len(seen.refused)} refused")
            longest = [round(wait, 3) for wait in seen.waits]
            yield trial(
                len(longest) == 3 and doubling(seen.waits), "ask for the waits", f"at most {longest} s", f"{longest} s"
            )
    with Scene(context) as scene, watched(*[("PutItem", _THROTTLE)] * (_TRIES + 1)) as seen:
        status, answer = make_project(context, code=context.fresh_code())
        left = [row for rows in scene.tables.items().values() for row in rows]
        good = (status, len(seen.refused), left) == (503, _TRIES, [])
        evidence = f"503 after {_TRIES} tries: {((answer or {}).get('error') or {}).get('message')}"
        yield trial(good, "refuse every write", evidence, f"{status} after {len(seen.refused)} tries")


@probe(_GROUP, FUNCTION, where=lambda one: one.name == "functions-pm-agent")
def throttled_work_is_kept(context: ProbeContext, worker: Resource) -> Iterator[Trial]:
    """Work whose reads DynamoDB throttles without end stays on its queue, and is done when that is over."""
    with Scene(context):
        _, project = make_project(context, "a probe's wish")
        polled = poller(context, "pm-agent")
        with watched(*[("GetItem", _THROTTLE)] * (_TRIES + 1)) as seen:
            first = polled.deliver(context.fresh_code())
        good = first is not None and len(first.failed) == 1 and first.called.error is None
        yield trial(good, "refuse every read", f"the message failed after {len(seen.refused)} tries", "it did not fail")
        again = polled.deliver()
        good = again is not None and not again.failed and list(again.receives.values()) == [2]
        yield trial(good, "bring it again", "it is done at the second receive", "it did not come again")
        state = context.client("sqs", worker).get_queue_attributes(
            QueueUrl=value(queue(context, "dev"), "url"), AttributeNames=["ApproximateNumberOfMessages"]
        )
        count = state["Attributes"]["ApproximateNumberOfMessages"]
        yield trial(count == "1", "count the next queue's tasks", "one", f"{count} for {project['id']}")


@probe(_GROUP, FUNCTION, where=lambda one: "EXPORT_BUCKET" in _variables(one))
def export_is_in_the_archive(context: ProbeContext, export: Resource) -> Iterator[Trial]:
    """The weekly export writes every item of the table into the archive bucket, and its role may have that done."""
    bucket = named(context, BUCKET, "buckets-exports")
    with Scene(context) as scene:
        _, project = make_project(context)
        answer = run(context, live(context, "weekly-export"), {"time": "2026-01-04T03:00:00Z"})
        if answer.error is not None:
            raise NotSo(f"it failed with {answer.error}: {answer.message}")
        _finish_exports(context)
        wanted = f"s3://{bucket.id}/exports/2026-01-04"
        good = answer.result["to"] == wanted
        yield trial(good, "call it as at its time", f"an export to {wanted}", f"to {answer.result['to']}")
        keys = [key for key in scene.objects(bucket) if key.startswith("exports/2026-01-04/")]
        rows = [json.loads(line) for key in keys for line in _lines(context, bucket, key)]
        found = {row["Item"]["PK"]["S"] for row in rows}
        yield trial(found == {f"PROJECT#{project['id']}"}, "read the export", f"{len(rows)} items", f"it has {found}")
    table = named(context, TABLE, "tables-data")
    yield role_may(context, export, "dynamodb:ExportTableToPointInTime", value(table, "arn"))
    yield role_may(context, export, "s3:PutObject", f"arn:aws:s3:::{bucket.id}/exports/2026-01-04/data")


@probe(_GROUP, FUNCTION, where=lambda one: "ALLOWANCES" in _variables(one))
def usage_is_published(context: ProbeContext, usage: Resource) -> Iterator[Trial]:
    """The daily function adds up the month's metrics, and publishes of each allowance how much is used."""
    client, allowances = context.client("cloudwatch", usage), json.loads(_variables(usage)["ALLOWANCES"])
    space = _variables(usage)["METRIC_NAMESPACE"]
    now = datetime(2026, 3, 10, 0, 30, tzinfo=UTC)
    with Scene(context):
        for number, (_, row) in enumerate(sorted(allowances.items()), 1):
            # A tenth of the allowance for the first, two for the second: each on the day before, and a month earlier.
            namespace, metric, dimensions, _, factor = row["metrics"][0]
            data = [
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                    "Timestamp": at,
                    "Value": row["limit"] * number / 10 / factor,
                }
                for at in (now - timedelta(days=1), now - timedelta(days=30))
            ]
            client.put_metric_data(Namespace=namespace, MetricData=data)
        answer = run(context, live(context, "free-tier-usage"), {"time": now.isoformat()})
        if answer.error is not None:
            raise NotSo(f"it failed with {answer.error}: {answer.message}")
        for number, name in enumerate(sorted(allowances), 1):
            found = client.get_metric_statistics(
                Namespace=space,
                MetricName="FreeTierPercent",
                Dimensions=[{"Name": "Allowance", "Value": name}],
                StartTime=now - timedelta(hours=1),
                EndTime=now + timedelta(hours=1),
                Period=60,
                Statistics=["Maximum"],
            )["Datapoints"]
            shown = [point["Maximum"] for point in found]
            yield trial(shown == [10.0 * number], f"use {number} tenths of {name}", f"{shown} percent", f"{shown}")
    yield role_may(context, usage, "cloudwatch:GetMetricData", "*")


def _finish_exports(context: ProbeContext) -> None:
    """Wait for the threads in which moto exports."""
    backend: Any = dynamodb_backends[context.account.account_id][context.account.region]
    for export in backend.table_exports.values():
        export.join()


def _lines(context: ProbeContext, bucket: Resource, key: str) -> list[str]:
    body = context.client("s3", bucket).get_object(Bucket=bucket.id, Key=key)["Body"].read()
    return gzip.decompress(body).decode().splitlines()


PROBES: tuple[Probe, ...] = (
    parameters_are_read_at_start,
    throttled_write_arrives,
    throttled_work_is_kept,
    export_is_in_the_archive,
    usage_is_published,
)
