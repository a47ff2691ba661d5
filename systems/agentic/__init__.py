"""The agentic system: agents that write software, on services with a free allowance (criteria/agentic.yaml)."""

from systems.agentic.settings import Settings
from systems.agentic.wiring import build

__all__ = ["Settings", "build"]
