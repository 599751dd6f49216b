"""The wheel holds the product and nothing else, and `import mlflow` is the library wherever it stands.

The folder `mlflow/` says how the tracking server is run. It holds no Python file, so it is no package as
long as the library is installed; it must never be packed.
"""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("claims", "console", "features", "models", "pipelines", "reports")
IS_LIBRARY = (
    "import mlflow, pathlib; mlflow.MlflowClient; "
    "assert pathlib.Path(mlflow.__file__).parent.parent.name == 'site-packages', mlflow.__file__"
)


def modules() -> set[str]:
    """Every module of the product and every page template, as a path from the root."""
    kinds = ("*.py", "*.j2", "*.html", "*.css", "*.js", "*.svg")
    inside = {
        str(p.relative_to(ROOT)) for name in PACKAGES for kind in kinds for p in (ROOT / name).rglob(kind)
    }
    return inside | {"commands.py", "flows.py"}


def python(code: str, cwd: Path, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env={"PATH": ""} | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from a copy, so that nothing is left behind in the repository."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in (*PACKAGES, "mlflow", "docs", "notebooks", "tests"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("commands.py", "flows.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    command = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(tree)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    command = ["-m", "pip", "install", "-qq", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, *command], check=True)
    return target


def test_the_wheel_holds_every_module_and_nothing_else(wheel):
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == modules()


def test_packed_modules_come_from_the_wheel(installed, tmp_path):
    names = ", ".join(sorted(module.split("/")[0].removesuffix(".py") for module in modules()))
    code = f"import {names}; assert features.__file__.startswith({str(installed)!r}), features.__file__"
    python(code, tmp_path, PYTHONPATH=str(installed), PREFECT_HOME=str(tmp_path))


def test_mlflow_is_the_library_beside_the_wheel(installed, tmp_path):
    python(IS_LIBRARY, tmp_path, PYTHONPATH=str(installed))
    python(IS_LIBRARY, ROOT, PYTHONPATH=str(installed))


def test_mlflow_is_the_library_in_the_root():
    python(IS_LIBRARY, ROOT)


def test_mlflow_is_the_library_under_pytest():
    assert str(ROOT) in sys.path
    exec(IS_LIBRARY)


def test_the_folder_mlflow_holds_no_python():
    assert not list((ROOT / "mlflow").rglob("*.py"))
