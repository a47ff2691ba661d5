"""All wrong programs about networks and what runs in them, and the right ones beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.plumbline.wrong_base import Wrong
from tests.plumbline.wrong_cache import SOUND_CACHE, WRONG_CACHE
from tests.plumbline.wrong_endpoints import SOUND_ENDPOINTS, WRONG_ENDPOINTS
from tests.plumbline.wrong_groups import SOUND_GROUPS, WRONG_GROUPS
from tests.plumbline.wrong_subnets import SOUND_SUBNETS, WRONG_SUBNETS

WRONG_NETWORK: list[Wrong] = [*WRONG_SUBNETS, *WRONG_ENDPOINTS, *WRONG_GROUPS, *WRONG_CACHE]
SOUND_NETWORK: dict[str, Callable[[], Any]] = {**SOUND_SUBNETS, **SOUND_ENDPOINTS, **SOUND_GROUPS, **SOUND_CACHE}
