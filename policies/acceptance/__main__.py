"""The pack plumbline-acceptance, for `--policy-pack policies/acceptance`."""

from __future__ import annotations

import sys
from pathlib import Path

# The engine starts a pack in its own folder; the criteria and plumbline lie two above.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from policies import acceptance, analyzer

analyzer.serve("plumbline-acceptance", acceptance.policies({}))
