"""What the agentic system's own probes share: its functions and queues, requests and clients, by their names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from plumbline.probing import NotSo, ProbeContext, Resource, value
from plumbline.probing.calls import FUNCTION, Called, run
from plumbline.probing.polling import MAPPING, QUEUE, Poller
from plumbline.probing.scenes import Scene
from plumbline.probing.sockets import SOCKETS, Gateway
from plumbline.probing.tables import TABLE
from systems.agentic.probes.rest import request

if TYPE_CHECKING:
    from plumbline.probing.model import Code

API = "functions-api-handler"
# Work goes from queue to queue: each with its worker's function.
CHAIN = (("pm", "pm-agent"), ("dev", "dev-agent"), ("qa", "qa-agent"), ("ops", "ops-agent"))
WISH = "a probe's wish"
Item = Mapping[str, Any]


def named(context: ProbeContext, type_: str, name: str) -> Resource:
    """Return the resource of a type and name. Raises NotSo where the stack has none."""
    found = next((resource for resource in context.graph.of_type(type_) if resource.name == name), None)
    if found is None:
        raise NotSo(f"the stack has no {name}")
    return found


def function(context: ProbeContext, name: str) -> Resource:
    return named(context, FUNCTION, f"functions-{name}")


def live(context: ProbeContext, name: str) -> str:
    """Return the ARN of a function's live alias, which all callers use."""
    return f"{value(function(context, name), 'arn')}:live"


def queue(context: ProbeContext, name: str) -> Resource:
    return named(context, QUEUE, f"queues-{name}-queue")


def poller(context: ProbeContext, worker: str) -> Poller:
    return Poller(context, named(context, MAPPING, f"consumers-{worker}"))


def gateway(context: ProbeContext) -> Gateway:
    return Gateway(context, named(context, SOCKETS, "sockets-api"))


def ask(context: ProbeContext, event: Mapping[str, Any], code: Code | None = None) -> tuple[int, Any]:
    """Call the API's function with a request; return the status and the body. Raises NotSo where it fails."""
    called: Called = run(context, live(context, "api-handler"), event, code)
    if called.error is not None:
        raise NotSo(f"the API's function fails with {called.error}: {called.message}")
    body = called.result.get("body")
    return called.result["statusCode"], json.loads(body) if body else None


def make_project(context: ProbeContext, wish: str | None = None, code: Code | None = None) -> tuple[int, Any]:
    """Ask the API for a project, with work to do where there is a wish."""
    body = {"name": "probe", "type": "api", "owner_id": "probe-owner", **({"requirements": wish} if wish else {})}
    return ask(context, request("POST", "/api/projects", body), code)


def items(scene: Scene, partition: str) -> dict[str, Item]:
    """Return the items of a partition of the table by their sort keys."""
    (rows,) = scene.tables.items().values()
    return {row["SK"]: row for row in rows if row["PK"] == partition}


def texts(scene: Scene, connection: str) -> list[dict[str, Any]]:
    """Return what a client was sent: JSON objects, one after the other."""
    decoder, text, found = json.JSONDecoder(), scene.sent(connection), []
    while text:
        one, end = decoder.raw_decode(text)
        found.append(one)
        text = text[end:]
    return found


def table(context: ProbeContext) -> Resource:
    return named(context, TABLE, "tables-data")
