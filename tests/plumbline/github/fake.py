"""A GitHub that listens on this machine: comments, issues and runs, in pages, for one token."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from plumbline.github.api import BOT, Repository

NAME, TOKEN, RUN = "octo/shop", "made-up-token", "https://github.example/octo/shop/actions/runs/7"
_PAGE = 2  # rows, so that few rows make many pages


@dataclass
class Fake:
    """What it holds, and what it was asked. `refusal` is answered to everything: status and body."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refusal: tuple[int, str, dict[str, str]] | None = None

    @property
    def repository(self) -> Repository:
        return Repository(NAME, TOKEN, self.url)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a run has."""
        return {
            "GITHUB_REPOSITORY": NAME, "GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": self.url, "GITHUB_RUN_ID": "7",
            "GITHUB_SERVER_URL": "https://github.example", "GITHUB_SHA": "a" * 40, "NO_PROXY": "*",
        }  # fmt: skip

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Any:
        """Return what is answered, None where there is no such path."""
        route = path.removeprefix(f"/repos/{NAME}/").split("/")
        if method == "GET" and route == ["issues", "5", "comments"]:
            return self.comments
        if method == "GET" and route == ["issues"]:
            return [row for row in self.issues if row["state"] == query["state"]]
        if method == "GET" and route == ["actions", "workflows", "deploy.yml", "runs"]:
            assert query == {"branch": "main", "status": "success", "per_page": "1"}
            return {"workflow_runs": self.runs[:1]}
        if method == "POST" and route == ["issues", "5", "comments"]:
            return self._made(self.comments, {"id": len(self.comments) + 1, **body})
        if method == "POST" and route == ["issues"]:
            return self._made(self.issues, {"number": len(self.issues) + 1, "state": "open", **body})
        if method == "PATCH" and route[:2] == ["issues", "comments"]:
            return self._changed(self.comments, "id", int(route[2]), body)
        if method == "PATCH" and route[:1] == ["issues"]:
            return self._changed(self.issues, "number", int(route[1]), body)
        return None

    @staticmethod
    def _made(rows: list[dict[str, Any]], row: dict[str, Any]) -> dict[str, Any]:
        rows.append({**row, "user": {"login": BOT}, "html_url": f"https://github.example/{len(rows) + 1}"})
        return rows[-1]

    @staticmethod
    def _changed(rows: list[dict[str, Any]], key: str, value: int, body: dict[str, Any]) -> dict[str, Any]:
        [row] = [row for row in rows if row[key] == value]
        row.update(body)
        return row


class _Handler(BaseHTTPRequestHandler):
    fake: Fake

    def _do(self) -> None:
        address = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(address.query))
        self.fake.asked.append(f"{self.command} {address.path.removeprefix(f'/repos/{NAME}/')}")
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self._answer(401, json.dumps({"message": "Bad credentials"}))
        if self.fake.refusal is not None:
            return self._answer(*self.fake.refusal)
        found = self.fake.answer(self.command, address.path, query, body)
        if found is None:
            return self._answer(404, json.dumps({"message": "Not Found"}))
        if not isinstance(found, list):
            return self._answer(200, json.dumps(found))
        page = int(query.get("page", 1))
        rows, rest = found[(page - 1) * _PAGE : page * _PAGE], found[page * _PAGE :]
        words = urllib.parse.urlencode({**query, "page": page + 1})
        link = {"Link": f'<{self.fake.url}{address.path}?{words}>; rel="next", <{self.fake.url}>; rel="first"'}
        return self._answer(200, json.dumps(rows), link if rest else {})

    do_GET = do_POST = do_PATCH = _do

    def _answer(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[Fake]:
    """Give a fake that listens until the block ends."""
    fake = Fake()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": fake}))
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
