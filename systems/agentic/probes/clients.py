"""Clients of the WebSocket API: they connect with a key, subscribe to a project, and hear of its events."""

from __future__ import annotations

from collections.abc import Iterator

from plumbline.probing import Probe, ProbeContext, Resource, Trial, probe, trial, value
from plumbline.probing.calls import FUNCTION
from plumbline.probing.faults import watched
from plumbline.probing.roles import role_may
from plumbline.probing.scenes import Scene
from plumbline.probing.sockets import SOCKETS, Gateway, a_key
from systems.agentic.probes.rest import request
from systems.agentic.probes.scene import API, CHAIN, WISH, ask, gateway, items, make_project, poller, texts

_GROUP = "sockets"
_CLIENT, _OTHER = "probe-client=", "probe-other="
# What a client hears of one modification, from the request to the package.
_EVENTS = [
    "modification_started",
    "modification_progress",
    "test_started",
    "modification_completed",
    "test_completed",
    "project_updated",
]


@probe(_GROUP, SOCKETS, where=lambda api: value(api, "protocolType") == "WEBSOCKET")
def client_needs_a_key(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """Nobody connects without an API key that a usage plan knows, and one who does is remembered for two hours."""
    with Scene(context) as scene:
        door = Gateway(context, api)
        for tried, query, wanted in (
            ("connect without a key", {}, 401),
            ("connect with an empty key", {"api_key": ""}, 401),
            ("connect with a key that nobody has", {"api_key": "plumbline-probe-no-such-key"}, 403),
        ):
            status = door.connect(_CLIENT, query)
            kept = items(scene, f"CONNECTION#{_CLIENT}")
            yield trial(status == wanted and not kept, tried, f"refused with {status}", f"{status}, {len(kept)} items")
        status = door.connect(_CLIENT, {"api_key": a_key(context)})
        record = items(scene, f"CONNECTION#{_CLIENT}").get("METADATA", {})
        yield trial(
            status == 200 and "expires_at" in record,
            "connect with a client's key",
            "connected, with a record that expires",
            f"{status}, {'a record' if record else 'no record'}",
        )
        status = door.disconnect(_CLIENT)
        kept = items(scene, f"CONNECTION#{_CLIENT}")
        yield trial(status == 200 and not kept, "disconnect", "the record is gone", f"{status}, {len(kept)} items left")


@probe(_GROUP, SOCKETS, where=lambda api: value(api, "protocolType") == "WEBSOCKET")
def message_finds_its_route(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """Each action has a route of its own, what has none goes to $default, and the client is answered."""
    with Scene(context) as scene:
        door, key = Gateway(context, api), a_key(context)
        _, project = make_project(context)
        for client in (_CLIENT, _OTHER):
            door.connect(client, {"api_key": key})
        for client, message, wanted in (
            (_CLIENT, {"action": "subscribe", "project_id": project["id"]}, ("subscribe", 200)),
            (_OTHER, {"action": "subscribe", "project_id": project["id"]}, ("subscribe", 200)),
            (_CLIENT, {"action": "forward", "project_id": project["id"], "message": "hello"}, ("forward", 200)),
            (_OTHER, {"action": "unsubscribe", "project_id": project["id"]}, ("unsubscribe", 200)),
            (_OTHER, {"action": "forward", "project_id": project["id"], "message": "hello"}, ("forward", 400)),
            (_CLIENT, {"action": "ping"}, ("ping", 200)),
            (_CLIENT, {"action": "$disconnect"}, ("$default", 400)),
            (_CLIENT, "no object", ("$default", 400)),
        ):
            found = door.send(client, message)
            tried = f"send {message['action'] if isinstance(message, dict) else 'no object'}"
            yield trial(found == wanted, tried, f"{found[0]} answers {found[1]}", f"{found}, not {wanted}")
        heard = [message.get("event") or "error" for message in texts(scene, _CLIENT)]
        wanted = ["pong", "error", "error"]
        yield trial(heard == wanted, "read what the sender heard", ", ".join(heard), f"{heard}, not {wanted}")
        heard = [message.get("message") or "error" for message in texts(scene, _OTHER)]
        yield trial(heard == ["hello", "error"], "read what the other heard", ", ".join(heard), f"{heard}")


@probe(_GROUP, SOCKETS, where=lambda api: value(api, "protocolType") == "WEBSOCKET")
def events_reach_client(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """The events of the workers reach the client that subscribed to the project, and no other client."""
    with Scene(context) as scene:
        door, key = Gateway(context, api), a_key(context)
        _, project = make_project(context)
        door.connect(_CLIENT, {"api_key": key, "project_id": project["id"]})
        door.connect(_OTHER, {"api_key": key})
        wish = {"request": WISH, "requested_by": "probe-user"}
        ask(context, request("POST", "/api/projects/{id}/modify", wish, project["id"]))
        for _, worker in CHAIN:
            poller(context, worker).deliver()
        heard = [message["event"] for message in texts(scene, _CLIENT)]
        yield trial(heard == _EVENTS, "read what the subscriber was sent", ", ".join(heard), f"{heard}, not {_EVENTS}")
        about = {message["project_id"] for message in texts(scene, _CLIENT)}
        yield trial(about == {project["id"]}, "read what they are about", "the project", f"{about}")
        others = texts(scene, _OTHER)
        yield trial(not others, "read what another client was sent", "nothing", f"{len(others)} events")


@probe(_GROUP, FUNCTION, where=lambda one: "WEBSOCKET_ENDPOINT" in (value(one, "environment.variables") or {}))
def function_may_post(context: ProbeContext, function: Resource) -> Iterator[Trial]:
    """A function that sends events to clients knows the stage's address, and its role may post there."""
    stage = gateway(context).stage
    endpoint = value(function, "environment.variables.WEBSOCKET_ENDPOINT")
    wanted = str(value(stage, "invokeUrl")).replace("wss://", "https://")
    yield trial(endpoint == wanted, "compare its address with the stage's", "the same", f"{endpoint}, not {wanted}")
    arn = f"{value(stage, 'executionArn')}/POST/@connections/{_CLIENT}"
    yield role_may(context, function, "execute-api:ManageConnections", arn)


@probe(_GROUP, FUNCTION, where=lambda one: one.name == API)
def client_that_is_gone_is_forgotten(context: ProbeContext, api: Resource) -> Iterator[Trial]:
    """A client that is gone without a word is forgotten at the next event, and the request succeeds all the same."""
    with Scene(context) as scene:
        _, project = make_project(context)
        gateway(context).connect(_CLIENT, {"api_key": a_key(context), "project_id": project["id"]})
        change = request("PUT", "/api/projects/{id}", {"name": "renamed"}, project["id"])
        with watched(("PostToConnection", "GoneException")) as seen:
            status, _ = ask(context, change, context.fresh_code())
        kept = [*items(scene, f"CONNECTION#{_CLIENT}"), *items(scene, f"AUDIENCE#{project['id']}")]
        yield trial(
            (status, len(seen.refused), kept) == (200, 1, []),
            "send an event to a client that is gone",
            "200, and nothing is kept of the client",
            f"{status}, {len(seen.refused)} refused, {len(kept)} items left",
        )


PROBES: tuple[Probe, ...] = (
    client_needs_a_key,
    message_finds_its_route,
    events_reach_client,
    function_may_post,
    client_that_is_gone_is_forgotten,
)
