"""What pages, comments and docstrings cite is in the repository."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = "claims|features|models|pipelines|reports|significance|benchmarks|docs|tests|notebooks|domain"
# A file with its folder, as a page or a comment names it; a pattern such as `features/**/*.py` names none.
PATH = re.compile(rf"(?<![\w/.])(?:{FOLDERS})/[\w./-]*\w\.(?:py|md|j2|png)\b")
# A module of a docstring's cross-reference, with an attribute or without.
MODULE = re.compile(r"`(?:claims|features|models|pipelines|reports|significance)(?:\.\w+)+`")
# Its table of renamed modules cites what there was.
HISTORY = {"CHANGELOG.md"}
FOLDERS_READ = (
    "claims",
    "features",
    "significance",
    "models",
    "pipelines",
    "reports",
    "benchmarks",
    "docs",
    "notebooks",
    "mlflow",
)
SOURCES = sorted(
    path
    for found in (ROOT.glob("*.*"), *((ROOT / folder).rglob("*.*") for folder in FOLDERS_READ))
    for path in found
    if path.suffix in {".md", ".py", ".j2"} and path.name not in HISTORY
)


def missing(text: str) -> set[str]:
    """Cited paths and modules that do not exist."""
    paths = {path for path in PATH.findall(text) if not (ROOT / path).exists()}
    return paths | {name for name in MODULE.findall(text) if not is_found(name.strip("`").split("."))}


def is_found(parts: list[str]) -> bool:
    """Is there a module of this name, or one that defines the last part?"""
    module = ROOT.joinpath(*parts)
    if module.is_dir() or module.with_suffix(".py").exists():
        return True
    owner = module.parent.with_suffix(".py")
    owner = owner if owner.exists() else module.parent / "__init__.py"
    if not owner.exists():
        return is_found(parts[:-1]) if len(parts) > 2 else False
    return re.search(rf"\b{parts[-1]}\b", owner.read_text(encoding="utf-8")) is not None


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_cited_files_exist(source):
    assert missing(source.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("as in `domain/fields.md`", {"domain/fields.md"}),
        ("see features/facts.py for more", {"features/facts.py"}),
        ("`features.nowhere.lost`", {"`features.nowhere.lost`"}),
        ("`significance.chance.lost_function`", {"`significance.chance.lost_function`"}),
        (
            "`significance.chance.neg_log10_fdr`, `features/graphs/`, `features/**/*.py`, docs/rules.md",
            set(),
        ),
        ("`significance.chance`, `features.graphs`, `pipelines.evaluate.Evaluation`", set()),
    ],
)
def test_a_citation_of_nothing_would_be_seen(text, wanted):
    assert missing(text) == wanted
