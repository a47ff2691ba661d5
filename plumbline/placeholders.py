"""Values that stand for real ones in examples: fine to preview and rehearse, wrong to deploy."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from plumbline.graph import path_text, walk

# Domains that are reserved for examples (RFC 2606, RFC 6761); Route 53 refuses some of them.
_DOMAIN = re.compile(
    r"(^|[./@])(example\.(com|net|org)|[a-z0-9-]+\.(example|test|invalid|localhost))\.?($|[/:?])", re.I
)
# Account ids that AWS's documentation uses, and any of one digit repeated.
_ACCOUNT = re.compile(r"(?<!\d)(123456789012|(\d)\2{11})(?!\d)")
# +1 555 01xx is reserved for fiction in every area code of the North American plan.
_TELEPHONE = re.compile(r"^\+1[ -]?\(?\d{3}\)?[ -]?555[ -]?01\d{2}$")
_ADDRESSES = tuple(ipaddress.ip_network(block) for block in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
_OWNER = re.compile(r"^(example|example-org|your-org|owner|org)/", re.I)
_WORDS = re.compile(r"^(changeme|change-me|todo|tbd|xxx+|placeholder|<.*>)$", re.I)


def placeholders(settings: Any) -> Iterator[tuple[str, str]]:
    """Yield (path, what it is) for each value, and each key of a mapping, that stands for a real one."""
    told: set[str] = set()
    for path, value in walk(settings):
        for end, step in enumerate(path, start=1):
            key = path_text(path[:end])
            # The key of a mapping comes up once for each value below it.
            if isinstance(step, str) and key not in told and (kind := _kind(step)):
                told.add(key)
                yield key, kind
        if isinstance(value, str) and (kind := _kind(value)):
            yield path_text(path), f"{value}: {kind}"


def _kind(text: str) -> str:
    if _DOMAIN.search(text):
        return "a domain that is reserved for examples"
    if _ACCOUNT.search(text):
        return "an account id of examples"
    if _TELEPHONE.match(text):
        return "a telephone number that is reserved for fiction"
    if _OWNER.match(text):
        return "a repository of nobody's"
    if _WORDS.match(text):
        return "a value that is still to be given"
    return "an address that is reserved for documentation" if _is_documentation_address(text) else ""


def _is_documentation_address(text: str) -> bool:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return any(network.overlaps(block) for block in _ADDRESSES if block.version == network.version)
