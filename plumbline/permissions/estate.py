"""The resources of a stack as policies name them: ARNs, parts, tags, and the policies that they hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plumbline.graph import UNKNOWN, Resource, StackGraph, dig, reveal, urn_type
from plumbline.iam import Policy, policy
from plumbline.iam.documents import Shape
from plumbline.iam.patterns import resource_pattern
from plumbline.permissions.known import Home, known
from plumbline.permissions.universe import ANY, kind_of

_OF_ROLES = ("aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy")
_PLACES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, eq=False)
class Held:
    """A policy document with what its statements say word for word. `holder` is the resource that it is written in."""

    policy: Policy
    rows: Sequence[Any]
    holder: str

    def place(self, label: str) -> str:
        """Return where a statement is, by the label that a decision gives: the resource, index and Sid."""
        labels = [statement.label for statement in self.policy.statements]
        index = labels.index(label) if label in labels else 0
        sid = f" ({label})" if not label.startswith("[") else ""
        return f"{self.holder}, statement {index}{sid}"


@dataclass(frozen=True, eq=False)
class Target:
    """Something that a call asks on. `urn` is "" outside of the stack; `part` is "self" or a part of a resource.

    `facts` are the context keys that its tags and names decide; `held` are the policies that it holds.
    """

    arn: str
    kinds: tuple[str, ...]
    word: str
    name: str
    part: str = "self"
    urn: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    held: tuple[Held, ...] = ()
    shown: str = ""

    @property
    def label(self) -> str:
        """The kind and name of the resource, as declared grants have it; outside of the stack an ARN."""
        return f"{self.whole}{self.shown}"

    @property
    def whole(self) -> str:
        """The label of the resource that this is, or is a part of."""
        if self.arn == "*":
            return "account"
        return f"{self.word} {self.name}" if self.word else self.arn.replace(ANY, "*")


def read(document: Any, holder: str, shape: Shape) -> Held:
    """Return a document of a resource. Raises ValueError where it is none."""
    document = reveal(document)
    parsed = policy(document, holder, shape)
    raw = json.loads(document) if isinstance(document, str) else document
    rows = raw["Statement"] if isinstance(raw, Mapping) else [UNKNOWN]
    return Held(parsed, rows if isinstance(rows, list) else [rows], holder)


class Estate:
    """The targets of a stack, `targets` by ARN. `unknown` has a line for each policy that cannot be read."""

    def __init__(self, graph: StackGraph, home: Home) -> None:
        self.graph = graph
        self.home = home
        self.unknown: list[str] = []
        self.left_out = [
            f"{len(found)} {what}" for type_, what in known()["left_out"].items() if (found := graph.of_type(type_))
        ]
        self._arns = {resource.urn: arn for resource in graph if (arn := self._arn(resource))}
        self._aliases = self._key_aliases()
        held = self._held()
        self.targets: dict[str, Target] = {}
        self._made: dict[str, Target] = {}
        for resource in graph:
            if resource.urn in self._arns:
                self._add(resource, held.get(resource.urn, []))
        self._by_kind: dict[str, list[Target]] = {}
        for target in self.targets.values():
            for kind in target.kinds:
                self._by_kind.setdefault(kind, []).append(target)
        self._names: dict[tuple[str, str], list[Target]] = {}
        for target in self.targets.values():
            self._names.setdefault((target.word, target.name), []).append(target)

    def arn(self, urn: str) -> str:
        """Return the ARN of a resource, "" where none is known."""
        return self._arns.get(urn, "")

    def named(self, word: str, name: str) -> list[Target]:
        """Return a resource and its parts by kind and name; nothing where the stack has none."""
        return self._names.get((word, name), [])

    def of_kind(self, kind: str) -> list[Target]:
        return self._by_kind.get(kind, [])

    def target(self, arn: str) -> Target:
        """Return the target with an ARN: the stack's own, a part of one, or something outside of the stack."""
        found = self.targets.get(arn) or self._made.get(arn)
        if found is not None:
            return found
        kind = kind_of(arn)
        owner = self._owner(arn)
        if owner is not None:
            kinds = tuple(dict.fromkeys((kind, *self._kinds_beside(owner, arn))))
            part = next((one.part for one in self.named(owner.word, owner.name) if kind in one.kinds), "self")
            rest = arn.removeprefix(owner.arn).replace(ANY, "*")
            made = Target(arn, kinds, owner.word, owner.name, part, owner.urn, owner.facts, owner.held, rest)
        else:
            facts: dict[str, Any] = {"kms:ResourceAliases": [f"alias/{ANY}"]} if kind == "kms:key/~" else {}
            made = Target(arn, (kind,), "", arn, facts=facts, held=self._elsewhere(kind))
        self._made[arn] = made
        return made

    def _kinds_beside(self, owner: Target, arn: str) -> list[str]:
        kind = kind_of(arn)
        return [other for one in self.named(owner.word, owner.name) if kind in one.kinds for other in one.kinds]

    def _owner(self, arn: str) -> Target | None:
        for end in sorted((place for place, sign in enumerate(arn) if sign in "/:"), reverse=True):
            found = self.targets.get(arn[:end])
            if found is not None and found.urn and found.part == "self":
                return found
        return None

    def _elsewhere(self, kind: str) -> tuple[Held, ...]:
        """Return what a key or role outside of the stack is taken to say: that its account decides."""
        shape: Shape | None = {"kms:key/~": "resource", "iam:role/~": "trust"}.get(kind)  # type: ignore[assignment]
        if shape is None:
            return ()
        row = {"Effect": "Allow", "Principal": {"AWS": self.home.account}, "Action": "*"}
        document = {"Version": "2012-10-17", "Statement": [row]}
        return (read(document, f"what is outside of the stack ({kind})", shape),)

    def _add(self, resource: Resource, held: list[Held]) -> None:
        row = known()["resources"][resource.type]
        arn = self._arns[resource.urn]
        name = self._name(resource, row)
        facts = self._facts(resource)
        own = (kind_of(arn), *row.get("kinds", ()))
        self.targets[arn] = Target(arn, own, row["word"], name, "self", resource.urn, facts, tuple(held))
        composed = self._filled(row["arn"], resource)
        if composed != arn and ANY in composed:
            # Policies name it without what AWS ends its name with, and no other resource can have that name.
            self._made[composed] = self.targets[arn]
        for part, how in row.get("parts", {}).items():
            for item in self._items(resource, how):
                whole = arn + self._filled(how["suffix"], resource, item)
                shown = self._filled(how.get("shown", ""), resource, item)
                kinds = (how.get("kind") or kind_of(whole),)
                self.targets[whole] = Target(
                    whole, kinds, row["word"], name, part, resource.urn, facts, tuple(held), shown
                )

    def _items(self, resource: Resource, how: Mapping[str, Any]) -> list[Any]:
        if "each" not in how:
            return [None]
        items = resource.get(how["each"], [])
        if items is UNKNOWN:
            self.unknown.append(f"{resource.display}: {how['each']} is not known yet")
            return []
        return items

    def _facts(self, resource: Resource) -> dict[str, Any]:
        tags = resource.get("tagsAll", resource.get("tags", {}))
        facts: dict[str, Any] = {}
        if isinstance(tags, Mapping):
            facts = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
        if resource.type == "aws:kms/key:Key":
            facts["kms:ResourceAliases"] = self._aliases.get(resource.urn, [])
        return facts

    def _key_aliases(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for alias in self.graph.of_type("aws:kms/alias:Alias"):
            for urn in self._owners(alias, "targetKeyId", "key"):
                found.setdefault(urn, []).append(str(alias.get("name")))
        return found

    # Names and ARNs

    def _arn(self, resource: Resource) -> str:
        row = known()["resources"].get(resource.type)
        if row is None:
            return ""
        given = resource.outputs.get(row.get("output", "arn"))
        if isinstance(given, str) and given.count(":") > 4:
            return given
        return self._filled(row["arn"], resource)

    def _name(self, resource: Resource, row: Mapping[str, Any]) -> str:
        if resource.type == "aws:kms/key:Key":
            names = self._aliases.get(resource.urn) or [resource.name]
            return names[0].removeprefix("alias/")
        return self._filled(row.get("name", "{name}"), resource)

    def _filled(self, template: str, resource: Resource, item: Any = None) -> str:
        """Return a text with its places filled; what is not known has the resource's own name there."""

        def fill(found: re.Match[str]) -> str:
            place = found[1]
            if place in self.home.words:
                value = resource.get("region", self.home.words[place]) if place == "region" else self.home.words[place]
            elif place == "id":
                value = resource.id or resource.name
            elif place == "bus":
                bus = resource.get("eventBusName", "default")
                value = "" if bus == "default" else f"{bus}/" if isinstance(bus, str) else UNKNOWN
            elif place == "host":
                value = str(resource.get("url", "")).removeprefix("https://")
            elif place == "path":
                value = resource.get("path", "/")
            else:
                value = dig(item, place) if item is not None else resource.get(place)
            return value if isinstance(value, str) else resource.name

        return _PLACES.sub(fill, template)

    # Policies

    def _held(self) -> dict[str, list[Held]]:
        found: dict[str, list[Held]] = {}
        for type_, row in known()["policies"].items():
            for resource in self.graph.of_type(type_):
                document = resource.inputs.get(row["document"])
                if document is None:
                    continue
                one = self.read(document, resource, row.get("shape", "resource"))
                if one is None:
                    continue
                owners = self._policy_owners(resource, row)
                if not owners:
                    self.unknown.append(f"{resource.display}: what {row.get('owner')} names is not known")
                for urn in owners:
                    found.setdefault(urn, []).append(one)
        for permission in self.graph.of_type("aws:lambda/permission:Permission"):
            self._permission(permission, found)
        self._unread()
        return found

    def _unread(self) -> None:
        """Tell of every document of a policy that nothing here reads, such as those of users."""
        read_ = (*known()["policies"], *known()["left_out"], *_OF_ROLES)
        for resource in self.graph:
            if resource.type not in read_:
                texts_ = {key: reveal(value) for key, value in resource.inputs.items()}
                self.unknown += [
                    f"{resource.display}: {key}: a policy that this command does not read"
                    for key, value in texts_.items()
                    if isinstance(value, str) and '"Statement"' in value
                ]

    def read(self, document: Any, resource: Resource, shape: Shape) -> Held | None:
        """Return the policy of a resource, None with a line in `unknown` where it is not known or is none."""
        if reveal(document) is UNKNOWN:
            self.unknown.append(f"{resource.display}: its policy is not known yet")
            return None
        try:
            return read(document, _display(resource), shape)
        except ValueError as error:
            self.unknown.append(str(error))
            return None

    def _policy_owners(self, resource: Resource, row: Mapping[str, Any]) -> list[str]:
        if "of" not in row:
            return [resource.urn]
        if "owner" not in row:
            return [urn for urn in self._arns if known()["resources"][urn_type(urn)]["word"] == row["of"]]
        return self._owners(resource, row["owner"], row["of"])

    def _owners(self, resource: Resource, property_: str, word: str) -> list[str]:
        """Return the URNs of what a property names: where it comes from, or whose name, id or ARN it is."""
        urns = [urn for urn in self._arns if known()["resources"][urn_type(urn)]["word"] == word]
        found = [urn for urn in resource.sources(property_) if urn in urns]
        value = reveal(resource.inputs.get(property_))
        if found or not isinstance(value, str):
            return found
        return [urn for urn in urns if value in self._called(self.graph.resources[urn])]

    def _called(self, resource: Resource) -> list[str]:
        names = [resource.get(key) for key in ("name", "bucket", "functionName")]
        return [name for name in (resource.id, self._arns[resource.urn], *names) if isinstance(name, str) and name]

    def _permission(self, permission: Resource, found: dict[str, list[Held]]) -> None:
        """Read a Lambda permission as the statement that Lambda makes of it."""
        function, qualifier = str(permission.get("function")), permission.get("qualifier", "")
        name = function.rpartition(":function:")[2] or function
        arn = self.home.arn("lambda", f"function:{name}" + (f":{qualifier}" if qualifier else ""))
        given = str(permission.get("principal"))
        is_account = re.fullmatch(r"\d{12}|arn:.*|\*", given)
        conditions: dict[str, dict[str, Any]] = {}
        source = self._source(permission)
        if source is not None:
            conditions["ArnLike"] = {"aws:SourceArn": source}
        if (account := permission.get("sourceAccount")) is not None:
            conditions["StringEquals"] = {"aws:SourceAccount": account}
        row = {
            "Sid": str(permission.get("statementId", "Permission")),
            "Effect": "Allow",
            "Principal": {"AWS" if is_account else "Service": given},
            "Action": permission.get("action"),
            "Resource": arn,
            "Condition": conditions,
        }
        held = self.read({"Version": "2012-10-17", "Statement": [row]}, permission, "resource")
        owners = [urn for urn, one in self._arns.items() if one == arn]
        if held is not None and not owners:
            self.unknown.append(f"{permission.display}: the function that it names is not known")
        for urn in owners if held is not None else []:
            found.setdefault(urn, []).append(held)  # type: ignore[arg-type]

    def _source(self, permission: Resource) -> Any:
        """Return the source of a permission; of one that is not known yet, all that belongs to where it comes from."""
        source = permission.get("sourceArn")
        if source is not UNKNOWN:
            return source
        arns = [arn for urn in permission.sources("sourceArn") if (arn := self._arns.get(urn))]
        if not arns:
            return UNKNOWN
        # A call of an API has its stage and method after the API's own ARN.
        return [f"{arn}/*" if ":execute-api:" in arn else arn for arn in arns]


def covers(pattern: str, arn: str) -> bool:
    """Say whether a Resource of a policy covers an ARN."""
    return pattern == "*" or resource_pattern(pattern).fullmatch(arn) is not None


def texts(value: Any) -> list[str]:
    """Return the known texts of an element that is one text or a list."""
    return [item for item in (value if isinstance(value, list | tuple) else [value]) if isinstance(item, str)]


def statements(held: Held) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Yield each statement of a policy as it is written and as it is parsed; the unknown ones are left out."""
    for row, statement in zip(held.rows, held.policy.statements, strict=False):
        if isinstance(row, Mapping):
            yield row, statement


def _display(resource: Resource) -> str:
    return f"{resource.type.rpartition(':')[2]} {resource.name}"
