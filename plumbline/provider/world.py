"""What the sandbox holds for the real engine, and which of it the engine may not know.

The engine writes down that it asks for a resource, then what it was answered. Killed in between it does not know
what exists, and asks again in its next run. So the world keeps who made what: a run of the engine begins with what
its state has, and what was made earlier and is not in there was made for an answer that got lost. A create of the
same resource takes it over, and what no run asks for is deleted when one has ended well. What the engine has known
and dropped without a delete is retained (`retain_on_delete`), and none of that.
"""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.changes import differences
from plumbline.graph import Resource, reveal
from plumbline.monitor import DeployError
from plumbline.sandbox import Sandbox, made_up_name

Key = tuple[str, str]  # URN and id: in a replacement two resources of one URN live


@dataclass
class Held:
    """A resource that exists. `seed` is what its ids and names are made from.

    `known` says that the engine's state has had it, `lost` that it should have and does not.
    """

    resource: Resource
    seed: str
    outputs: Mapping[str, Any]
    known: bool = False
    lost: bool = False


@dataclass(frozen=True)
class Begun:
    """What a run begins with: how many resources its state does not know, and the URNs of those that are gone."""

    lost: int
    gone: tuple[str, ...]


class World:
    """One AWS for many runs of the engine, which asks many things at once: each method waits for the one before."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._lock = threading.RLock()
        self._held: dict[Key, Held] = {}
        self._configured = False

    def __len__(self) -> int:
        return len(self._held)

    @property
    def account(self) -> str:
        return self._sandbox.context.account_id

    @property
    def region(self) -> str:
        return self._sandbox.context.region

    def configure(self, provider: Resource) -> None:
        """Take account and region from the first provider that says them. Raises DeployError for another account."""
        accounts, region = provider.get("allowedAccountIds"), provider.get("region", "")
        if not isinstance(accounts, str) or not isinstance(region, str):
            return  # not known yet, or a provider that says no account
        with self._lock:
            if not self._configured:
                self._sandbox.create(provider)
                self._configured = True
            elif self.account not in json.loads(accounts):
                raise DeployError(
                    f"the sandbox is of account {self.account}, which this provider does not allow; "
                    "stop it first: python -m plumbline sandbox stop"
                )

    def found(self, token: str, answer: Mapping[str, Any]) -> None:
        """Make what a provider function found: it stands for another stack's resource."""
        with self._lock:
            self._sandbox.found(token, answer)

    def create(self, resource: Resource) -> tuple[str, Mapping[str, Any]]:
        """Make a resource, or take over what an earlier run made of it. Raises DeployError."""
        with self._lock:
            self._configured = True  # without a provider that says them, account and region are the sandbox's own
            taken = self._taken_over(resource)
            if taken is not None:
                return taken
            seed = self._seed(resource.urn)
            identity, outputs = self._sandbox.create(dataclasses.replace(resource, urn=seed))
            self._held[resource.urn, identity] = Held(resource, seed, outputs)
            return identity, outputs

    def _taken_over(self, resource: Resource) -> tuple[str, Mapping[str, Any]] | None:
        """Return what a lost answer was about; what was made from other inputs is deleted."""
        found: tuple[str, Mapping[str, Any]] | None = None
        for key, held in self._lost(resource.urn):
            if found is None and not any(differences(reveal(held.resource.inputs), reveal(resource.inputs))):
                held.lost = False
                found = key[1], held.outputs
            else:
                self._remove(key)
        return found

    def _lost(self, urn: str | None = None) -> list[tuple[Key, Held]]:
        """Return what no state has, of one URN or of all: the latest first, which nothing earlier needs."""
        every = reversed(self._held.items())
        return [(key, held) for key, held in every if held.lost and urn in (None, key[0])]

    def _seed(self, urn: str) -> str:
        """Return what ids are made from: the URN, or in a replacement something else, as both resources live."""
        taken = {held.seed for (other, _), held in self._held.items() if other == urn}
        seeds = [urn, *(f"{urn}#{number}" for number in range(2, len(taken) + 2))]
        return next(seed for seed in seeds if seed not in taken)

    def made_up_name(self, resource: Resource) -> str:
        """Return the physical name of a resource that gives none: its own, with a suffix that no living one has."""
        with self._lock:
            lost = self._lost(resource.urn)
            seed = lost[0][1].seed if lost else self._seed(resource.urn)
        return made_up_name(resource, seed)

    def read(self, resource: Resource, identity: str) -> Mapping[str, Any] | None:
        """Return what a resource is declared to be by what it is now, None where it is gone. Raises DeployError."""
        with self._lock:
            now = self._sandbox.read(self._seeded(resource, identity), identity)
            if now is None:
                self._held.pop((resource.urn, identity), None)
            return now

    def update(self, before: Resource, now: Resource, identity: str) -> Mapping[str, Any]:
        """Change a resource in place and return its outputs. Raises DeployError."""
        with self._lock:
            outputs = self._sandbox.update(self._seeded(before, identity), self._seeded(now, identity), identity)
            held = self._held.get((now.urn, identity))
            if held is not None:
                held.resource, held.outputs = now, outputs
            return outputs

    def delete(self, resource: Resource, identity: str) -> None:
        """Delete a resource; one that is gone is no error. Raises DeployError."""
        with self._lock:
            self._sandbox.delete(self._seeded(resource, identity), identity)
            self._held.pop((resource.urn, identity), None)

    def begin(self, state: Collection[Key]) -> Begun:
        """Take note of what the engine's state has before a run."""
        with self._lock:
            self.end(state)
            for held in self._held.values():
                held.lost = not held.known
            gone = tuple(urn for urn, identity in state if (urn, identity) not in self._held)
            return Begun(len(self._lost()), gone)

    def end(self, state: Collection[Key]) -> None:
        """Take note of what the engine's state has after a run."""
        with self._lock:
            for key in state:
                if key in self._held:
                    self._held[key].known, self._held[key].lost = True, False

    def settle(self) -> list[str]:
        """Delete what was made for lost answers and nothing asked for since; return the URNs. Raises DeployError."""
        with self._lock:
            keys = [key for key, _ in self._lost()]
            for key in keys:
                self._remove(key)
            return [urn for urn, _ in keys]

    def _remove(self, key: Key) -> None:
        held = self._held[key]
        self._sandbox.delete(dataclasses.replace(held.resource, urn=held.seed), key[1])
        del self._held[key]

    def _seeded(self, resource: Resource, identity: str) -> Resource:
        held = self._held.get((resource.urn, identity))
        return resource if held is None else dataclasses.replace(resource, urn=held.seed)
