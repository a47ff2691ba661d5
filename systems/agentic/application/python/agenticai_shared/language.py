"""The language model behind the agents: a port, the service that answers it, and a recorded stand-in.

Without a key for the service (nobody has set the parameter yet) the stand-in answers, so that the flow from queue to
queue works before the first real request.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Protocol

_SERVICE = "https://generativelanguage.googleapis.com/v1beta/models"
_SECONDS = 120


class ModelFailed(Exception):
    """The service gave no answer that can be used; the task is tried again."""


class Model(Protocol):
    """Answers a prompt with a text."""

    def complete(self, prompt: str) -> str:
        """Return the answer. Raises ModelFailed."""
        ...


class Recorded:
    """Answers as the service once did to a request for a small module."""

    def complete(self, prompt: str) -> str:
        """Return a module that says what was asked for; the same prompt gets the same answer."""
        return f"REQUEST = {json.dumps(prompt[:80])}\n\n\ndef main() -> str:\n    return REQUEST\n"


class Gemini:
    """Google's service, reached over the internet with the stack's key."""

    def __init__(self, key: str, model: str) -> None:
        self._key, self._model = key, model

    def complete(self, prompt: str) -> str:
        """Return the first answer to a prompt. Raises ModelFailed."""
        body = json.dumps({"contents": [{"parts": [{"text": prompt}]}]}).encode()
        headers = {"Content-Type": "application/json", "x-goog-api-key": self._key}
        request = urllib.request.Request(f"{_SERVICE}/{self._model}:generateContent", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
                found = json.load(answer)
            return found["candidates"][0]["content"]["parts"][0]["text"]
        except (urllib.error.URLError, TimeoutError, ValueError, LookupError, TypeError) as error:
            raise ModelFailed(f"{self._model}: no answer: {type(error).__name__}") from None


def model(parameters: Mapping[str, str]) -> Model:
    """Return the service where there is a key for it, else the stand-in. MODEL names the service's model."""
    key = parameters.get("gemini-api-key")
    return Gemini(key, os.environ.get("MODEL", "gemini-2.5-flash")) if key else Recorded()
