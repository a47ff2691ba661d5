"""All wrong programs, and the right ones that they differ from by one mistake each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.plumbline.wrong_base import Wrong
from tests.plumbline.wrong_data import SOUND_DATA, WRONG_DATA
from tests.plumbline.wrong_functions import SOUND_FUNCTIONS, WRONG_FUNCTIONS
from tests.plumbline.wrong_invocation import SOUND_INVOCATION, WRONG_INVOCATION
from tests.plumbline.wrong_keys import SOUND_KEYS, WRONG_KEYS
from tests.plumbline.wrong_network import SOUND_NETWORK, WRONG_NETWORK
from tests.plumbline.wrong_policies import SOUND_POLICIES, WRONG_POLICIES
from tests.plumbline.wrong_storage import SOUND_STORAGE, WRONG_STORAGE

WRONG: list[Wrong] = [
    *WRONG_DATA,
    *WRONG_FUNCTIONS,
    *WRONG_INVOCATION,
    *WRONG_NETWORK,
    *WRONG_STORAGE,
    *WRONG_KEYS,
    *WRONG_POLICIES,
]
SOUND: Mapping[str, Callable[[], Any]] = {
    **SOUND_DATA,
    **SOUND_FUNCTIONS,
    **SOUND_INVOCATION,
    **SOUND_NETWORK,
    **SOUND_STORAGE,
    **SOUND_KEYS,
    **SOUND_POLICIES,
}
