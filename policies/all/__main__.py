"""The pack plumbline-all, for `--policy-pack policies/all`: every rule and the acceptance criteria, in one process."""

from __future__ import annotations

import sys
from pathlib import Path

# The engine starts a pack in its own folder; the rules and plumbline lie two above.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from policies import acceptance
from policies.rules.model import PACKS
from policies.server import serve

serve("plumbline-all", PACKS, acceptance.policies)
