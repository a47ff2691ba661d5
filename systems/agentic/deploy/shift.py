"""Moves all aliases to the newest versions where these are healthy, and all of them back where one is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from plumbline.project import UserError
from systems.agentic.deploy.aliases import Aliases, AliasMoved, Live, Note, latest, run_id, unfinished
from systems.agentic.deploy.health import Health, Unhealthy
from systems.agentic.deploy.stack import LIVE

_FAILURES = (Unhealthy, AliasMoved, ClientError, BotoCoreError)


@dataclass(frozen=True)
class Outcome:
    """Whether all went as it should, and one line for each function."""

    good: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Shift:
    """The aliases of one stack's functions, given by logical and physical name in the order in which they move."""

    functions: Mapping[str, str]
    aliases: Aliases
    health: Health
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def forward(self) -> Outcome:
        """Shift every alias to the newest version, or leave and put all of them where they were.

        Every new version is asked for its health before the first alias moves, and again by the alias once it has. An
        interrupted shift is gone on with: what it had moved goes back as well where a check fails now.
        """
        read = self.aliases.read(self.functions)
        begun = unfinished(read)
        run = begun or run_id(self.now())
        failed = self._unhealthy(read, lambda one: one.newest)
        for one in read:
            if failed:
                break
            failed = self._move(one, run)
        # Where the aliases are now is read anew: the answer to a move may have been lost.
        now = self.aliases.read(self.functions)
        return self._undo(now, run, failed) if failed else self._confirm(now, run)

    def back(self, to: str | None = None, *, only_unfinished: bool = False) -> Outcome:
        """Put every alias to `to`, or what the last shift moved back to where it was, and check what is live then.

        With `only_unfinished` a shift that came through stays. Done again, it changes nothing. Raises UserError where a
        function has no version `to`.
        """
        read = self.aliases.read(self.functions)
        if to is not None and (lacking := [one for one in read if to not in one.versions]):
            raise UserError(
                *(f"{one.name}: version {to} given; published: {', '.join(one.versions)}" for one in lacking)
            )
        run = begun if (begun := unfinished(read)) or only_unfinished else latest(read)
        if run is None and to is None:
            why = "no shift is unfinished" if only_unfinished else "no shift is noted, and `--to` names a version"
            return Outcome(True, tuple(f"{one.name}: version {one.version} stays; {why}" for one in read))
        good, lines = True, {one.name: f"{one.name}: version {one.version} stays" for one in read}
        for one in reversed(read):
            target = to or (one.note.other if one.note and one.is_moved_by(run) else one.version)
            try:
                if target != one.version or (to and one.note and one.note.phase == "shifting"):
                    self._return(one, target, run or run_id(self.now()))
                    lines[one.name] = f"{one.name}: {one.version} -> {target}"
                self.health.check(one.name, one.function, LIVE, target)
                lines[one.name] += ", healthy"
            except _FAILURES as failure:
                good = False
                lines[one.name] += f"; {_said(failure)}"
        return Outcome(good, tuple(lines.values()))

    def state(self) -> tuple[str, ...]:
        """Return one line for each function: what is live, what is published, what the last shift did."""
        return tuple(
            f"{one.name}: version {one.version} is live, {one.newest} is the newest"
            + (f"; {one.note.text()}" if one.note else "")
            for one in self.aliases.read(self.functions)
        )

    def _unhealthy(self, aliases: Iterable[Live], qualifier: Callable[[Live], str]) -> dict[str, str]:
        """Return why newest versions, asked for by a qualifier, do not work, by function."""
        failed: dict[str, str] = {}
        for one in aliases:
            try:
                self.health.check(one.name, one.function, qualifier(one), one.newest)
            except Unhealthy as unhealthy:
                failed[one.name] = f"version {one.newest}: {unhealthy}"
        return failed

    def _move(self, one: Live, run: str) -> dict[str, str]:
        """Move one alias and ask through it. Return why that failed, by function."""
        try:
            if one.version != one.newest:
                # Where the interrupted shift moved it before, the version before that counts.
                before = one.note.other if one.note and one.is_moved_by(run) else one.version
                self.aliases.move(one, one.newest, Note(phase="shifting", other=before, run=run))
        except _FAILURES as failure:
            return {one.name: f"version {one.newest}: {_said(failure)}"}
        return self._unhealthy([one], lambda _: LIVE)

    def _confirm(self, read: Sequence[Live], run: str) -> Outcome:
        """Note of everything that moved that it came through, and say where each function is."""
        good, lines = True, list[str]()
        for one in read:
            if one.note is None or not one.is_moved_by(run):
                lines.append(f"{one.name}: version {one.version} is live already, healthy")
                continue
            lines.append(f"{one.name}: {one.note.other} -> {one.version}, healthy")
            try:
                self.aliases.move(one, one.version, replace(one.note, phase="shifted"))
            except _FAILURES as failure:
                good = False
                lines[-1] += f", but the shift is not noted as done, give it again: {_said(failure)}"
        return Outcome(good, tuple(lines))

    def _undo(self, read: Sequence[Live], run: str, failed: Mapping[str, str]) -> Outcome:
        """Put back what moved, last first, and say of every function where it is now and why."""
        places = {one.name: f"stays at version {one.version}" for one in read}
        for one in reversed(read):
            if one.note is None or not one.is_moved_by(run):
                continue
            try:
                self._return(one, one.note.other, run)
                places[one.name] = f"went back to version {one.note.other}"
            except _FAILURES as failure:
                places[one.name] = f"is still at version {one.version}, give `rollback`: {_said(failure)}"
        why = {name: f"{reason}; " for name, reason in failed.items()}
        return Outcome(False, tuple(f"{name}: {why.get(name, '')}{place}" for name, place in places.items()))

    def _return(self, one: Live, to: str, run: str) -> None:
        self.aliases.move(one, to, Note(phase="back", other=one.version, run=run))


def _said(failure: BaseException) -> str:
    if isinstance(failure, ClientError):
        return f"{failure.operation_name}: {failure.response['Error'].get('Code')}"
    return " ".join(str(failure).split())
