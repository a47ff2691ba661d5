"""The daemon as a process: started once, found by every command, and never taken for one that is gone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import jsonschema
import pytest
from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderStub

from plumbline.__main__ import main
from plumbline.provider import channel, control
from tests.evaluations import ROOT
from tests.plumbline.provider.rig import Asked

LOOK = """
import boto3
print(boto3.client("sqs").list_queues()["QueueUrls"][0].rpartition("/")[2])
print(boto3.client("sts").get_caller_identity()["Account"], boto3.client("sqs").meta.region_name)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with one stack, in whose directory the test runs; its daemon ends with the test."""
    (tmp_path / "Pulumi.yaml").write_text("name: small\nruntime: python\n", encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {small:system: small}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    with contextlib.suppress(channel.NotRunning):
        control.stop(tmp_path / ".plumbline" / "engine" / "dev")


@pytest.fixture
def directory(project: Path) -> Path:
    place = project / ".plumbline" / "engine" / "dev"
    place.mkdir(parents=True)
    return place


def plugin(directory: Path, package: str = "aws") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "plumbline.provider.launcher", str(directory), package]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ends(port: int) -> bool:
    """Wait until nothing answers on a port any more."""
    deadline = time.monotonic() + 20
    while answers(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not answers(port)


def test_start_status_env_and_stop(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "status", "dev"]) == 1
    assert main(["sandbox", "stop", "dev"]) == 0
    assert main(["sandbox", "env", "dev"]) == 2
    told = capsys.readouterr()
    assert told.out == "dev: no sandbox is running\n" * 2
    assert told.err == "error stack dev: no sandbox is running\n"

    assert main(["sandbox", "start", "dev", "--format", "json"]) == 0
    started = json.loads(capsys.readouterr().out)
    assert main(["sandbox", "start", "dev"]) == 0
    assert capsys.readouterr().out.startswith(f"dev: running already: process {started['pid']} at http://127.0.0.1:")
    assert main(["sandbox", "status", "dev", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"running": True, **started}
    assert main(["sandbox", "env", "dev"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"export AWS_ENDPOINT_URL={started['endpoint']}" in lines
    assert all(line.startswith("export AWS_") for line in lines)

    assert main(["sandbox", "stop", "dev"]) == 0
    assert capsys.readouterr().out == f"dev: process {started['pid']} was stopped, and its AWS is gone\n"
    assert main(["sandbox", "status", "dev"]) == 1


def test_what_machines_read_fits_the_schema(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads((ROOT / "docs" / "contract.schema.json").read_text(encoding="utf-8"))
    written: dict[str, list[str]] = {}
    for action in ("status", "stop", "start", "status", "env", "stop"):
        main(["sandbox", action, "dev", "--format", "json"])
        document = json.loads(capsys.readouterr().out)
        name = {"env": "sandbox_environment", "stop": "sandbox_stopped"}.get(action, "sandbox")
        jsonschema.validate(document, {"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]})
        written.setdefault(action, []).append(",".join(sorted(document)))
    described = "account,endpoint,instance,pid,region,resources"
    assert written["start"] == [described]
    assert written["status"] == ["running", "account,endpoint,instance,pid,region,resources,running"]
    assert "AWS_ENDPOINT_URL" in written["env"][0]


def test_an_unknown_stack_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "start", "def"]) == 2
    assert capsys.readouterr().err == "error stack 'def' is not known (did you mean dev?); known: dev\n"


def test_files_of_a_daemon_are_its_owner_s_alone(directory: Path) -> None:
    control.start(directory)
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in directory.iterdir() if file.suffix != ".lock"}
    assert modes == {"daemon.json": "0o600", "daemon.log": "0o600"}


def test_a_client_in_another_process_sees_the_stack_in_its_account_and_region(directory: Path) -> None:
    control.start(directory)
    process = plugin(directory)
    with grpc.insecure_channel(f"127.0.0.1:{port_of(process)}") as to_plugin:
        provider = Asked(ResourceProviderStub(to_plugin))
        provider.configure(region="eu-west-1", allowedAccountIds='["111122223333"]')
        provider.create("jobs", name="jobs")
    process.kill()
    process.communicate()
    found = control.status(directory)
    assert (found.account, found.region, found.resources) == ("111122223333", "eu-west-1", 1)
    looked = subprocess.run(
        [sys.executable, "-c", LOOK],
        env={**os.environ, **control.variables(found)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert looked.stdout == "jobs\n111122223333 eu-west-1\n"


def test_a_killed_plugin_ends_its_provider_and_nothing_else(directory: Path) -> None:
    control.start(directory)
    first, second = plugin(directory), plugin(directory, "awsx")
    ports = port_of(first), port_of(second)
    assert ports[0] != ports[1]
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert ends(ports[0])
    assert answers(ports[1])
    assert control.status(directory).resources == 0
    second.kill()
    second.communicate()


def test_a_plugin_without_daemon_says_so(directory: Path) -> None:
    process = plugin(directory)
    assert process.communicate()[1] == "no sandbox is running; `python -m plumbline sandbox start` starts one\n"
    assert process.returncode == 1


def test_a_plugin_ends_with_the_daemon(directory: Path) -> None:
    found, _ = control.start(directory)
    process = plugin(directory)
    port_of(process)
    os.kill(found.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode == 1


def test_two_starts_at_once_make_one_daemon(directory: Path) -> None:
    found: list[tuple[control.Status, bool]] = []
    threads = [threading.Thread(target=lambda: found.append(control.start(directory))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({status.instance for status, _ in found}) == 1
    assert sorted(new for _, new in found) == [False, False, True]


def test_a_killed_daemon_is_told_from_one_that_runs(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = control.start(directory)
    os.kill(first.pid, signal.SIGKILL)
    assert ends(int(first.endpoint.rpartition(":")[2]))
    assert main(["sandbox", "status", "dev"]) == 1
    assert capsys.readouterr().out == f"dev: the sandbox of process {first.pid} is gone, and its AWS with it\n"
    second, new = control.start(directory)
    assert new
    assert second.instance != first.instance


def test_whoever_has_the_port_and_the_process_id_now_is_not_taken_for_the_daemon(directory: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        threading.Thread(target=lambda: other.accept()[0].close(), daemon=True).start()
        channel.write(
            directory, channel.Address("gone", os.getpid(), other.getsockname()[1], "http://127.0.0.1:1", "00" * 32)
        )
        with pytest.raises(channel.NotRunning, match=r"is gone, and its AWS with it$"):
            control.status(directory)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"instance": 1}', '{"instance": "a", "other": 1}'])
def test_a_file_that_is_cut_off_is_no_daemon(directory: Path, text: str) -> None:
    (directory / channel.FILE).write_text(text, encoding="utf-8")
    with pytest.raises(channel.NotRunning, match=r"^no sandbox is running$"):
        control.status(directory)


def test_who_does_not_know_the_token_gets_no_answer_and_disturbs_nobody(directory: Path) -> None:
    found, _ = control.start(directory)
    address = channel.read(directory)
    assert address is not None
    stranger = directory.parent / "stranger"
    stranger.mkdir()
    channel.write(stranger, channel.Address("x", found.pid, address.port, found.endpoint, "00" * 32))
    with pytest.raises(channel.NotRunning):
        control.status(stranger)
    with socket.create_connection(("127.0.0.1", address.port)) as rude:
        rude.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert control.status(directory).instance == found.instance
