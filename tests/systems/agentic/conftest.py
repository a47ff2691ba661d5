"""Makes what the agentic system's functions and container run importable, without traces in its folders."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

SYSTEM = Path(__file__).resolve().parents[3] / "systems" / "agentic"
LAYER, CONTAINER = SYSTEM / "application" / "python", SYSTEM / "container"
sys.path[:0] = [str(LAYER), str(CONTAINER)]
sys.dont_write_bytecode = True


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test from a real account, whatever the shell's own settings say."""
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(variable, "testing")
    for variable in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
