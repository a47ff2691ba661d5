"""Requirement 09 and 07.4: the data access that takes the place of SQLAlchemy, its table, and its waits."""

from __future__ import annotations

import ast

from criteria.agentic_areas.common import absent, facts, table
from criteria.agentic_areas.files import (
    MIGRATION,
    SHARED,
    below,
    calls_in,
    classes,
    functions,
    imported,
    texts_in,
    tree,
)
from criteria.agentic_areas.tables import schema
from criteria.common.lookups import FUNCTION, TABLE, depends_by
from criteria.common.rights import Call, allowed, arn, of_caller
from plumbline.graph import Resource
from plumbline.verdicts import Finding, Subject, Verdict, combine, criterion

_LAYER = "aws:lambda/layerVersion:LayerVersion"
_LEFT = {"sqlalchemy", "asyncpg", "psycopg2", "databases"}
_CODE = ("systems/agentic/application", "systems/agentic/handlers")


def _with_table(subject: Subject) -> list[Resource]:
    """Return the functions that know the table."""
    path = "environment.variables.DYNAMODB_TABLE_NAME"
    return [row for row in subject.graph.of_type(FUNCTION) if row.get(path) is not None]


def _layered(subject: Subject) -> list[Finding]:
    """Judge that every function that knows the table has the layer in which the data access lies."""
    return [
        Finding(row, "layers", "pass" if depends_by(subject, row, "layers", _LAYER) else "fail")
        for row in _with_table(subject)
    ]


@criterion("AGENTIC-09.1")
def access(subject: Subject) -> Verdict:
    """The data access goes through boto3, and no code that runs in Lambda knows SQLAlchemy or PostgreSQL."""
    used: set[str] = set()
    for place in _CODE:
        for path, _ in below(subject, place):
            if path.endswith(".py"):
                packages = imported(tree(subject, path))
                used |= packages
                if packages & (_LEFT | {"psycopg"}):
                    return Verdict("fail", f"{path} imports {', '.join(sorted(packages & (_LEFT | {'psycopg'})))}")
    if "boto3" not in imported(tree(subject, f"{SHARED}/table.py")):
        return Verdict("fail", f"{SHARED}/table.py does not use boto3")
    models = classes(tree(subject, f"{SHARED}/models.py"))
    lacking = [name for name in facts()["entities"] if name not in models]
    if lacking:
        return Verdict("fail", f"no model of {', '.join(lacking)}")
    return combine(_layered(subject), "functions", "have the models and boto3's access to them")


@criterion("AGENTIC-09.2")
def schemas(subject: Subject) -> Verdict:
    """Each entity has every field that its table had, is written by the migration, and has its place by its keys."""
    owner = table(subject)
    if owner is None:
        return absent(subject, TABLE, facts()["table"]["name"])
    models = classes(tree(subject, f"{SHARED}/models.py"))
    written = calls_in(tree(subject, f"{MIGRATION}/rows.py"))
    for entity in subject.facts["entities"]:
        row = facts()["entities"].get(entity)
        model = models.get(entity)
        if row is None or model is None:
            return Verdict("fail", f"{entity} has no model")
        fields = {ast.unparse(part.target) for part in model.body if isinstance(part, ast.AnnAssign)}
        lacking = [name for name in row["columns"] if name not in fields]
        if lacking:
            return Verdict("fail", f"{entity} lacks {', '.join(lacking)}")
        if entity not in written:
            return Verdict("fail", f"{MIGRATION}/rows.py makes no {entity}")
    return combine(schema(owner), "keys and indexes", f"hold {', '.join(subject.facts['entities'])}")


@criterion("AGENTIC-09.4")
def table_script(subject: Subject) -> Verdict:
    """The stack makes the table, a script one with the same keys for local use, and nothing is left of Alembic."""
    owner = table(subject)
    if owner is None:
        return absent(subject, TABLE, facts()["table"]["name"])
    for path, _ in below(subject, "systems/agentic"):
        if path.endswith(".py") and "alembic" in imported(tree(subject, path)):
            return Verdict("fail", f"{path} imports alembic")
    script = tree(subject, f"{MIGRATION}/create.py")
    if not any(name.rpartition(".")[2] == "create_table" for name in calls_in(script)):
        return Verdict("fail", f"{MIGRATION}/create.py makes no table")
    if _keys_in_code(subject) != _keys_wanted():
        return Verdict("fail", f"{SHARED}/keys.py has other keys than the table")
    return combine(schema(owner), "keys and indexes of the stack's table", "are those that the script makes")


def _keys_in_code(subject: Subject) -> dict[str, str]:
    """Return the keys that the model's code has, by index; the script makes its table of them."""
    texts: dict[str, str] = {}
    for part in tree(subject, f"{SHARED}/keys.py").body:
        if (
            isinstance(part, ast.Assign)
            and isinstance(part.targets[0], ast.Tuple)
            and isinstance(part.value, ast.Tuple)
        ):
            for name, value in zip(part.targets[0].elts, part.value.elts, strict=False):
                if isinstance(name, ast.Name) and isinstance(value, ast.Constant):
                    texts[name.id] = str(value.value)
        if (
            isinstance(part, ast.AnnAssign)
            and ast.unparse(part.target) == "INDEXES"
            and isinstance(part.value, ast.Dict)
        ):
            return {
                _said(key, texts): " + ".join(_said(item, texts) for item in pair.elts)
                for key, pair in zip(part.value.keys, part.value.values, strict=True)
                if isinstance(pair, ast.Tuple)
            }
    return {}


def _said(node: ast.expr | None, names: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    return str(node.value or "") if isinstance(node, ast.Constant) else ""


def _keys_wanted() -> dict[str, str]:
    return {"": facts()["table"]["key"], **facts()["table"]["indexes"]}


@criterion("AGENTIC-09.5")
def patterns(subject: Subject) -> Verdict:
    """Each way to look for data is a method that goes through the right index, which functions may ask."""
    owner = table(subject)
    if owner is None:
        return absent(subject, TABLE, facts()["table"]["name"])
    store = classes(tree(subject, f"{SHARED}/store.py")).get("Store")
    methods = functions(store) if store else {}
    indexes = set(facts()["table"]["indexes"])
    for pattern, (name, index) in facts()["access_patterns"].items():
        if name not in methods:
            return Verdict("fail", f"{SHARED}/store.py has no {name}, for {pattern}")
        if texts_in(methods[name]) & indexes != ({index} if index else set()):
            return Verdict("fail", f"{SHARED}/store.py: {name} does not go through {index or 'the table'}")
    findings = schema(owner)
    place = arn(subject, "dynamodb", f"table/{owner.get('name')}")
    calls = [Call("dynamodb:Query", place), Call("dynamodb:GetItem", place)]
    calls += [Call("dynamodb:Query", f"{place}/index/{index}") for index in sorted(indexes)]
    for row in _with_table(subject):
        written, known = of_caller(subject.graph, row, "role")
        may = all(allowed(written, call) for call in calls)
        findings.append(Finding(row, "role", known if known != "pass" else "pass" if may else "fail"))
    return combine(findings, "keys, indexes and rights", f"serve {len(facts()['access_patterns'])} access patterns")


@criterion("AGENTIC-07.4")
def backoff(subject: Subject) -> Verdict:
    """Every call goes through one place, which waits after a throttled one: twice as long each time, and at random."""
    module = tree(subject, f"{SHARED}/backoff.py")
    kept = classes(module).get("Backoff")
    methods = functions(kept) if kept else {}
    wait = methods.get("wait")
    if wait is None or not _doubles(wait) or not {"self.sleep", "self.random", "min"} <= calls_in(wait):
        return Verdict("fail", f"{SHARED}/backoff.py: no wait that doubles, ends and is drawn at random")
    unknown = set(facts()["throttling_errors"]) - texts_in(module)
    if unknown or "self.wait" not in calls_in(methods.get("call", ast.Pass())):
        return Verdict("fail", f"{SHARED}/backoff.py does not wait after {', '.join(sorted(unknown)) or 'an error'}")
    bare = _bare_calls(tree(subject, f"{SHARED}/table.py"))
    if bare:
        return Verdict("fail", f"{SHARED}/table.py: {bare[0]} is called without back-off")
    return combine(_layered(subject), "functions with the table", "try throttled calls again, later each time")


def _doubles(wait: ast.FunctionDef) -> bool:
    """Say whether a wait has a power of two in it."""
    return any(
        isinstance(part, ast.BinOp)
        and isinstance(part.op, ast.Pow)
        and isinstance(part.left, ast.Constant)
        and part.left.value == 2
        for part in ast.walk(wait)
    )


def _bare_calls(module: ast.Module) -> list[str]:
    """Return calls of DynamoDB's client that are made at once, and not handed to the back-off as a function."""
    kept = classes(module).get("Table")
    if kept is None:
        return ["Table"]
    bare = []
    for method in functions(kept).values():
        postponed = {
            id(part)
            for inner in ast.walk(method)
            if isinstance(inner, ast.Lambda | ast.FunctionDef) and inner is not method
            for part in ast.walk(inner)
        }
        bare += [
            ast.unparse(part.func)
            for part in ast.walk(method)
            if isinstance(part, ast.Call)
            and ast.unparse(part.func).startswith("self._client.")
            and id(part) not in postponed
        ]
        if postponed and not {"self._backoff.call", "self._until_processed", "self._call"} & calls_in(method):
            bare += [f"{method.name}" for part in ast.walk(method) if "_client" in ast.unparse(part)][:1]
    return bare
