"""What the rotation is tested against: ElastiCache below boto3, a Redis that speaks TLS, and a secret in moto."""

from __future__ import annotations

import datetime
import importlib
import ipaddress
import socketserver
import ssl
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.secretsmanager.models import secretsmanager_backends

TRADING = Path(__file__).resolve().parents[2] / "systems" / "trading"
REGION = "eu-central-1"
GROUP = "test-redis"
OLD, NEW = "0" * 32, "1" * 32  # versions of the secret
OLD_TOKEN = "TheOldToken0123456789"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class Cache:
    """ElastiCache as far as it matters here, put in the place of the network below the function's own client.

    A change takes effect when the group has been looked at some times, and up to two tokens are accepted.
    """

    def __init__(self, client: Any, host: str) -> None:
        self.tokens = [OLD_TOKEN]
        self.changes: list[tuple[str, str]] = []
        self.change: tuple[str, str] | None = None  # the one that has no effect yet
        self.group: dict[str, Any] = {"NodeGroups": [{"PrimaryEndpoint": {"Address": host, "Port": 6379}}]}
        self.statuses: list[str] = []  # what the next looks see; available after these
        self.statuses_of_a_change = ["modifying", "modifying"]
        self.quoting: set[str] = set()  # strategies that are refused by a message with the request in it
        client.meta.events.register("before-call.elasticache", self.call)

    def call(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        assert params["body"]["ReplicationGroupId"] == GROUP
        try:
            return SimpleNamespace(status_code=200), getattr(self, model.name)(params["body"])
        except LookupError as error:
            code, message = error.args
            return SimpleNamespace(status_code=400), {"Error": {"Code": code, "Message": message}}

    def DescribeReplicationGroups(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.statuses:
            return {"ReplicationGroups": [{"Status": self.statuses.pop(0), **self.group}]}
        if self.change:
            strategy, token = self.change
            self.tokens = [token] if strategy == "SET" else [self.tokens[-1], token]
            self.change = None
        return {"ReplicationGroups": [{"Status": "available", **self.group}]}

    def ModifyReplicationGroup(self, request: dict[str, Any]) -> dict[str, Any]:
        strategy, token = request["AuthTokenUpdateStrategy"], request["AuthToken"]
        if strategy in self.quoting:
            raise LookupError("InvalidParameterValue", f"refused: {request}")
        if self.statuses:
            raise LookupError("InvalidReplicationGroupState", "the group must be available")
        if strategy == "SET" and token != self.tokens[-1]:
            raise LookupError("InvalidParameterValue", "SET is allowed after ROTATE only")
        assert request["ApplyImmediately"] == "true"
        self.change = (strategy, token)
        self.changes.append(self.change)
        self.statuses = list(self.statuses_of_a_change)
        return {"ReplicationGroup": {"Status": "modifying"}}


class Redis(socketserver.ThreadingTCPServer):
    """A TLS server on 127.0.0.1 that knows AUTH and PING."""

    daemon_threads = True
    cache: Cache
    answers: dict[bytes, bytes]  # in place of its own
    commands: list[bytes]  # that it was sent

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that do not trust the certificate hang up; that is what their tests are about."""


class Connection(socketserver.StreamRequestHandler):
    tls: ssl.SSLContext
    server: Redis

    def setup(self) -> None:
        self.request = self.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        allowed = False
        while first := self.rfile.readline():
            words = [self.word() for _ in range(int(first[1:]))]
            self.server.commands.append(words[0])
            if words[0] == b"AUTH":
                allowed = words[1].decode() in self.server.cache.tokens
                answer = b"+OK\r\n" if allowed else b"-WRONGPASS invalid username-password pair\r\n"
            else:
                answer = b"+PONG\r\n" if allowed else b"-NOAUTH Authentication required.\r\n"
            answer = self.server.answers.get(words[0], answer)
            if not answer:
                return
            self.wfile.write(answer.replace(b"{}", words[-1]))

    def word(self) -> bytes:
        length = int(self.rfile.readline()[1:])
        word = self.rfile.read(length + 2)
        assert word.endswith(b"\r\n")
        return word[:-2]


def write_certificate(file: Path) -> None:
    """Write the server's key and its certificate, which is valid for 127.0.0.1 and vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Redis of the tests")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))


@contextmanager
def serving(certificate: Path) -> Iterator[Redis]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with Redis(("127.0.0.1", 0), type("TlsConnection", (Connection,), {"tls": tls})) as server:
        server.answers, server.commands = {}, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def function(monkeypatch: pytest.MonkeyPatch, port: int) -> Iterator[ModuleType]:
    """The function's module, fresh, with its environment and a secret that holds the old token."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(TRADING / "layer" / "python"))
    monkeypatch.syspath_prepend(str(TRADING / "rotation"))
    for variable in ("SECRETSMANAGER_ENDPOINT", "ELASTICACHE_ENDPOINT", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(variable, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("REPLICATION_GROUP_ID", GROUP)
    monkeypatch.setenv("REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("REDIS_PORT", str(port))
    with mock_aws():
        client = boto3.client("secretsmanager")
        created = client.create_secret(Name="redis", SecretString=OLD_TOKEN, ClientRequestToken=OLD)
        monkeypatch.setenv("SECRET_ARN", created["ARN"])
        _forget()
        yield importlib.import_module("rotate_redis_token")
        _forget()


def _forget() -> None:
    for name in list(sys.modules):
        if name == "rotate_redis_token" or name.partition(".")[0] == "trading_shared":
            del sys.modules[name]


class Rotation:
    """The function between a secret whose rotation has begun, the cache and the server."""

    def __init__(self, module: ModuleType, redis: Redis, arn: str) -> None:
        self.module, self.redis, self.arn = module, redis, arn
        self.client = boto3.client("secretsmanager")
        self.cache = redis.cache = Cache(module.elasticache(), "127.0.0.1")
        self.seconds = 900
        self.context = SimpleNamespace(
            aws_request_id="request-1", get_remaining_time_in_millis=lambda: self.seconds * 1000
        )
        self.said: list[str] = []  # in exceptions and in log lines that a test took
        self.own_tls_context = module.tls_context
        # As RotateSecret leaves it: moto itself would rotate at once where no function is named.
        self.secret: Any = secretsmanager_backends[DEFAULT_ACCOUNT_ID][REGION].secrets[arn]
        self.secret.rotation_requested = self.secret.rotation_enabled = True
        self.secret.versions[NEW] = {"version_id": NEW, "createdate": 0, "version_stages": ["AWSPENDING"]}

    def pause(self, seconds: float) -> None:
        self.seconds -= int(seconds)

    def run(self, *steps: str, **changes: Any) -> None:
        for step in steps:
            event = {"SecretId": self.arn, "ClientRequestToken": NEW, "Step": step, **changes}
            self.module.handler(event, self.context)

    def refusal(self, step: str, **changes: Any) -> str:
        with pytest.raises((ValueError, ClientError, self.module.RotationError)) as caught:
            self.run(step, **changes)
        self.said += traceback.format_exception(caught.value)
        return str(caught.value)

    def stages(self) -> dict[str, list[str]]:
        return self.client.describe_secret(SecretId=self.arn)["VersionIdsToStages"]

    def token(self, version: str = NEW) -> str:
        return self.client.get_secret_value(SecretId=self.arn, VersionId=version)["SecretString"]

    def put(self, token: str) -> None:
        self.secret.versions[NEW]["secret_string"] = token

    def tokens(self) -> set[str]:
        return {version["secret_string"] for version in self.secret.versions.values() if "secret_string" in version}

    def state(self) -> Any:
        """Everything that a step can change."""
        return self.stages(), self.tokens(), self.cache.tokens, self.cache.changes
