"""Changes of a stack that are generated from what a predicate reads of it.

Each thing that is read is changed in the ways in which a stack goes wrong: it is missing, switched over, larger,
smaller, called otherwise, open to anybody, or leads elsewhere. A changed stack shares all else with the original.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from plumbline import sdk
from plumbline.graph import UNKNOWN, Resource, Secret, StackGraph, walk
from plumbline.verdicts import Subject
from tests.criteria.reading import BASE, OUTPUTS, OWN, Reads, Steps

Kind = Literal["property", "reference", "options", "setting", "base", "resource"]
_JSON = "{json}"  # a step into a text that holds a JSON document
_FEW = 8
_OPEN = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


@dataclass(frozen=True)
class Site:
    """One thing that is read: an input, what an input refers to, options, a setting, the bootstrap stack, a resource.

    `where` says in whose graph or settings, `group` is the same for what is alike: the same path, without numbers of
    list items, of any resource of the type.
    """

    kind: Kind
    group: str
    where: str = OWN
    urn: str = ""
    path: Steps = ()
    value: Any = None

    @property
    def in_list(self) -> bool:
        return bool(self.path) and isinstance(self.path[-1], int)


@dataclass(frozen=True)
class Mutant:
    """A changed stack: where, what was done there, and what predicates see then."""

    site: Site
    what: str
    subject: Subject


def sites(subject: Subject, reads: Reads) -> dict[str, list[Site]]:
    """Return what a predicate read, by group."""
    graphs = _graphs(subject, reads)
    found: dict[tuple[Any, ...], Site] = {}
    for where, urn, path in reads.inputs:
        resource = graphs[where].resources[urn]
        steps = tuple(int(step) if step.isdigit() else step for step in path.split("."))
        for place, value in _inside(steps, resource.get(path)):
            group = f"{resource.type} {_text(place)}"
            found[where, urn, place] = Site("property", group, where, urn, place, value)
    for where, urn, key in reads.references:
        resource = graphs[where].resources[urn]
        # Predicates follow what is known by its value.
        if resource.property_dependencies.get(key) and any(v is UNKNOWN for _, v in walk(resource.inputs.get(key))):
            found[where, urn, key, None] = Site("reference", f"{resource.type} -> {key}", where, urn, (key,))
    for where, urn in reads.options:
        resource = graphs[where].resources[urn]
        found[where, urn, "options"] = Site("options", f"options of {resource.type}", where, urn)
    for whose, path in reads.settings:
        settings = _settings(subject, whose)
        for place, value in _inside(path, _take(settings, path)):
            found[whose, place] = Site("setting", f"settings of {whose}: {_text(place)}", whose, "", place, value)
    for name in reads.siblings:
        found[(name,)] = Site("setting", "the settings of an environment", name)
    if reads.base:
        found[(BASE,)] = Site("base", "the bootstrap stack", BASE)
    for where, type_ in reads.types:
        for resource in graphs[where].of_type(type_):
            found[where, resource.urn] = Site("resource", type_, where, resource.urn)
    for resource in subject.graph if reads.whole else ():
        found[OWN, resource.urn] = Site("resource", resource.type, OWN, resource.urn)
    groups: dict[str, list[Site]] = {}
    for site in found.values():
        groups.setdefault(site.group, []).append(site)
    return groups


def mutants(subject: Subject, groups: Mapping[str, list[Site]], *kinds: Kind) -> Iterator[Mutant]:
    """Yield mutants of the given kinds: one of each group in turn, first of the groups with the fewest sites.

    Of a large group the first, the last and the one in the middle stand for all.
    """
    chosen = sorted((rows for rows in groups.values() if rows[0].kind in kinds), key=len)
    turns = []
    for rows in chosen:
        sample = rows if len(rows) <= _FEW else [rows[0], rows[len(rows) // 2], rows[-1]]
        turns.append(itertools.chain.from_iterable([at(subject, site, rows) for site in sample]))
    while turns:
        for turn in list(turns):
            mutant = next(turn, None)
            if mutant is None:
                turns.remove(turn)
            else:
                yield mutant


def together(subject: Subject, groups: Mapping[str, list[Site]], *kinds: Kind) -> Iterator[Mutant]:
    """Yield mutants in which all sites of a group change alike: where some suffice, a change of one does nothing."""
    for rows in groups.values():
        if rows[0].kind not in kinds:
            continue
        changed: dict[str, Subject] = {}
        for what in dict.fromkeys(mutant.what for mutant in at(subject, rows[0], rows)):
            for site in rows:
                before = changed.get(what, subject)
                after = next((m.subject for m in at(before, site, rows) if m.what == what), before)
                changed[what] = after
            yield Mutant(rows[0], f"all: {what}", changed[what])
    if "resource" in kinds:
        empty = StackGraph(subject.graph.stack, subject.graph.project, {}, subject.graph.outputs)
        yield Mutant(Site("resource", "all"), "there are none", dataclasses.replace(subject, graph=empty))


def at(subject: Subject, site: Site, alike: list[Site]) -> Iterator[Mutant]:
    """Yield what becomes of a stack when one site changes; `alike` are the sites of its group."""
    if site.kind == "base":
        yield Mutant(site, "there is none", dataclasses.replace(subject, base=lambda: None))
    elif site.kind == "setting":
        for what, value in _changes(site, []) if site.path else [("there are none", None)]:
            yield Mutant(site, what, _with_setting(subject, site, value))
    else:
        graph = _graph(subject, site.where)
        resource = graph.resources[site.urn]
        changed: Iterator[tuple[str, list[Resource]]] = iter([("removed", [])])
        if site.kind == "property":
            changed = _with_values(graph, resource, site, alike)
        elif site.kind == "reference":
            changed = _with_references(graph, resource, site.path[0])
        elif site.kind == "options":
            opposite = dataclasses.replace(resource.options, protect=not resource.options.protect, ignore_changes=())
            changed = iter([("with opposite options", [dataclasses.replace(resource, options=opposite)])])
        for what, resources in changed:
            yield Mutant(site, what, _with(subject, site, resources))


def blind(mutant: Mutant) -> Subject:
    """Return the stack of a mutant of a property in which nobody knows, and nothing tells, what stands at its site."""
    site = mutant.site
    resource = _graph(mutant.subject, site.where).resources[site.urn]
    # What is inside a text is unknown where the text is.
    path = site.path[: site.path.index(_JSON)] if _JSON in site.path else site.path
    references = {key: urns for key, urns in resource.property_dependencies.items() if key != path[0]}
    inputs = _put(resource.inputs, path, UNKNOWN)
    hidden = dataclasses.replace(resource, inputs=inputs, property_dependencies=references)
    return _with(mutant.subject, site, [hidden])


def _with_values(
    graph: StackGraph, resource: Resource, site: Site, alike: list[Site]
) -> Iterator[tuple[str, list[Resource]]]:
    if site.value is None:
        changes = _added(resource.type, site.path)
    else:
        others = [other.value for other in alike if other.urn != site.urn]
        changes = itertools.chain(_changes(site, others[:1] + others[-1:]), _elsewhere_by_value(graph, resource, site))
    for what, value in changes:
        yield what, [dataclasses.replace(resource, inputs=_put(resource.inputs, site.path, value))]
    if site.value is not None and len(site.path) == 1:
        inputs = _put(resource.inputs, site.path, None)
        twin = dataclasses.replace(resource, urn=f"{resource.urn}-twin", name=f"{resource.name}-twin", inputs=inputs)
        yield "with a twin that lacks it", [resource, twin]


def _changes(site: Site, others: list[Any]) -> Iterator[tuple[str, Any]]:
    """Yield (what is done, the new value); `others` are values of the same input elsewhere."""
    value = site.value.value if isinstance(site.value, Secret) else site.value
    names = [step for step in site.path if isinstance(step, str)]
    if value is None:
        return
    yield "removed", None
    match value:
        case bool():
            yield "switched over", not value
        case int() | float():
            yield from (("1 more", value + 1), ("1 less", value - 1), ("0", 0), ("10 times as much", value * 10))
        case "Allow" | "Deny":
            yield "the opposite", "Deny" if value == "Allow" else "Allow"
        case str():
            yield "another text", f"{value}-other"
            if _JSON in names and {"Action", "Principal", "Resource"} & set(names):
                yield "a star", "*"
        case list():
            yield from (("emptied", []), ("without its first item", value[1:]))
            if names[-1] == "Statement":
                yield "and everything for everybody", [*value, _OPEN]
            elif value and all(isinstance(item, str) for item in value):
                yield from (("and another item", [*value, "other"]), ("and a star", [*value, "*"]))
        case dict():
            yield "emptied", {}
            if names[-1] == "Principal":
                yield from (("everybody", "*"), ("every account", {"AWS": "*"}))
            if names[-1] == "Condition":
                yield from (("an opposite operator", _opposed(value, operator)) for operator in value)
    yield from (("that of another", other) for other in others if other is not None and other != value)


def _opposed(conditions: Mapping[str, Any], operator: str) -> dict[str, Any]:
    other = operator.replace("Not", "") if "Not" in operator else operator.replace("Equals", "NotEquals")
    other = other.replace("Like", "NotLike") if other == operator else other
    return {other if key == operator else key: item for key, item in conditions.items()}


def _added(type_: str, path: Steps) -> Iterator[tuple[str, Any]]:
    """Yield values for an input that is not set, as far as the SDK tells what it takes."""
    node: Any = sdk.inputs_of(type_)
    for step in path:
        if isinstance(node, sdk.Nested):
            node = node.properties.get(step)
        else:
            node = node.item if isinstance(node, sdk.ListOf) else getattr(node, "value", None)
    values: tuple[Any, ...] = ()
    if isinstance(node, sdk.Primitive):
        texts = node.values or ("other", "*")
        values = {bool: (True, False), int: (0, 1, 100), float: (0.0, 1.0)}.get(node.kind, texts)
    elif isinstance(node, sdk.ListOf) and isinstance(node.item, sdk.Primitive) and node.item.kind is str:
        values = (["other"],)
    elif isinstance(node, sdk.MapOf):
        values = ({"other": "other"},)
    yield from (("set", value) for value in values)


def _elsewhere_by_value(graph: StackGraph, resource: Resource, site: Site) -> Iterator[tuple[str, Any]]:
    """Yield names of another resource of the type to which a known input refers."""
    for urn in resource.property_dependencies.get(str(site.path[0]), ()):
        target = graph.resources.get(urn)
        others = graph.of_type(target.type) if target is not None else []
        for other in others[:1] + others[-1:]:
            for own, names in ((target.id, other.id), (target.outputs.get("arn"), other.outputs.get("arn"))):  # type: ignore[union-attr]
                if names and own == site.value and names != own:
                    yield "leads elsewhere", names


def _with_references(graph: StackGraph, resource: Resource, key: str) -> Iterator[tuple[str, list[Resource]]]:
    urns = resource.property_dependencies[key]
    rest = {name: others for name, others in resource.property_dependencies.items() if name != key}
    kept = tuple(urn for urn in resource.dependencies if urn not in urns or urn in itertools.chain(*rest.values()))
    for what, value in (("leads nowhere", None), ("leads to what the stack does not have", "other")):
        inputs = {**resource.inputs, key: _filled(resource.inputs[key], value)}
        yield what, [dataclasses.replace(resource, inputs=inputs, property_dependencies=rest, dependencies=kept)]
    for type_ in dict.fromkeys(graph.resources[urn].type for urn in urns if urn in graph.resources):
        others = [other.urn for other in graph.of_type(type_) if other.urn not in (*urns, resource.urn)]
        for urn in others[:1]:
            needs = {**rest, key: (urn,)}
            yield (
                "leads elsewhere",
                [dataclasses.replace(resource, property_dependencies=needs, dependencies=(*kept, urn))],
            )


def _filled(value: Any, new: Any) -> Any:
    """Return a value with another in place of what is unknown in it."""
    if isinstance(value, dict):
        return {key: _filled(item, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, new) for item in value]
    return new if value is UNKNOWN else value


def _inside(path: Steps, value: Any) -> Iterator[tuple[Steps, Any]]:
    """Yield a value with its path, and everything inside it, also inside JSON documents."""
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _inside((*path, key), item)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _inside((*path, number), item)
    elif isinstance(value, str) and value.startswith(("{", "[")) and _JSON not in path:
        try:
            document = json.loads(value)
        except ValueError:
            return
        yield from _inside((*path, _JSON), document)


def _text(path: Steps) -> str:
    return ".".join("*" if isinstance(step, int) else str(step) for step in path)


def _take(value: Any, path: Steps) -> Any:
    for step in path:
        value = value.value if isinstance(value, Secret) else value
        if step == _JSON:
            value = json.loads(value)
        elif isinstance(value, list):
            value = value[step] if isinstance(step, int) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _put(value: Any, path: Steps, new: Any) -> Any:
    """Return a value with another one at a path; None takes away what is there."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, Secret):
        return Secret(_put(value.value, path, new))
    if step == _JSON:
        return json.dumps(_put(json.loads(value), rest, new))
    inner = _put(_take(value, (step,)), rest, new)
    if isinstance(value, list):
        return [*value[:step], *([] if inner is None else [inner]), *value[step + 1 :]]
    changed = {key: item for key, item in (value or {}).items() if key != step}
    return changed if inner is None else {**changed, step: inner}


def _graphs(subject: Subject, reads: Reads) -> dict[str, StackGraph]:
    base = subject.base() if reads.base else None
    return {OWN: subject.graph, **({BASE: base} if base is not None else {})}


def _graph(subject: Subject, where: str) -> StackGraph:
    graph = subject.graph if where == OWN else subject.base()
    assert graph is not None
    return graph


def _with(subject: Subject, site: Site, changed: list[Resource]) -> Subject:
    """Return a subject with some resources instead of the one of a site."""
    graph = _graph(subject, site.where)
    resources = {urn: resource for urn, resource in graph.resources.items() if urn != site.urn}
    resources.update({resource.urn: resource for resource in changed})
    new = StackGraph(graph.stack, graph.project, resources, graph.outputs)
    if site.where == OWN:
        return dataclasses.replace(subject, graph=new)
    return dataclasses.replace(subject, base=lambda: new)


def _settings(subject: Subject, whose: str) -> Mapping[str, Any]:
    if whose == OUTPUTS:
        return subject.graph.outputs
    return subject.settings if whose == OWN else subject.siblings[whose]


def _with_setting(subject: Subject, site: Site, value: Any) -> Subject:
    if site.where == OUTPUTS:
        graph = dataclasses.replace(subject.graph, outputs=_put(subject.graph.outputs, site.path, value))
        return dataclasses.replace(subject, graph=graph)
    if site.where == OWN:
        return dataclasses.replace(subject, settings=_put(subject.settings, site.path, value))
    return dataclasses.replace(subject, siblings=_put(subject.siblings, (site.where, *site.path), value))
