"""All wrong programs, and the right ones that they differ from by one mistake each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.plumbline.wrong_alarms import SOUND_ALARMS, WRONG_ALARMS
from tests.plumbline.wrong_api import SOUND_API, WRONG_API
from tests.plumbline.wrong_backups import SOUND_BACKUPS, WRONG_BACKUPS
from tests.plumbline.wrong_base import Wrong
from tests.plumbline.wrong_cdn import SOUND_CDN, WRONG_CDN
from tests.plumbline.wrong_cognito import SOUND_COGNITO, WRONG_COGNITO
from tests.plumbline.wrong_costs import SOUND_COSTS, WRONG_COSTS
from tests.plumbline.wrong_data import SOUND_DATA, WRONG_DATA
from tests.plumbline.wrong_dns import SOUND_DNS, WRONG_DNS
from tests.plumbline.wrong_ecr import SOUND_ECR, WRONG_ECR
from tests.plumbline.wrong_events import SOUND_EVENTS, WRONG_EVENTS
from tests.plumbline.wrong_firewall import SOUND_FIREWALL, WRONG_FIREWALL
from tests.plumbline.wrong_functions import SOUND_FUNCTIONS, WRONG_FUNCTIONS
from tests.plumbline.wrong_invocation import SOUND_INVOCATION, WRONG_INVOCATION
from tests.plumbline.wrong_keys import SOUND_KEYS, WRONG_KEYS
from tests.plumbline.wrong_logs import SOUND_LOGS, WRONG_LOGS
from tests.plumbline.wrong_network import SOUND_NETWORK, WRONG_NETWORK
from tests.plumbline.wrong_policies import SOUND_POLICIES, WRONG_POLICIES
from tests.plumbline.wrong_requests import SOUND_REQUESTS, WRONG_REQUESTS
from tests.plumbline.wrong_sockets import SOUND_SOCKETS, WRONG_SOCKETS
from tests.plumbline.wrong_stages import SOUND_STAGES, WRONG_STAGES
from tests.plumbline.wrong_storage import SOUND_STORAGE, WRONG_STORAGE
from tests.plumbline.wrong_topics import SOUND_TOPICS, WRONG_TOPICS
from tests.plumbline.wrong_workflows import SOUND_WORKFLOWS, WRONG_WORKFLOWS

WRONG: list[Wrong] = [
    *WRONG_DATA,
    *WRONG_FIREWALL,
    *WRONG_FUNCTIONS,
    *WRONG_INVOCATION,
    *WRONG_NETWORK,
    *WRONG_STORAGE,
    *WRONG_KEYS,
    *WRONG_POLICIES,
    *WRONG_ALARMS,
    *WRONG_API,
    *WRONG_BACKUPS,
    *WRONG_CDN,
    *WRONG_COGNITO,
    *WRONG_COSTS,
    *WRONG_DNS,
    *WRONG_ECR,
    *WRONG_EVENTS,
    *WRONG_LOGS,
    *WRONG_REQUESTS,
    *WRONG_SOCKETS,
    *WRONG_STAGES,
    *WRONG_TOPICS,
    *WRONG_WORKFLOWS,
]
SOUND: Mapping[str, Callable[[], Any]] = {
    **SOUND_DATA,
    **SOUND_FIREWALL,
    **SOUND_FUNCTIONS,
    **SOUND_INVOCATION,
    **SOUND_NETWORK,
    **SOUND_STORAGE,
    **SOUND_KEYS,
    **SOUND_POLICIES,
    **SOUND_ALARMS,
    **SOUND_API,
    **SOUND_BACKUPS,
    **SOUND_CDN,
    **SOUND_COGNITO,
    **SOUND_DNS,
    **SOUND_ECR,
    **SOUND_EVENTS,
    **SOUND_LOGS,
    **SOUND_REQUESTS,
    **SOUND_SOCKETS,
    **SOUND_STAGES,
    **SOUND_COSTS,
    **SOUND_TOPICS,
    **SOUND_WORKFLOWS,
}
