"""The architecture, read from the source: direction of imports, homes of libraries, size of modules."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = (
    *("claims", "significance", "features", "models", "reports", "pipelines", "console"),
    *("flows", "operator_commands", "commands"),
)
# What each layer may import of the others.
ALLOWED = {
    "claims": set(),
    "significance": set(),
    "features": {"claims", "significance"},
    "models": {"claims", "significance"},
    "reports": {"claims"},
    "pipelines": {"claims", "features", "models", "reports"},
    "console": {"claims", "pipelines", "reports"},
    "flows": {"claims", "pipelines"},
    "operator_commands": {"claims", "pipelines", "reports", "flows"},
    "commands": {"claims", "pipelines", "reports", "console", "flows", "operator_commands"},
}
# Words of reports come from where measures, rules and disputes are declared, so that none lacks them.
EXCEPTIONS = {
    ("reports", f"features.{module}")
    for module in (
        "measures.catalogue",
        "comparison.peers",
        "comparison.peer_groups",
        "disputed_amounts",
        "rules.dictionary_values",
        "windows",
    )
}
# `python -m flows` is the console script, too.
EXCEPTIONS |= {("flows", "commands")}
CLOCKS = {"now", "today", "utcnow", "localtime", "gmtime"}
SYNTHETIC = "claims.synthetic"
MOST_LINES = 400


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = [ROOT / f"{layer}.py" for layer in LAYERS] + [
    p for layer in LAYERS for p in (ROOT / layer).rglob("*.py")
]
MODULES = {module_name(path): path for path in sorted(FILES) if path.exists()}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> list[tuple[str, bool]]:
    """Every imported name in full, wherever in the module, and whether it is imported when the module is."""
    at_load = {id(node) for node in tree.body}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in at_load) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative import"
            found += [(f"{node.module}.{alias.name}", id(node) in at_load) for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "importlib.import_module",
            "__import__",
        ):
            found += [(name.value, False) for name in node.args[:1] if isinstance(name, ast.Constant)]
    return found


def module_of(name: str) -> str | None:
    """The module of the product that an imported name is or lies in."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


def forbidden(module: str, tree: ast.Module) -> set[str]:
    """Modules of the product that a module imports though it may not."""
    layer = module.partition(".")[0]
    found = set()
    for name, _at_load in imports(tree):
        target = module_of(name) or name
        other = target.partition(".")[0]
        if other in LAYERS and other != layer and other not in ALLOWED[layer]:
            found |= {target} if (layer, target) not in EXCEPTIONS else set()
        if is_in(target, SYNTHETIC) and not is_in(module, SYNTHETIC) and module != "commands":
            found.add(target)
    return found


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def readings_of_the_clock(tree: ast.Module) -> list[int]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        node.lineno for node in calls if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
    ]


def importers(library: str, modules: dict[str, ast.Module]) -> set[str]:
    """The modules that import a library, also within functions or for type checking only."""
    return {
        name
        for name, tree in modules.items()
        if any(is_in(found, library) for found, _at_load in imports(tree))
    }


def cycle(needs: dict[str, set[str]]) -> list[str]:
    """The first way that leads from a module back to itself; empty where there is none."""
    done: set[str] = set()

    def follow(module: str, path: tuple[str, ...]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        found = next(
            (way for target in sorted(needs[module]) if (way := follow(target, (*path, module)))), []
        )
        done.add(module)
        return found

    return next((way for module in needs if (way := follow(module, ()))), [])


def repeated_stems(modules: list[str]) -> set[str]:
    """File names that two modules share; the synthetic city keeps to itself and is left out."""
    stems = Counter(
        MODULES[name].stem if name in MODULES else name.rpartition(".")[2]
        for name in modules
        if not is_in(name, SYNTHETIC)
    )
    return {stem for stem, count in stems.items() if count > 1 and stem != "__init__"}


def test_the_modules_are_found():
    found = {
        "flows",
        "commands",
        "claims.as_of",
        "features.rules.engine",
        "models.registry",
        "pipelines.measure",
    }
    assert found <= set(MODULES) and len(MODULES) > 100


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
        ("pipelines.train", "def late():\n    from commands import app", "commands"),
        ("flows", "from claims.synthetic import simulate", "claims.synthetic"),
        ("claims.store", "import importlib\nimportlib.import_module('claims.synthetic')", "claims.synthetic"),
        ("pipelines.cases", "from claims.synthetic.city import City", "claims.synthetic.city"),
        ("pipelines.cases", "from console.audit import record", "console.audit"),
        ("flows", "def late():\n    import console.verdict_sync", "console.verdict_sync"),
    ],
)
def test_a_wrong_import_would_be_seen(module, source, target):
    assert forbidden(module, ast.parse(source)) == {target}


@pytest.mark.parametrize(
    "module, source",
    [
        ("commands", "def simulate():\n    from claims.synthetic import simulate"),
        ("claims.synthetic.city", "from claims.synthetic.people import Person"),
        ("reports.reasons", "from features.measures.catalogue import Measure"),
        ("commands", "import flows"),
    ],
)
def test_a_right_import_is_let_through(module, source):
    assert forbidden(module, ast.parse(source)) == set()


def test_libraries_with_one_home():
    trees = {module: tree_of(module) for module in MODULES}
    assert importers("prefect", trees) == {"flows"}
    assert importers("mlflow", trees) == {"models.registry"}
    assert importers("pyspark", trees) == {"claims.spark_backend"}
    assert {module.partition(".")[0] for module in importers("django", trees)} == {"console"}


def test_a_library_is_seen_wherever_it_is_imported():
    trees = {
        "top": ast.parse("from prefect import flow"),
        "late": ast.parse("def run():\n    import prefect.runtime"),
        "typed": ast.parse("if TYPE_CHECKING:\n    from prefect.flows import Flow"),
        "by_name": ast.parse("import importlib\nimportlib.import_module('prefect.client')"),
        "none": ast.parse("import prefectural"),
    }
    assert importers("prefect", trees) == {"top", "late", "typed", "by_name"}


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"flows", "console.clock"}))
def test_only_the_flows_read_the_clock(module):
    assert readings_of_the_clock(tree_of(module)) == []


@pytest.mark.parametrize("source", ["datetime.now()", "date.today()", "pd.Timestamp.now(tz)", "ibis.now()"])
def test_a_reading_of_the_clock_would_be_seen(source):
    assert readings_of_the_clock(ast.parse(f"def as_of():\n    return {source}")) == [2]


def test_no_module_imports_itself_by_way_of_others():
    """A package's `__init__` counts as the modules that are named in it."""
    needs = {
        module: {
            target
            for name, at_load in imports(tree_of(module))
            if at_load and (target := module_of(name)) and target != module
        }
        for module in MODULES
    }
    assert cycle(needs) == []


def test_a_cycle_would_be_seen():
    assert cycle({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


@pytest.mark.parametrize("module", [module for module in MODULES if not is_in(module, SYNTHETIC)])
def test_no_module_is_long(module):
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{module} has {lines} lines: divide it by theme"


def test_no_file_is_long():
    """Tests, benchmarks, docs and the synthetic city as well."""
    files = [p for p in ROOT.rglob("*.py") if not {".venv", "mutants", "build"} & set(p.parts)]
    assert len(files) > len(MODULES)
    long = [p.name for p in files if len(p.read_text(encoding="utf-8").splitlines()) > MOST_LINES]
    assert long == [], f"more than {MOST_LINES} lines: divide by theme"


def test_the_year_is_declared_once():
    declared = [
        module
        for module in MODULES
        if not is_in(module, SYNTHETIC)
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Constant) and node.value == 365
    ]
    assert declared == ["features.windows"]


def test_file_names_are_unique():
    assert repeated_stems(list(MODULES)) == set()


def test_a_repeated_file_name_would_be_seen():
    assert repeated_stems(["claims.groups", "reports.groups", "claims.synthetic.city", "reports.city"]) == {
        "groups"
    }


# Scripts that no test runs as a whole.
SCRIPTS = sorted(
    path for folder in ("benchmarks", "docs", "notebooks") for path in (ROOT / folder).rglob("*.py")
)


def defined(tree: ast.Module) -> set[str]:
    """Names that a module defines or imports at its top level."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        else:
            found |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    return found


def unknown_imports(tree: ast.Module) -> set[str]:
    """Imports from the product that name nothing."""
    found = set()
    for name, _at_load in imports(tree):
        owner, _dot, last = name.rpartition(".")
        if name.partition(".")[0] not in LAYERS or name in MODULES:
            continue
        if owner not in MODULES or last not in defined(tree_of(owner)):
            found.add(name)
    return found


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_scripts_import_what_exists(script):
    assert unknown_imports(ast.parse(script.read_text(encoding="utf-8"))) == set()


@pytest.mark.parametrize("source", ["from claims.known import Known", "from claims.as_of import known_on"])
def test_an_import_of_nothing_would_be_seen(source):
    right = (
        "import flows\nfrom claims.as_of import ClaimsAsOf, STAY\nfrom features import rules\nimport numpy"
    )
    assert len(unknown_imports(ast.parse(source))) == 1 and not unknown_imports(ast.parse(right))
