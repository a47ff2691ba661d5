"""Which package may import which, and what no module may hold: read from the source, not from a run."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evaluations import ROOT

OURS = ("components", "criteria", "plumbline", "policies", "systems")
LONGEST = 450  # lines of a module
# What each package may import of this repository, itself apart.
ALLOWED = {
    "components": ("plumbline.sdk", "plumbline.yaml12"),
    "systems": ("components", "plumbline.probing", "plumbline.sdk", "plumbline.yaml12", "plumbline.project"),
    "criteria": (
        "plumbline.free_tier",
        "plumbline.graph",
        "plumbline.project",
        "plumbline.sdk",
        "plumbline.taggable",
        "plumbline.yaml12",
        "plumbline.verdicts",
    ),
    "policies": (
        "plumbline.cognito",
        "plumbline.commands",
        "plumbline.graph",
        "plumbline.project",
        "plumbline.rules_report",
        "plumbline.rulings",
        "plumbline.sdk",
        "plumbline.taggable",
        "plumbline.verdicts",
        "plumbline.wire",
        "plumbline.yaml12",
    ),
    "plumbline": (),
}


def modules(*packages: str) -> list[Path]:
    """Return the Python files below some packages; a package that does not exist has none."""
    return sorted(file for package in packages for file in (ROOT / package).rglob("*.py"))


@functools.cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(source: ast.Module) -> Iterator[str]:
    """Yield the dotted name of everything that is imported, `a.b.c` for `from a.b import c`.

    Relative imports stay in their package and are left out. Names computed at run time are not seen.
    """
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            yield from (str(argument.value) for argument in node.args[:1] if isinstance(argument, ast.Constant))


def of_ours(source: ast.Module) -> Iterator[str]:
    yield from (name for name in imports(source) if name.partition(".")[0] in OURS)


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def forbidden(package: str) -> list[str]:
    """Return "file: name" for each import that the package may not make."""
    allowed = (package, *ALLOWED[package])
    return [
        f"{file.relative_to(ROOT)}: {name}"
        for file in modules(package)
        for name in of_ours(tree(file))
        if not within(name, allowed)
    ]


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import plumbline.graph", ["plumbline.graph"]),
        ("import systems", ["systems"]),
        ("from plumbline import sdk, wire", ["plumbline.sdk", "plumbline.wire"]),
        ("def f():\n    from systems.settings import load", ["systems.settings.load"]),
        ("if TYPE_CHECKING:\n    import criteria", ["criteria"]),
        ("importlib.import_module('systems.trading')", ["systems.trading"]),
        ("__import__('systems')", ["systems"]),
        ("importlib.import_module(f'systems.{name}')", []),
        ("import json\nfrom pulumi import Output\nfrom . import sibling", []),
    ],
)
def test_imports_of_every_form_are_seen(source: str, expected: list[str]) -> None:
    assert list(of_ours(ast.parse(source))) == expected


def test_packages_of_the_program_have_modules() -> None:
    assert [package for package in ("components", "criteria", "plumbline", "systems") if not modules(package)] == []


@pytest.mark.parametrize("package", ALLOWED)
def test_package_imports_only_what_it_may(package: str) -> None:
    assert forbidden(package) == []


def test_of_a_system_only_its_probes_know_what_probes_are() -> None:
    users = {
        file.relative_to(ROOT).parts[2]
        for file in modules("systems")
        for name in imports(tree(file))
        if name.startswith("plumbline.probing")
    }
    assert users == {"probes"}


def test_components_name_no_system() -> None:
    names = {path.name for path in (ROOT / "systems").iterdir() if (path / "__init__.py").is_file()}
    constants = [
        (relative(file), node.value)
        for file in modules("components")
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Constant)
    ]
    assert names
    assert [(file, value) for file, value in constants if value in names] == []


def test_criteria_of_a_system_know_nothing_of_another_system() -> None:
    systems = {file.stem for file in (ROOT / "criteria").glob("*.yaml")}
    areas = {system: {f"criteria.{system}", f"criteria.{system}_areas"} for system in systems}
    wrong = [
        f"{relative(file)}: {name}"
        for file in modules("criteria")
        for name in of_ours(tree(file))
        for system, packages in areas.items()
        if within(name, tuple(packages)) and not relative(file).startswith(f"criteria/{system}")
    ]
    assert len(systems) > 1
    assert wrong == []


def test_main_imports_only_systems_and_pulumi() -> None:
    found = {name.partition(".")[0] for name in imports(tree(ROOT / "__main__.py"))}
    assert found == {"pulumi", "systems"}


def test_main_has_no_resource() -> None:
    source = tree(ROOT / "__main__.py")
    names = {node.id for node in ast.walk(source) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(source) if isinstance(node, ast.Attribute)}
    assert not names & {"aws", "pulumi_aws"}
    assert not attributes & {"Resource", "CustomResource", "ComponentResource", "ProviderResource"}


def test_code_that_runs_in_lambda_is_where_it_is_looked_for() -> None:
    trading = ROOT / "systems" / "trading"
    assert [part for part in ("handlers", "layer", "rotation") if not list((trading / part).rglob("*.py"))] == []
    agentic = ROOT / "systems" / "agentic"
    assert [part for part in ("handlers", "application") if not list((agentic / part).rglob("*.py"))] == []


def test_code_that_runs_in_lambda_imports_nothing_of_the_program() -> None:
    wrong = [
        f"{relative(file)}: {name}"
        for system in (ROOT / "systems").iterdir()
        for part in ("application", "handlers", "layer", "rotation")
        for file in sorted((system / part).rglob("*.py"))
        for name in of_ours(tree(file))
    ]
    assert wrong == []


# No module takes a side between environments or between engines.


def is_fixed(node: ast.AST) -> bool:
    """Say whether an expression holds a literal or a constant, which is named in capitals."""
    names = {part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "") for part in ast.walk(node)}
    return any(isinstance(part, ast.Constant) for part in ast.walk(node)) or any(name.isupper() for name in names)


def environment_comparisons(source: ast.Module) -> Iterator[int]:
    """Yield the line of each match of something called environment, and of each comparison with a fixed one.

    A comparison of two names that are both given, as for names that must differ, takes no side.
    """
    for node in ast.walk(source):
        operands: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            operands = operands if any(map(is_fixed, operands)) else []
        elif isinstance(node, ast.Match):
            operands = [node.subject]
        if any(ast.unparse(operand).split(".")[-1] in ("environment", "env", "get_stack()") for operand in operands):
            yield getattr(node, "lineno", 0)


@pytest.mark.parametrize(
    "source",
    [
        "if environment == 'prod': ...",
        "x = settings.environment != 'test'",
        "y = settings.environment in ('test',)",
        "z = 'prod' == self.environment",
        "pulumi.get_stack() == 'prod'",
        "settings.environment == PRODUCTION",
        "settings.environment in names.LARGE",
        "match settings.environment:\n    case 'prod': ...",
    ],
)
def test_comparisons_with_an_environment_are_seen(source: str) -> None:
    assert list(environment_comparisons(ast.parse(source))) == [1]


def test_comparison_of_an_environment_with_another_given_name_is_not_one() -> None:
    assert list(environment_comparisons(ast.parse("if name == self.environment: ..."))) == []


def test_no_component_and_no_system_asks_which_environment_it_is_in() -> None:
    wrong = [
        f"{relative(file)}:{line}"
        for file in modules("components", "systems")
        for line in environment_comparisons(tree(file))
    ]
    assert wrong == []


def engine_checks(source: ast.Module) -> Iterator[str]:
    """Yield the names in code by which a program would notice that no real engine runs it."""
    for node in ast.walk(source):
        name = ""
        if isinstance(node, ast.Name):
            name = node.id
        elif isinstance(node, ast.Attribute):
            name = node.attr
        elif isinstance(node, ast.alias):
            name = node.name
        if any(word in name.lower() for word in ("dry_run", "mock", "moto", "offline", "sandbox")):
            yield name


@pytest.mark.parametrize(
    "source", ["pulumi.runtime.is_dry_run()", "import moto", "from pulumi.runtime import mocks", "if offline: ..."]
)
def test_engine_checks_are_seen(source: str) -> None:
    assert list(engine_checks(ast.parse(source)))


def test_no_component_and_no_system_asks_which_engine_runs_it() -> None:
    wrong = [
        f"{relative(file)}: {name}" for file in modules("components", "systems") for name in engine_checks(tree(file))
    ]
    assert wrong == []


def test_no_module_is_too_long() -> None:
    lengths = {
        relative(file): len(file.read_text(encoding="utf-8").splitlines())
        for file in (*modules(*OURS), ROOT / "__main__.py")
    }
    assert {file: length for file, length in lengths.items() if length > LONGEST} == {}


def test_every_module_has_a_docstring() -> None:
    files = [file for file in modules(*OURS) if "handlers" not in file.parts and "layer" not in file.parts]
    assert [relative(file) for file in files if ast.get_docstring(tree(file)) is None] == []


def test_imports_between_the_packages_have_no_cycle() -> None:
    arrows = {
        package: {name.partition(".")[0] for file in modules(package) for name in of_ours(tree(file))} - {package}
        for package in OURS
    }

    def reached(package: str, seen: frozenset[str]) -> bool:
        return package in seen or any(reached(other, seen | {package}) for other in arrows[package])

    assert [package for package in OURS if reached(package, frozenset())] == []


# Which system uses which component, and that components know none.

# Components that one system alone reaches, directly or through another, and why nobody else does yet.
OF_ONE_SYSTEM = {
    "agentic": {
        "fargate_service": "only its connections may last longer than a function runs",
        "load_balancer": "stands before the container, which has no address that stays",
        "parameters": "its secrets are Parameter Store's, which cost nothing; trading's rotate, so they are secrets",
        "websocket_api": "only its clients stay connected",
        "work_queues": "its functions hand work on over queues; trading's are called by schedules and state machines",
    },
    "bootstrap": {
        "baseline": "logging and alarms of a whole account, once in each",
        "github": "the pipeline's identity in an account, once in each",
        "zones": "hosted zones outlive the systems whose names they hold",
    },
    "trading": {
        "backups": "AWS Backup with vaults, copies and locks; agentic is asked for exports of its one table",
        "cache": "Redis: nobody else is asked for a cache",
        "cdn": "the frontend, which only it serves",
        "cdn_parts": "the parts of the content delivery network",
        "dashboards": "only it is asked for dashboards",
        "firewall": "web access control lists cost; agentic is to stay within the free tier",
        "influx": "market data where Timestream is not on offer",
        "metric_filters": "only its alarms count lines of logs",
        "pipeline": "repositories of container images for functions that are shipped as images",
        "secrets": "secrets that rotate, which Parameter Store's do not",
        "shutdown": "its test environment rests at night",
        "time_series": "market data",
        "user_pool": "its callers are people who sign in; agentic's have API keys",
        "workflows": "state machines",
    },
}


def named_modules(source: ast.Module, package: str, folder: Path) -> set[str]:
    """Return the modules right below a package that some source imports, by their names."""
    names = {name.split(".")[1] for name in imports(source) if name.startswith(f"{package}.")}
    return {name for name in names if (folder / f"{name}.py").is_file()}


def components_of(system: str) -> set[str]:
    """Return the components that a system reaches: by itself, through what systems share, and through others."""
    shared, components = ROOT / "systems", ROOT / "components"
    found: set[str] = set()
    left = modules(f"systems/{system}")
    seen: set[Path] = set()
    while left:
        file = left.pop()
        if file in seen:
            continue
        seen.add(file)
        used = named_modules(tree(file), "components", components)
        found |= used
        left += [components / f"{name}.py" for name in used]
        left += [shared / f"{name}.py" for name in named_modules(tree(file), "systems", shared)]
    return found


def systems() -> list[str]:
    return sorted(path.name for path in (ROOT / "systems").iterdir() if (path / "__init__.py").is_file())


def test_components_that_one_system_uses_are_listed_with_a_reason() -> None:
    used = {system: components_of(system) for system in systems()}
    alone = {
        system: names - set().union(*(others for other, others in used.items() if other != system))
        for system, names in used.items()
    }
    assert alone == {system: set(reasons) for system, reasons in OF_ONE_SYSTEM.items()}
    assert [name for reasons in OF_ONE_SYSTEM.values() for name, reason in reasons.items() if not reason] == []


def test_every_component_is_used_by_a_system() -> None:
    made = {file.stem for file in modules("components")} - {"__init__"}
    assert made - set().union(*(components_of(system) for system in systems())) == set()


# Words of the systems' own subjects. A tenant, a client and a user are anybody's.
SUBJECTS = re.compile(
    r"agentic|trading|market|portfolio|backtest|broker|redis-token|ticker|gemini|qa_?agent|pm_?agent|dev_?agent"
    r"|modification|PROJECT#",
    re.IGNORECASE,
)
CRITERION = re.compile(r"\b[A-Z]{4,}-[0-9]{2}\.[0-9]")


def code_words(source: ast.Module) -> Iterator[str]:
    """Yield each name and text of some source, its docstrings apart: those may say who asks for what."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    named = (*documented[1:], ast.Name, ast.arg, ast.Attribute, ast.keyword, ast.alias)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(source)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(source):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
        elif isinstance(node, named):
            yield from (str(value) for name, value in ast.iter_fields(node) if name in ("id", "arg", "attr", "name"))


@pytest.mark.parametrize(
    "source",
    ["TRADING = 1", "x = 'agentic-prod'", "def market_data(): ...", "f(gemini=1)", "import portfolio", "x.backtests"],
)
def test_words_of_a_systems_subject_are_seen(source: str) -> None:
    assert [word for word in code_words(ast.parse(source)) if SUBJECTS.search(word)]


def test_docstrings_may_name_a_criterion_and_code_may_not() -> None:
    source = '"""Trading asks (TRADING-01.1)."""\n\ndef f():\n    """AGENTIC-02.1."""\n    return "AGENTIC-03.1"\n'
    found = [word for word in code_words(ast.parse(source)) if SUBJECTS.search(word) or CRITERION.search(word)]
    assert found == ["AGENTIC-03.1"]


def test_components_know_nothing_of_any_systems_subject() -> None:
    wrong = [
        f"{relative(file)}: {word[:60]}"
        for file in modules("components")
        for word in code_words(tree(file))
        if SUBJECTS.search(word) or CRITERION.search(word)
    ]
    assert wrong == []
