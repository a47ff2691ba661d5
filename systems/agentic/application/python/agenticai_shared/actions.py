"""What connected clients ask for: to hear of a project or not, to hand something on, to be answered (AGENTIC-01.4b).

The routes of the WebSocket API and the container of systems/agentic/container answer alike.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from agenticai_shared import ids, work
from agenticai_shared.connections import Connections
from agenticai_shared.errors import Invalid

_LONGEST_FORWARD = 16_000  # bytes; a frame has 32 KB
_FACTS = ("request", "modification_id", "mode")  # of a task that a client may say something about


def message(body: str | bytes | None) -> dict[str, Any]:
    """Return the object that a client sent. Raises Invalid for anything else."""
    try:
        found = json.loads(body or "")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid("the message must be a JSON object")
    return found


def act(
    clients: Connections, connection: str, action: Any, message: dict[str, Any], agents: Collection[str] = ()
) -> None:
    """Do what a client asks for. Raises Invalid where that makes no sense.

    `agents` are those whose queues a client may forward a task to, by the message's field `agent`.
    """
    project: Any = message.get("project_id")
    match action:
        case "ping":
            clients.reply(connection, {"event": "pong"})
        case "subscribe":
            clients.subscribe(connection, project)
        case "unsubscribe":
            clients.unsubscribe(connection, project)
        case "forward":
            _forward(clients, connection, project, message, agents)
        case _:
            raise Invalid("action: forward, ping, subscribe or unsubscribe is needed")


def _forward(
    clients: Connections, connection: str, project: Any, message: dict[str, Any], agents: Collection[str]
) -> None:
    """Hand something on about a project that the client listens to: to the others who do, or to an agent's queue."""
    if not isinstance(project, str) or not clients.listens(connection, project):
        raise Invalid("project_id: subscribe to the project first")
    agent = message.get("agent")
    if agents and agent is not None:
        if agent not in agents:
            raise Invalid(f"agent: {', '.join(agents)} is needed")
        facts = {name: message[name] for name in _FACTS if name in message}
        task = work.Task(project_id=project, task_id=ids.new_id(ids.TEST, datetime.now(UTC)), **facts)
        work.send(agent, task)
        clients.reply(connection, {"event": "forwarded", "project_id": project, "task_id": task.task_id})
        return
    said = message.get("message")
    if len(json.dumps(said).encode()) > _LONGEST_FORWARD:
        raise Invalid(f"message: more than {_LONGEST_FORWARD:,} bytes")
    clients.deliver(project, "forward", {"message": said}, but=connection)
