"""The WebSocket server of the container: a real server on a free port, real clients, and AWS in memory."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from agenticai_shared import parameters, work
from agenticai_shared.connections import Connections
from moto import mock_aws
from websocket_server import __main__ as command
from websocket_server.admission import Allowance, Keys
from websocket_server.config import AGENTS, Config, ConfigRefused
from websocket_server.events import Events
from websocket_server.server import SocketServer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from systems.agentic.migrate.create import create_table
from tests.evaluations import ROOT
from tests.systems.agentic.rig import TABLE

KEY = "the-key-of-a-client-of-ours"
DIGEST = hashlib.sha256(KEY.encode()).hexdigest()
PROJECT = "proj_20260131_120000"
ORIGIN = "https://app.example.com"


@dataclass
class Running:
    """A server that listens, and a round of its queue on demand."""

    server: SocketServer
    events: Events
    port: int
    queues: dict[str, str]

    def url(self, query: str = f"api_key={KEY}") -> str:
        return f"ws://127.0.0.1:{self.port}/ws?{query}"

    def tasks(self, agent: str) -> list[dict[str, Any]]:
        found = boto3.client("sqs").receive_message(QueueUrl=self.queues[agent], MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Make the table and the queues, and name them in the environment as the container's task definition does."""
    with mock_aws():
        for cache in (parameters.load, work._queues):
            cache.cache_clear()
        create_table(boto3.client("dynamodb"), TABLE)
        made = {name: boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in (*AGENTS, "events")}
        for name, url in made.items():
            monkeypatch.setenv(f"SQS_QUEUE_URL_{name.upper()}", url)
        monkeypatch.setenv("DYNAMODB_TABLE_NAME", TABLE)
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("WEBSOCKET_HOST", "127.0.0.1")
        yield made
        for cache in (parameters.load, work._queues):
            cache.cache_clear()


@asynccontextmanager
async def running(queues: dict[str, str], **changes: Any) -> AsyncIterator[Running]:
    longest = changes.pop("longest_seconds", 3600)
    given = {"rate": 100.0, "burst": 200, "origin": ORIGIN, **changes}
    config = Config(host="127.0.0.1", port=0, table=TABLE, events_queue=queues["events"], **given)
    server = SocketServer(config, work.Table.connect(TABLE, None), Keys([DIGEST]), lambda: 0.0, longest)
    port = await server.start()
    events = Events(boto3.client("sqs"), queues["events"], server.clients, wait_seconds=0)
    try:
        yield Running(server, events, port, queues)
    finally:
        await server.stop()


async def ask(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def heard(socket: ClientConnection) -> Any:
    return json.loads(await asyncio.wait_for(socket.recv(), 10))


async def settled(socket: ClientConnection) -> None:
    """Wait until everything that was sent is worked on: messages of one client are answered in their order."""
    await ask(socket, action="ping")
    assert await heard(socket) == {"event": "pong"}


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]  # a coroutine is awaitable, and all of these are


def items() -> list[str]:
    return sorted(item["PK"]["S"].partition("#")[0] for item in boto3.client("dynamodb").scan(TableName=TABLE)["Items"])


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("", {}, 401),
        ("api_key=", {}, 401),
        ("api_key=another", {}, 401),
        (f"api_key={DIGEST}", {}, 401),
        (f"api_key={KEY}", {"Origin": "https://elsewhere.example.com"}, 403),
    ],
)
def test_nobody_comes_in_without_a_key_or_from_another_website(
    queues: dict[str, str], query: str, headers: dict[str, str], status: int
) -> None:
    async def test() -> None:
        async with running(queues) as app:
            with pytest.raises(InvalidStatus) as refused:
                async with connect(app.url(query), additional_headers=headers):
                    pass
            assert refused.value.response.status_code == status

    run(test)
    assert items() == []


@pytest.mark.parametrize(
    ("query", "headers"),
    [(f"api_key={KEY}", {}), ("", {"x-api-key": KEY}), (f"api_key={KEY}", {"Origin": ORIGIN})],
)
def test_a_client_with_a_key_is_let_in_and_forgotten_when_it_leaves(
    queues: dict[str, str], query: str, headers: dict[str, str]
) -> None:
    async def test() -> None:
        async with running(queues) as app, connect(app.url(query), additional_headers=headers) as socket:
            await settled(socket)
            assert items() == ["CONNECTION"]

    run(test)
    assert items() == []


def test_a_worker_event_reaches_those_who_listen_and_nobody_else(
    queues: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with (
            running(queues) as app,
            connect(app.url(f"api_key={KEY}&project_id={PROJECT}")) as first,
            connect(app.url()) as second,
            connect(app.url()) as third,
        ):
            await settled(first)
            await ask(second, action="subscribe", project_id=PROJECT)
            await ask(third, action="subscribe", project_id=PROJECT)
            await ask(third, action="unsubscribe", project_id=PROJECT)
            await settled(second)
            await settled(third)
            # What a worker does: it knows of a queue and of no client.
            monkeypatch.setenv("EVENTS_QUEUE_URL", queues["events"])
            worker = Connections(work.Table.connect(TABLE, None), lambda to, body: pytest.fail("sent by the worker"))
            assert worker.tell(PROJECT, "test_started", {"test_id": "t"}) == 0
            assert await app.events.once() == 1
            event = {"event": "test_started", "project_id": PROJECT, "test_id": "t"}
            assert (await heard(first), await heard(second)) == (event, event)
            await settled(third)  # its next word is the answer to this, so the event was none

    run(test)


def test_a_client_forwards_to_others_who_listen_and_to_an_agents_queue(queues: dict[str, str]) -> None:
    async def test() -> None:
        async with (
            running(queues) as app,
            connect(app.url(f"api_key={KEY}&project_id={PROJECT}")) as one,
            connect(app.url(f"api_key={KEY}&project_id={PROJECT}")) as other,
        ):
            await settled(other)
            await ask(one, action="forward", project_id=PROJECT, message="hello")
            assert await heard(other) == {"event": "forward", "project_id": PROJECT, "message": "hello"}
            for agent in AGENTS:
                await ask(one, action="forward", project_id=PROJECT, agent=agent, request=f"for {agent}")
                answer = await heard(one)
                [task] = app.tasks(agent)
                assert answer == {"event": "forwarded", "project_id": PROJECT, "task_id": task["task_id"]}
                assert (work.read(json.dumps(task)).request, task["project_id"]) == (f"for {agent}", PROJECT)

    run(test)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ("{", "the message must be a JSON object"),
        (b"\xff", "the message must be a JSON object"),
        ("[1]", "the message must be a JSON object"),
        ('{"action": "dance"}', "action: forward, ping, subscribe or unsubscribe is needed"),
        ('{"action": "subscribe", "project_id": "x"}', "not an id of the form proj_YYYYMMDD_HHMMSS_…: 'x'"),
        ('{"action": "forward", "project_id": "x"}', "project_id: subscribe to the project first"),
        (
            json.dumps({"action": "forward", "project_id": PROJECT, "agent": "cfo"}),
            "agent: pm, dev, qa, ops is needed",
        ),
        (
            json.dumps({"action": "forward", "project_id": PROJECT, "agent": "pm", "mode": "slow"}),
            "mode: fast or deep is needed",
        ),
    ],
)
def test_a_wrong_message_is_answered_and_the_connection_stays(
    queues: dict[str, str], sent: str | bytes, error: str
) -> None:
    async def test() -> None:
        async with running(queues) as app, connect(app.url(f"api_key={KEY}&project_id={PROJECT}")) as socket:
            await socket.send(sent)
            assert await heard(socket) == {"error": error}
            await settled(socket)

    run(test)


def test_a_client_that_asks_too_much_is_told_so(queues: dict[str, str]) -> None:
    async def test() -> None:
        async with running(queues, burst=2) as app, connect(app.url()) as one, connect(app.url()) as other:
            await settled(one)
            await settled(other)  # the limit is the client's, whichever of its connections it uses
            await ask(one, action="ping")
            assert await heard(one) == {"error": "too many messages"}

    run(test)


def test_a_message_beyond_a_frame_ends_the_connection(queues: dict[str, str]) -> None:
    async def test() -> None:
        async with running(queues) as app, connect(app.url()) as socket:
            await ask(socket, action="forward", message="x" * 40_000)
            with pytest.raises(ConnectionClosed) as closed:
                await heard(socket)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009

    run(test)


def test_what_fails_is_told_and_the_connection_stays(queues: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with running(queues) as app, connect(app.url(f"api_key={KEY}&project_id={PROJECT}")) as socket:
            await settled(socket)
            monkeypatch.setenv("SQS_QUEUE_URL_PM", "https://sqs.us-east-1.amazonaws.com/123456789012/none")
            await ask(socket, action="forward", project_id=PROJECT, agent="pm")
            assert await heard(socket) == {"error": "not done; try again"}
            await settled(socket)

    run(test)


def test_a_connection_ends_after_its_longest_time(queues: dict[str, str]) -> None:
    async def test() -> None:
        async with running(queues, longest_seconds=0.01) as app, connect(app.url()) as socket:
            with pytest.raises(ConnectionClosed) as closed:
                await heard(socket)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1000

    run(test)


def test_a_client_of_a_former_container_is_forgotten_with_the_first_event(queues: dict[str, str]) -> None:
    async def test() -> None:
        async with running(queues) as app:
            app.server.clients.open("gone", PROJECT)
            assert items() == ["AUDIENCE", "CONNECTION", "CONNECTION"]
            assert await asyncio.to_thread(app.server.clients.deliver, PROJECT, "test_started", {}) == 0

    run(test)
    assert items() == []


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '{"project_id": "x"}',
        json.dumps({"project_id": PROJECT, "event": "party", "facts": {}}),
    ],
)
def test_poison_stays_on_the_queue_of_events_and_the_rest_is_delivered(queues: dict[str, str], body: str) -> None:
    async def test() -> None:
        async with running(queues) as app, connect(app.url(f"api_key={KEY}&project_id={PROJECT}")) as socket:
            await settled(socket)
            good = json.dumps({"project_id": PROJECT, "event": "test_started", "facts": {}})
            for message in (body, good):
                boto3.client("sqs").send_message(QueueUrl=queues["events"], MessageBody=message)
            assert await app.events.once() == 1
            assert await heard(socket) == {"event": "test_started", "project_id": PROJECT}

    run(test)
    counts = boto3.client("sqs").get_queue_attributes(QueueUrl=queues["events"], AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_an_error_of_the_queue_is_tried_again_after_a_pause(queues: dict[str, str]) -> None:
    class Failing:
        def receive_message(self, **_: Any) -> Any:
            raise RuntimeError("no network")

    async def test() -> None:
        stopping, slept = asyncio.Event(), []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 2:
                stopping.set()

        clients = Connections(work.Table.connect(TABLE, None), lambda to, body: None)
        await Events(Failing(), queues["events"], clients, sleep=sleep).run(stopping)
        assert slept == [5.0, 5.0]

    run(test)


def status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_health_is_answered_over_plain_http_until_the_server_stops(queues: dict[str, str]) -> None:
    async def test() -> None:
        async with running(queues) as app:
            found = [await asyncio.to_thread(status, app.port, path) for path in ("/health", "/other", "/ws")]
            assert found == [200, 404, 401]
            app.server.stopping.set()
            assert await asyncio.to_thread(status, app.port, "/health") == 503

    run(test)


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_the_server(
    queues: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: signal.Signals
) -> None:
    config = Config(
        host="127.0.0.1", port=0, table=TABLE, events_queue=queues["events"], rate=100, burst=200, origin=ORIGIN
    )
    monkeypatch.setattr("websocket_server.events.WAIT_SECONDS", 0)
    monkeypatch.setattr(Events.__init__, "__kwdefaults__", {"wait_seconds": 0, "sleep": asyncio.sleep})

    async def test() -> None:
        started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(command.run(config, Keys([DIGEST]), started))
        url = f"ws://127.0.0.1:{await started}/ws?api_key={KEY}&project_id={PROJECT}"
        async with connect(url) as socket:
            await settled(socket)
            os.kill(os.getpid(), name)
            with pytest.raises(ConnectionClosed) as closed:
                await heard(socket)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1001  # going away: come again
        await asyncio.wait_for(serving, 30)
        with pytest.raises(OSError):
            async with connect(url):
                pass

    run(test)
    assert items() == []


def test_an_allowance_fills_up_again_with_time() -> None:
    now = [0.0]
    allowance = Allowance(rate=2, burst=3, now=lambda: now[0])
    assert [allowance.take("a") for _ in range(4)] == [True, True, True, False]
    assert allowance.take("b") is True
    now[0] = 0.5
    assert [allowance.take("a"), allowance.take("a")] == [True, False]
    now[0] = 100
    assert [allowance.take("a") for _ in range(4)] == [True, True, True, False]


def test_keys_are_digests_and_a_wrong_entry_is_not_shown() -> None:
    assert len(Keys.read("")) == 0
    keys = Keys.read(f"{DIGEST},\n {'0' * 64}")
    assert (len(keys), keys.client(KEY), keys.client("other"), Keys.read("").client("")) == (2, DIGEST[:12], None, None)
    with pytest.raises(ValueError, match="entry 2: no SHA-256 digest") as told:
        Keys.read(f"{DIGEST} {KEY}")
    assert KEY not in str(told.value)


NEEDED = {"AWS_REGION": "us-east-1", "DYNAMODB_TABLE_NAME": "t"} | {
    f"SQS_QUEUE_URL_{name.upper()}": f"https://{name}" for name in (*AGENTS, "events")
}


def test_the_environment_is_read_with_defaults() -> None:
    assert Config.read(NEEDED) == Config(
        host="0.0.0.0", port=8080, table="t", events_queue="https://events", rate=100, burst=200, origin=""
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"WEBSOCKET_PORT": "http"}, "WEBSOCKET_PORT: 'http' given; allowed: a number from 1 to 65535"),
        ({"WEBSOCKET_PORT": "80.5"}, "WEBSOCKET_PORT: '80.5' given; allowed: a number from 1 to 65535"),
        ({"WEBSOCKET_RATE": "0"}, "WEBSOCKET_RATE: '0' given; allowed: a number from 0.001 to 10000"),
        ({"WEBSOCKET_BURST": "nan"}, "WEBSOCKET_BURST: 'nan' given; allowed: a number from 1 to 5000"),
        ({"DYNAMODB_TABLE_NAME": ""}, "DYNAMODB_TABLE_NAME: missing"),
        (
            {"SQS_QUEUE_URL_EVENTS": "", "SQS_QUEUE_URL_PM": ""},
            "SQS_QUEUE_URL_PM: missing\nSQS_QUEUE_URL_EVENTS: missing",
        ),
    ],
)
def test_a_wrong_environment_is_told_line_by_line(
    changes: dict[str, str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigRefused) as told:
        Config.read({**NEEDED, **changes})
    assert str(told.value) == line
    assert (command.main({**NEEDED, **changes}), capsys.readouterr().err) == (2, f"{line}\n")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (None, "no such parameter: /app/websocket-keys\n"),
        ("my-plain-key", "parameter websocket-keys: entry 1: no SHA-256 digest; 64 hexadecimal digits in lower case"),
    ],
)
def test_a_wrong_parameter_ends_the_start_with_one_line(
    queues: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    value: str | None,
    line: str,
) -> None:
    monkeypatch.setenv("PARAMETERS", "/app/websocket-keys")
    if value is not None:
        boto3.client("ssm").put_parameter(Name="/app/websocket-keys", Value=value, Type="SecureString")
    assert command.main({**NEEDED}) == 2
    told = capsys.readouterr().err
    assert told.startswith(line)
    assert (told.count("\n"), "my-plain-key" in told) == (1, False)


def test_the_image_has_no_root_no_secret_and_only_locked_packages() -> None:
    folder = ROOT / "systems" / "agentic" / "container"
    lines = [line.strip() for line in (folder / "Dockerfile").read_text().splitlines()]
    named = [line for line in lines if line.startswith(("FROM", "USER", "STOPSIGNAL"))]
    assert named == ["FROM python:3.11-slim", "USER wsuser", "STOPSIGNAL SIGTERM"]
    assert [line for line in lines if line.startswith("COPY")] == [
        "COPY container/requirements.lock ./",
        "COPY application/python/agenticai_shared agenticai_shared",
        "COPY container/websocket_server websocket_server",
    ]
    assert any("--require-hashes" in line for line in lines)
    assert any(line.startswith("HEALTHCHECK --interval=30s") for line in lines)
    wanted = {line for line in (folder / "requirements.txt").read_text().splitlines() if "==" in line}
    locked = {line.removesuffix(" \\") for line in (folder / "requirements.lock").read_text().splitlines()}
    assert wanted <= locked
    developed = Path(ROOT / "requirements-dev.txt").read_text().splitlines()
    assert "boto3==1.44.5" in wanted & set(developed)  # what the tests run is what the image has
