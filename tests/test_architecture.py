"""Imports point one way (docs: DESIGN.md, the way of a claim), read from the source itself."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("claims", "features", "models", "reports", "pipelines", "flows")
# What each layer may import of the others.
ALLOWED = {
    "claims": set(),
    "features": {"claims"},
    "models": {"claims"},
    "reports": {"claims"},
    "pipelines": {"claims", "features", "models", "reports"},
    "flows": {"claims", "models", "pipelines"},
}
# Words of reports come from where measures are declared, so that none lacks them.
EXCEPTIONS = {("reports", "features.measures.catalogue"), ("reports", "features.comparison.peers")}
CLOCKS = {"now", "today", "utcnow", "localtime", "gmtime"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    module_name(path): path
    for path in sorted([ROOT / "flows.py", *(p for layer in LAYERS for p in (ROOT / layer).rglob("*.py"))])
}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> list[tuple[str, bool]]:
    """Every imported name in full, and whether it is imported when the module is; relative ones are not used."""
    at_load = {id(node) for node in tree.body}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in at_load) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative import"
            found += [(f"{node.module}.{alias.name}", id(node) in at_load) for alias in node.names]
    return found


def module_of(name: str) -> str | None:
    """The module of the product that an imported name is or lies in."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


def forbidden(module: str, tree: ast.Module) -> set[str]:
    """Modules of other layers that a module imports though it may not."""
    layer = module.partition(".")[0]
    found = set()
    for name, _at_load in imports(tree):
        target = module_of(name) or name
        other = target.partition(".")[0]
        if (
            other in LAYERS
            and other != layer
            and other not in ALLOWED[layer]
            and (layer, target) not in EXCEPTIONS
        ):
            found.add(target)
    return found


def readings_of_the_clock(tree: ast.Module) -> list[int]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        node.lineno for node in calls if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
    ]


def importers(library: str) -> set[str]:
    return {
        m for m in MODULES if any(n == library or n.startswith(f"{library}.") for n, _ in imports(tree_of(m)))
    }


def test_the_modules_are_found():
    assert {"flows", "claims.as_of", "features.rules.engine", "models.registry", "pipelines.measure"} <= set(
        MODULES
    )
    assert len(MODULES) > 40


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module):
    assert forbidden(module, tree_of(module)) == set()


@pytest.mark.parametrize(
    "module, source, target",
    [
        ("models.anomaly", "from features.measures import catalogue", "features.measures.catalogue"),
        ("models.anomaly", "def late():\n    import features.comparison.peers", "features.comparison.peers"),
        ("features.comparison.peers", "from models.anomaly import CAP", "models.anomaly"),
        ("claims.store", "from pipelines.settings import Settings", "pipelines.settings"),
        ("reports.reasons", "from features.visits.facts import visit_facts", "features.visits.facts"),
        ("pipelines.train", "import flows", "flows"),
    ],
)
def test_a_wrong_import_would_be_seen(module, source, target):
    assert forbidden(module, ast.parse(source)) == {target}


def test_libraries_with_a_house_of_their_own():
    assert importers("prefect") == {"flows"}
    assert importers("mlflow") == {"models.registry"}


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"flows"}))
def test_nobody_below_the_flows_reads_the_clock(module):
    assert readings_of_the_clock(tree_of(module)) == []


@pytest.mark.parametrize("source", ["datetime.now()", "date.today()", "pd.Timestamp.now(tz)", "ibis.now()"])
def test_a_reading_of_the_clock_would_be_seen(source):
    assert readings_of_the_clock(ast.parse(f"def night():\n    return {source}")) == [2]


def test_no_module_needs_itself():
    """Follow the imports; a package's `__init__` counts as the modules that are named in it."""
    needs = {
        module: {
            t for n, at_load in imports(tree_of(module)) if at_load and (t := module_of(n)) and t != module
        }
        for module in MODULES
    }
    done: set[str] = set()

    def follow(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join((*path[path.index(module) :], module))
        if module not in done:
            for target in sorted(needs[module]):
                follow(target, (*path, module))
            done.add(module)

    for module in MODULES:
        follow(module, ())
    assert done == set(MODULES)
