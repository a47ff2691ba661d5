"""What becomes of a resource after it is made: it is read, changed in place and deleted.

Most types are rows of the tables under plumbline/data/lifecycle; the modules beside this one hold what needs code.
"""

from __future__ import annotations

from plumbline.sandbox.lifecycle import containers, edge, identity, messages, network, storage
from plumbline.sandbox.lifecycle.changing import delete, update
from plumbline.sandbox.lifecycle.reading import read
from plumbline.sandbox.lifecycle.rows import carried_out

__all__ = [
    "carried_out",
    "containers",
    "delete",
    "edge",
    "identity",
    "messages",
    "network",
    "read",
    "storage",
    "update",
]
