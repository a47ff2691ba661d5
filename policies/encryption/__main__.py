"""The pack plumbline-encryption, for `--policy-pack policies/encryption`."""

from __future__ import annotations

import sys
from pathlib import Path

# The engine starts a pack in its own folder; the rules and plumbline lie two above.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from policies.server import serve

serve("plumbline-encryption", ["encryption"])
