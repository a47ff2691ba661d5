"""GitHub's REST API, as far as the workflows need it."""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Whoever can comment can write a mark; only what the workflow's own token wrote is edited.
BOT = "github-actions[bot]"
# GitHub allows 65,536 characters in a body. Counted in bytes, it holds however GitHub counts.
MOST_BYTES = 65_536
_VERSION = "2022-11-28"
_SECONDS = 30
_NEEDED = ("GITHUB_REPOSITORY", "GITHUB_TOKEN")


class Refused(Exception):
    """What cannot be done, in one line for each reason."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Another host would get the token."""

    def redirect_request(self, *arguments: Any, **named: Any) -> None:
        return None


@dataclass(frozen=True)
class Repository:
    """A repository (OWNER/NAME) as a token sees it. `url` is the API's address."""

    name: str
    token: str = field(repr=False)
    url: str = "https://api.github.com"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Repository:
        """Return the repository of a run. Raises Refused where the environment does not tell it."""
        missing = [name for name in _NEEDED if not environment.get(name)]
        if missing:
            raise Refused(*(f"{name} is not set" for name in missing))
        name = environment["GITHUB_REPOSITORY"]
        if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", name):
            raise Refused(f"GITHUB_REPOSITORY: {name!r} given; allowed: OWNER/NAME")
        url = environment.get("GITHUB_API_URL") or cls.url
        return cls(name, environment["GITHUB_TOKEN"], url.rstrip("/"))

    def all(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield the rows of a list, from all its pages. Raises Refused."""
        words = urllib.parse.urlencode({"per_page": 100, **query})
        address: str | None = f"{self._address(path)}?{words}"
        while address is not None:
            rows, address = self._ask("GET", address)
            if not isinstance(rows, list):
                raise Refused(f"GET {path}: no list answered")
            yield from (row for row in rows if isinstance(row, dict))

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Return one thing. Raises Refused."""
        words = urllib.parse.urlencode(query)
        return self._one("GET", f"{self._address(path)}?{words}")

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make or change one thing, and return it. Raises Refused."""
        return self._one(method, self._address(path), body)

    def _address(self, path: str) -> str:
        return f"{self.url}/repos/{self.name}/{path}"

    def _one(self, method: str, address: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        answer, _ = self._ask(method, address, body)
        if not isinstance(answer, dict):
            raise Refused(f"{method} {address}: no object answered")
        return answer

    def _ask(self, method: str, address: str, body: Mapping[str, Any] | None = None) -> tuple[Any, str | None]:
        """Return what GitHub answers, and the address of the next page."""
        # Its length is no limit on a run's log, but the query has nothing to tell there.
        told = f"{method} {address.partition('?')[0]}"
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "User-Agent": "plumbline",
            "X-GitHub-Api-Version": _VERSION,
        }
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(address, data=data, headers=headers, method=method)
        try:
            with urllib.request.build_opener(_NoRedirects).open(request, timeout=_SECONDS) as response:
                return json.load(response), self._next(told, response.headers.get("Link", ""))
        except urllib.error.HTTPError as error:
            raise Refused(f"{told}: {error.code} {_message(error)}") from None
        except urllib.error.URLError as error:
            raise Refused(f"{told}: {_line(error.reason)}") from None
        except (OSError, http.client.HTTPException) as error:
            raise Refused(f"{told}: {_line(error) or type(error).__name__}") from None
        except ValueError:
            raise Refused(f"{told}: the answer is no JSON") from None

    def _next(self, told: str, links: str) -> str | None:
        found = re.search(r'<([^<>]+)>; *rel="next"', links)
        if found is None:
            return None
        if not found[1].startswith(f"{self.url}/"):
            raise Refused(f"{told}: the next page is not of {self.url}")
        return found[1]


def _message(error: urllib.error.HTTPError) -> str:
    """Return why GitHub refuses: its own words where it gives some."""
    try:
        said = json.loads(error.read())
    except (ValueError, OSError, http.client.HTTPException):
        said = None
    message = said.get("message") if isinstance(said, dict) else None
    return _line(message or error.reason)


def _line(value: object) -> str:
    return " ".join(str(value).split())[:300]


def shortened(body: str, whole: str, most: int = MOST_BYTES) -> str:
    """Return a body that GitHub takes: what is folded goes first, from the end, then whole lines from the end.

    `whole` says where all of it is.
    """
    if _size(body) <= most:
        return body
    blocks = _blocks(body.splitlines())
    count = sum(len(block) for block in blocks)
    # The note that says so has to fit as well, and a fence that was cut open is closed.
    room = most - _size(_note(count, whole)) - _size("```\n")
    size = sum(_weight(block) for block in blocks)
    for place in reversed(range(len(blocks))):
        if size > room and _is_folded(blocks[place]):
            size -= _weight(blocks.pop(place))
    lines = []
    for line in (line for block in blocks for line in block):
        room -= _weight([line])
        if room < 0:
            break
        lines.append(line)
    closing = ["```"] if sum(line.startswith("```") for line in lines) % 2 else []
    return "\n".join([*lines, *closing, _note(count - len(lines), whole)])


def _note(count: int, whole: str) -> str:
    return f"\n> {count} more lines do not fit here. {whole}\n"


def _weight(lines: list[str]) -> int:
    """Return how many bytes lines take, with their ends."""
    return sum(_size(line) + 1 for line in lines)


def _blocks(lines: list[str]) -> list[list[str]]:
    """Return a body's lines by what is folded together, and what lies between."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("<details>"):
            blocks.append([])
        blocks[-1].append(line)
        if line == "</details>":
            blocks.append([])
    return [block for block in blocks if block]


def _is_folded(block: list[str]) -> bool:
    return block[0].startswith("<details>")


def _size(text: str) -> int:
    return len(text.encode())
