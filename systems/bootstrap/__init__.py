"""The bootstrap system: what an account needs before any other stack can be deployed into it (docs/decisions.md, 2)."""

from systems.bootstrap.settings import Settings
from systems.bootstrap.wiring import build

__all__ = ["Settings", "build"]
