"""Which modules are mutated, and their mutants: the source with one thing changed, by mutmut's operators and one more.

What only people read is left out, since no test should pin its wording: see LEFT_OUT.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider, WhitespaceInclusivePositionProvider
from mutmut.mutation.mutators import mutation_operators

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = (
    "type annotations, imports and docstrings",
    "decorators, with the sizes of caches, and of `@rule` all but types, scope and parameters "
    "(`docs/policies.md`, which a test compares, holds the rest)",
    "addresses of documentation, what a finding says was found and is expected, texts with a space in them, and the "
    "functions that only word them",
    "texts in another case: rules read most words without regard to it, and each text is changed otherwise as well",
    "arguments of `len` and `isinstance`, as mutmut has it",
)
# Functions whose result only people read.
_WORDING = {"several", "_shown", "_why"}
# Which arguments of a call are for people.
_FOR_PEOPLE = {
    "_each": (1,),
    "_organisation": (2,),
    "account_has": (2,),
    "check": (3,),
    "check_set": (2,),
    "each_allowing": (1,),
    "fail": (1, 2),
    "unknown": (1,),
}
_FOR_PEOPLE_BY_NAME = ("expected", "known")
_OF_RULES = ("types", "scope", "parameters")
_VARIABLES = ("CANNED", "expected", "shown")


def targets() -> dict[str, Path]:
    """Return the modules that are mutated, each after those that it imports."""
    folder = ROOT / "policies" / "rules"
    files = [folder / "documents.py", *sorted((folder / "least_privilege").glob("[a-z]*.py"))]
    named = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}
    ordered: dict[str, Path] = {}

    def place(name: str) -> None:
        for needed in sorted(_imports(named[name]) & named.keys()):
            place(needed)
        ordered.setdefault(name, named[name])

    for name in named:
        place(name)
    return ordered


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def building_on(modules: Mapping[str, Path]) -> dict[str, list[str]]:
    """Return for each module itself and those that import it, also through others, in the order of imports."""
    needs: dict[str, set[str]] = {}
    for name, file in modules.items():
        direct = _imports(file) & modules.keys()
        needs[name] = {name, *direct, *(each for needed in direct for each in needs[needed])}
    return {name: [other for other in modules if name in needs[other]] for name in modules}


@dataclass(frozen=True)
class Mutant:
    """One change: the module's mutated source, where it is, and the lines before and after."""

    module: str
    function: str
    line: int
    source: str
    was: str
    becomes: str

    def __str__(self) -> str:
        return f"{self.module.rpartition('.')[2]}:{self.line} {self.function}: {self.was}  ->  {self.becomes}"


def mutants(module: str, source: str) -> list[Mutant]:
    """Return all mutants of a module that are Python, each once."""
    visitor = _Visitor(source)
    MetadataWrapper(cst.parse_module(source)).visit(visitor)
    found: dict[str, Mutant] = {}
    for function, start, end, text in visitor.changes:
        mutated = source[:start] + text + source[end:]
        if mutated == source or mutated in found or not _parses(mutated):
            continue
        was, becomes = _difference(source, mutated)
        line = source.count("\n", 0, start + len(source[start:end]) - len(source[start:end].lstrip())) + 1
        found[mutated] = Mutant(module, function, line, mutated, was, becomes)
    return list(found.values())


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _difference(before: str, after: str) -> tuple[str, str]:
    """Return the lines that differ, without their indentation and as one line each."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return " ".join(" ".join(old).split()), " ".join(" ".join(new).split())


class _Visitor(cst.CSTVisitor):
    """Collects (function, start, end, text): the source between two offsets is to be replaced by a text."""

    METADATA_DEPENDENCIES = (PositionProvider, WhitespaceInclusivePositionProvider)

    def __init__(self, source: str) -> None:
        super().__init__()
        self.changes: list[tuple[str, int, int, str]] = []
        lengths = (len(line) for line in source.splitlines(keepends=True))
        self._starts = [0, *itertools.accumulate(lengths)]
        self._functions: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Decorator):
            self._rule(node)
            return False
        if _left_out(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._functions.append(node.name.value)
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                for mutated in operator(node):
                    if not _only_case(node, mutated) and not _only_words(node, mutated):
                        self._add(node, mutated)
        if isinstance(node, cst.If | cst.While | cst.CompIf):
            self._add(node.test, _negated(node.test))
        return self._children(node)

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef) and not _left_out(original_node):
            self._functions.pop()

    def _add(self, node: cst.CSTNode, mutated: cst.CSTNode) -> None:
        place = self.get_metadata(WhitespaceInclusivePositionProvider, node)
        start, end = (self._starts[at.line - 1] + at.column for at in (place.start, place.end))
        self.changes.append((".".join(self._functions), start, end, _code(mutated)))

    def _rule(self, node: cst.Decorator) -> None:
        """Visit what a rule's decorator holds for machines."""
        call = node.decorator
        if isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value == "rule":
            for argument in call.args:
                if argument.keyword is not None and argument.keyword.value in _OF_RULES:
                    argument.value.visit(self)

    def _children(self, node: cst.CSTNode) -> bool:
        """Say whether to visit all children; of a call with texts for people the others are visited here."""
        if not isinstance(node, cst.Call):
            return True
        node.func.visit(self)
        for number, argument in enumerate(node.args):
            if not _is_for_people(node, number):
                argument.value.visit(self)
        return False


def _left_out(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Annotation | cst.Import | cst.ImportFrom):
        return True
    if isinstance(node, cst.FunctionDef):
        return node.name.value in _WORDING
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name):
        return node.func.value in ("len", "isinstance")
    if isinstance(node, cst.Expr):
        return isinstance(node.value, cst.BaseString)
    if isinstance(node, cst.Assign):
        target = node.targets[0].target
        url = isinstance(node.value, cst.SimpleString | cst.FormattedString) and "https://docs." in _code(node.value)
        return url or (isinstance(target, cst.Name) and target.value in _VARIABLES)
    return isinstance(node, cst.SimpleString) and " " in node.value


def _only_case(node: cst.CSTNode, mutated: cst.CSTNode) -> bool:
    """Say whether only the case of a text is another one: rules read most words without regard to it."""
    return isinstance(node, cst.SimpleString) and _code(node).lower() == _code(mutated).lower()


def _only_words(node: cst.CSTNode, mutated: cst.CSTNode) -> bool:
    """Say whether a call only lost a text for people, or has nothing in its place."""
    if not isinstance(node, cst.Call) or not isinstance(mutated, cst.Call) or not isinstance(node.func, cst.Name):
        return False
    kept = {id(argument) for argument in mutated.args}
    lost = [number for number, argument in enumerate(node.args) if id(argument) not in kept]
    return all(_is_for_people(node, number) for number in lost) and bool(lost)


def _is_for_people(call: cst.Call, number: int) -> bool:
    keyword = call.args[number].keyword
    if keyword is not None:
        return keyword.value in _FOR_PEOPLE_BY_NAME
    return isinstance(call.func, cst.Name) and number in _FOR_PEOPLE.get(call.func.value, ())


def _code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _negated(test: cst.BaseExpression) -> cst.BaseExpression:
    """Turn a condition round, which mutmut leaves alone."""
    inner = test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.UnaryOperation(operator=cst.Not(), expression=inner, lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
