"""What every stack's settings have in common, and how mistakes in them are told.

All that differs between stacks is data under `plumbline:settings` in Pulumi.<stack>.yaml. It is validated before
the first resource is registered, and every mistake is one line: file, path, what was given, what is allowed.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args, get_origin

import pulumi
import pydantic
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import ErrorDetails

from components.account import Account
from components.naming import NameRefused, Naming
from plumbline.project import Project, UserError, suggestion

# CloudWatch Logs takes no other number of days (API reference, PutRetentionPolicy).
RETENTION_DAYS = (
    (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
)  # fmt: skip


Email = Annotated[
    str,
    pydantic.StringConstraints(pattern=r"^[^@\s]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"),
]


class SettingsError(pulumi.RunError):
    """Wrong settings: one line per mistake. Both engines show the lines and no traceback."""


class Model(BaseModel):
    """A part of the settings: frozen, strict about types, and without unknown keys."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid", strict=True)


class Tags(Model):
    """The tags that every resource carries (TRADING-23.1), besides Environment."""

    project: str = Field(min_length=1, max_length=256, description="Tag Project: the system's name")
    owner: str = Field(min_length=1, max_length=256, description="Tag Owner: the team that answers for the stack")
    cost_center: str = Field(min_length=1, max_length=256, description="Tag CostCenter: who pays")


class Deployment(Model):
    """Where the real engine keeps the stack's state, and who deploys it."""

    backend: str = Field(
        pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[a-zA-Z0-9/_-]+)?(\?region=[a-z0-9-]+)?|file://.+)$",
        description="URL of the state backend: s3://BUCKET/PATH?region=REGION, or file://PATH for rehearsals",
    )
    secrets_provider: str = Field(
        pattern=r"^(awskms://(alias/[a-zA-Z0-9/_-]+|[a-f0-9-]{36})(\?region=[a-z0-9-]+)?|passphrase)$",
        description="What encrypts secrets in the state: awskms://alias/NAME?region=REGION, or passphrase",
    )
    bootstrap: str | None = Field(
        default=None, description="Stack that made the backend, the key and the role; none for such a stack itself"
    )
    role: str = Field(
        pattern=r"^([!-.0-~]+/)*[a-zA-Z0-9_+=,.@-]{1,64}$",
        description="Role of the account that deploys the stack and may change its secrets: its name, after its path",
    )
    preview_role: str | None = Field(
        default=None,
        pattern=r"^([!-.0-~]+/)*[a-zA-Z0-9_+=,.@-]{1,64}$",
        description="Role that previews the stack against its account and only reads: its name, after its path",
    )


class StackSettings(Model):
    """Settings that every system has."""

    environment: str = Field(
        pattern=r"^[a-z][a-z0-9]{1,11}$",
        description="Name of the environment, the prefix of every physical name: 2 to 12 lower-case letters and digits",
    )
    account_id: str = Field(pattern=r"^[0-9]{12}$", description="AWS account, twelve digits in quotes")
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", description="AWS region, such as us-east-1")
    tags: Tags = Field(description="Tags that every resource carries")
    deployment: Deployment = Field(description="State backend, secrets provider and deployer of the real engine")
    stateful: Literal["protected", "disposable"] = Field(
        description="What becomes of data: protected from deletion and kept, or gone with the stack (stateful.yaml)"
    )

    def naming(self) -> Naming:
        return Naming(self.environment)

    def account(self) -> Account:
        return Account(account_id=self.account_id, region=self.region)

    def all_tags(self) -> dict[str, str]:
        """Return the four tags as AWS shows them."""
        return {
            "Environment": self.environment,
            "Project": self.tags.project,
            "Owner": self.tags.owner,
            "CostCenter": self.tags.cost_center,
        }

    def mistakes(self, siblings: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
        """Yield one line, "path: what is wrong", for each rule across fields that the values break.

        `siblings` has the raw settings of the system's other stacks, by stack.
        """
        bucket = self.deployment.backend.partition("://")[2].partition("/")[0].partition("?")[0]
        owner = re.search(r"-([0-9]{12})$", bucket)
        if owner and owner[1] != self.account_id:
            yield f"deployment.backend: a bucket of account {owner[1]} given; allowed: one of account {self.account_id}"

    def name_mistakes(self, kind: str, names: Iterable[str]) -> Iterator[str]:
        """Yield a line for each name of a kind of resource that AWS would refuse in this environment."""
        for name in names:
            try:
                self.naming().exact(kind, name)
            except NameRefused as error:
                yield f"environment: {error}"

    def zone_mistakes(self, where: str, zone: str) -> Iterator[str]:
        """Compare with the zones of the stack that makes them. Where its file cannot be read, its own run tells."""
        base = self.deployment.bootstrap
        if base is None:
            return
        with contextlib.suppress(UserError):
            zones = Project(Path.cwd()).settings(base).get("zones") or {}
            if isinstance(zones, Mapping) and zone not in zones:
                known = ", ".join(zones) or "none"
                yield f"{where}: {zone} given; allowed: a zone of stack {base}: {known}"


LogRetention = Annotated[
    int,
    pydantic.AfterValidator(lambda days: _one_of(days, RETENTION_DAYS)),
]

_S = TypeVar("_S", bound=StackSettings)


def load(model: type[_S], text: str, stack: str) -> _S:
    """Return validated settings from the JSON text that the engine passes. Raises SettingsError with every mistake."""
    where = f"Pulumi.{stack}.yaml: plumbline:settings"
    try:
        settings = model.model_validate_json(text)
    except pydantic.ValidationError as error:
        lines = [f"{where}{_line(details, model)}" for details in _told(error.errors(include_url=False))]
        raise SettingsError("\n".join(lines)) from None
    lines = [f"{where}.{mistake}" for mistake in settings.mistakes(_siblings(stack))]
    if lines:
        raise SettingsError("\n".join(lines))
    return settings


def _siblings(stack: str) -> dict[str, dict[str, Any]]:
    """Return the settings of the system's other stacks, from the files beside the stack's own.

    Both engines run the program in the project's directory. A sibling that cannot be read is compared with nothing: its
    mistakes are told when it is evaluated itself.
    """
    found: dict[str, dict[str, Any]] = {}
    project = Project(Path.cwd())
    with contextlib.suppress(UserError):
        system = project.system(stack)
        for other in project.stacks():
            with contextlib.suppress(UserError):
                if other != stack and project.system(other) == system:
                    found[other] = project.settings(other)
    return found


def _one_of(value: int, allowed: tuple[int, ...]) -> int:
    if value not in allowed:
        raise ValueError(f"allowed: {', '.join(map(str, allowed))}")
    return value


def _told(errors: list[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Yield the errors without those of lists that are too short only because an item of theirs is wrong."""
    places = [error["loc"] for error in errors]
    for error in errors:
        place = error["loc"]
        inside = any(other[: len(place)] == place and len(other) > len(place) for other in places)
        if not (inside and error["type"] == "too_short"):
            yield error


def _line(error: ErrorDetails, model: type[BaseModel]) -> str:
    location = error["loc"]
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    kind = error["type"]
    if kind == "missing":
        return f"{path}: missing; {_description(model, location)}"
    if kind == "extra_forbidden":
        return f"{path}: not a setting{suggestion(str(location[-1]), _fields(model, location[:-1]))}"
    if kind == "json_invalid":
        return f": {error['msg']}"
    said = error["msg"].removeprefix("Value error, ")
    allowed = said if said.startswith("allowed") else f"allowed: {_allowed(said)}"
    return f"{path}: {json.dumps(error['input'])} given; {allowed}"


def _allowed(said: str) -> str:
    """Turn pydantic's sentence into what is allowed: "Input should be greater than 5" -> "greater than 5"."""
    for opening, words in (
        ("Input should be a valid ", ""),
        ("Input should be ", ""),
        ("String should match pattern ", "a text like "),
        ("String should have ", "a text of "),
        ("Tuple should have ", "a list of "),
    ):
        if said.startswith(opening):
            return words + said.removeprefix(opening).partition(" after validation")[0]
    return said


class _Parts:
    """Stands between a mapping of parts and the part under one of its names."""

    def __init__(self, part: Any) -> None:
        self.part = part


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    current: Any = model
    for step in location:
        if isinstance(current, _Parts):
            current = current.part
            continue
        if not (isinstance(current, type) and issubclass(current, BaseModel)):
            return None
        field = current.model_fields.get(str(step))
        current = field.annotation if field else None
        # `Part | None` stands for an optional part of the settings, `dict[str, Part]` for parts by a name, which is
        # a step of its own.
        arms: tuple[Any, ...] = get_args(current)
        if get_origin(current) is dict:
            current = _Parts(arms[-1])
            continue
        current = next((arm for arm in arms if isinstance(arm, type) and issubclass(arm, BaseModel)), current)
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _fields(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    found = _model_at(model, location)
    return list(found.model_fields) if found else []


def _description(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    found = _model_at(model, location[:-1])
    field = found.model_fields.get(str(location[-1])) if found else None
    return (field.description if field else None) or "a value is needed"
