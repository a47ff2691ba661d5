"""All wrong programs, and the right ones that they differ from by one mistake each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.plumbline.wrong_base import Wrong
from tests.plumbline.wrong_data import SOUND_DATA, WRONG_DATA
from tests.plumbline.wrong_functions import SOUND_FUNCTIONS, WRONG_FUNCTIONS
from tests.plumbline.wrong_invocation import SOUND_INVOCATION, WRONG_INVOCATION

WRONG: list[Wrong] = [*WRONG_DATA, *WRONG_FUNCTIONS, *WRONG_INVOCATION]
SOUND: Mapping[str, Callable[[], Any]] = {**SOUND_DATA, **SOUND_FUNCTIONS, **SOUND_INVOCATION}
