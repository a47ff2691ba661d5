"""Work goes from the API over the queues to the workers, and what cannot be done is put aside."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

from plumbline.probing import Probe, ProbeContext, Resource, Trial, probe, trial, value
from plumbline.probing.buckets import BUCKET
from plumbline.probing.calls import FUNCTION, shown
from plumbline.probing.inboxes import taken
from plumbline.probing.polling import MAPPING, QUEUE, Poller, waiting
from plumbline.probing.roles import role_may
from plumbline.probing.scenes import Scene
from systems.agentic.probes.rest import request
from systems.agentic.probes.scene import (
    API,
    CHAIN,
    WISH,
    ask,
    function,
    items,
    make_project,
    named,
    poller,
    queue,
)

_GROUP = "work"
_POISON = "no task at all"
_RECEIVES = 5  # tries: a delivery that Lambda throttles counts as one too, so three would be too few


@probe(_GROUP, FUNCTION, where=lambda one: one.name == API)
def request_puts_work_on_queue(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """A request through the API's function makes a project, and puts its work on the first queue."""
    with Scene(context) as scene:
        status, made = make_project(context, WISH)
        yield trial(status == 201, "POST /api/projects", "201", f"{status}: {made}")
        kept = items(scene, f"PROJECT#{made['id']}").get("METADATA", {})
        good = (kept.get("name"), kept.get("GSI1PK")) == ("probe", "OWNER#probe-owner")
        yield trial(good, "read its item", "the table has it, with its owner's index", "the table has no such item")
        client = context.client("sqs", api)
        bodies = {name: taken(client, value(queue(context, name), "url")) for name, _ in CHAIN}
        tasks = {name: [json.loads(body) for body in found] for name, found in bodies.items() if found}
        wanted = {"pm": [{"project_id": made["id"], "task_id": made.get("task_id"), "request": WISH}]}
        said = {name: [{key: row.get(key) for key in wanted["pm"][0]} for row in rows] for name, rows in tasks.items()}
        yield trial(said == wanted, "receive from every queue", "one task, on the first queue", f"{said}")
    for target in ("pm", "qa"):
        yield role_may(context, api, "sqs:SendMessage", value(queue(context, target), "arn"))


@probe(_GROUP, QUEUE, where=lambda one: one.name == f"queues-{CHAIN[0][0]}-queue")
def work_passes_all_workers(context: ProbeContext, first: Resource) -> Iterator[Trial]:
    """Each worker does its part of a modification and hands it on, until its package is there and its item says so."""
    with Scene(context) as scene:
        _, project = make_project(context)
        wish = {"request": WISH, "requested_by": "probe-user"}
        status, made = ask(context, request("POST", "/api/projects/{id}/modify", wish, project["id"]))
        yield trial(status == 202, "POST /api/projects/{id}/modify", "202", f"{status}: {made}")
        partition, states = f"PROJECT#{project['id']}", []
        for name, worker in CHAIN:
            done = poller(context, worker).deliver()
            states.append(items(scene, partition)[f"MOD#{made['id']}"]["status"])
            good = done is not None and done.called.error is None and not done.failed
            what = "nothing was on the queue" if done is None else f"{done.called.error or 'the message failed'}"
            yield trial(good, f"bring the task on the queue {name} to {worker}", "it is done", what)
        wanted = ["in_progress", "in_progress", "applied", "applied"]
        yield trial(states == wanted, "read the modification after each", ", ".join(states), ", ".join(states))
        kept = items(scene, partition)
        kinds = {key.partition("#")[0] for key in kept}
        lacking = {"FILE", "TEST", "DEPLOY"} - kinds
        yield trial(
            not lacking, "read the project's items", ", ".join(sorted(kinds)), f"no {', '.join(sorted(lacking))}"
        )
        objects = scene.objects(named(context, BUCKET, "buckets-generated-code"))
        folders = [f"{folder}/{project['id']}/" for folder in ("plans", "projects", "test_results", "deployments")]
        missing = [folder for folder in folders if not any(key.startswith(folder) for key in objects)]
        found = f"{len(objects)} objects below their prefixes"
        yield trial(not missing, "list what the workers wrote", found, f"nothing below {', '.join(missing)}")
        status, answer = ask(context, request("GET", "/api/projects/{id}/download", id=project["id"]))
        yield trial(status == 200, "ask the API for the package", "a signed link", f"{status}: {answer}")
    for (_, worker), (target, _) in itertools.pairwise(CHAIN):
        yield role_may(context, function(context, worker), "sqs:SendMessage", value(queue(context, target), "arn"))


@probe(_GROUP, MAPPING)
def only_what_failed_comes_again(context: ProbeContext, mapping: Resource) -> Iterator[Trial]:
    """Of a batch with a good and a bad message only the bad one is received again."""
    polled = Poller(context, mapping)
    client = context.client("sqs", mapping)
    with Scene(context):
        _, project = make_project(context)
        _, task = ask(context, request("POST", "/api/projects/{id}/test", {"mode": "fast"}, project["id"]))
        taken(client, value(queue(context, "qa"), "url"))
        good = json.dumps({"project_id": project["id"], "task_id": task["test_id"]})
        # One batch of two, whatever the mapping's own size: a function must not rely on that.
        polled.kept = {**polled.kept, "BatchSize": 10}
        for body in (good, _POISON):
            client.send_message(QueueUrl=polled.url, MessageBody=body)
        done = polled.deliver()
        left = sorted(taken(client, polled.url))
        answered = "nothing" if done is None else done.called.error or shown(done.called.result)
        yield trial(
            left == [_POISON], "bring a good and a bad message", f"the bad one is back: {answered}", f"back: {left}"
        )
    worker = _worker(context, polled)
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
        yield role_may(context, worker, action, polled.kept["EventSourceArn"])


@probe(_GROUP, QUEUE, where=lambda one: value(one, "redrivePolicy"))
def poison_is_put_aside(context: ProbeContext, work: Resource) -> Iterator[Trial]:
    """A message that no try can process is in the dead-letter queue after exactly as many receives as are asked for."""
    policy = json.loads(value(work, "redrivePolicy"))
    most, letters = policy["maxReceiveCount"], policy["deadLetterTargetArn"].rpartition(":")[2]
    mapping = next(one for one in context.graph.of_type(MAPPING) if value(one, "eventSourceArn") == value(work, "arn"))
    client, polled = context.client("sqs", work), Poller(context, mapping)
    with Scene(context):
        client.send_message(QueueUrl=polled.url, MessageBody=_POISON)
        tries = []
        # One more than asked for, and the receive that finds nothing.
        while len(tries) <= most and (done := polled.deliver()) is not None:
            tries.append((*done.receives.values(), len(done.failed)))
        good = tries == [(number, 1) for number in range(1, most + 1)]
        yield trial(good, "try a message that is none", f"{most} receives, each failed", f"{len(tries)} receives")
        url = client.get_queue_url(QueueName=letters)["QueueUrl"]
        aside = taken(client, url)
        yield trial(aside == [_POISON], f"look into {letters}", "it is there", f"{len(aside)} messages are there")
        yield trial(waiting(context, work) == 0, "look into the queue", "it is empty", "the message is still there")
    yield trial(most == _RECEIVES, "compare the tries", f"{most}, as asked for", f"{most}, not {_RECEIVES}")


def _worker(context: ProbeContext, polled: Poller) -> Resource:
    name = polled.kept["FunctionArn"].split(":")[6]
    return next(one for one in context.graph.of_type(FUNCTION) if value(one, "name") == name)


PROBES: tuple[Probe, ...] = (
    request_puts_work_on_queue,
    work_passes_all_workers,
    only_what_failed_comes_again,
    poison_is_put_aside,
)
