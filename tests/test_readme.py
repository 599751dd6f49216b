"""What the README promises is there: its commands run, its targets exist, its pages are up to date."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import fundguard
from tests.tiny import World

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    promised = set(re.findall(r"^ {4}make (\w+)", README, re.M))
    assert {"demo", "test", "install"} <= promised
    for target in promised:
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_commands_are_those_of_the_console_script():
    promised = set(re.findall(r"fundguard (\w+) ", README)) - {"finds", "is"}
    from commands import app

    assert {"check", "run", "ingest", "train", "nightly", "serve", "adapt"} <= promised
    assert promised <= set(app)


def test_links_and_pictures_are_there():
    for target in re.findall(r"\]\(([^)]+)\)|`(docs/[\w.-]+)`", README):
        assert (ROOT / (target[0] or target[1])).exists(), target


@pytest.mark.parametrize(
    "script,page",
    [
        ("generate.py", "measures.md"),
        ("generate_rules.py", "rules.md"),
        ("generate_schemes.py", "schemes.md"),
    ],
)
def test_generated_pages_are_up_to_date(script, page):
    done = subprocess.run([sys.executable, f"docs/{script}"], cwd=ROOT, capture_output=True, text=True,
                          env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONUTF8": "1"})  # fmt: skip
    assert done.stdout == (ROOT / "docs" / page).read_text(encoding="utf-8"), done.stderr


@pytest.mark.parametrize(
    "arguments,message",
    [
        (["check", "{}/nowhere"], "nowhere is not a folder of claim tables"),
        (["run", "{}/in", "--store", "{}/s", "--as-of", "2025-01-01"], "required table setl_d is missing"),
        (["check", "{}/in", "--bogus"], "--bogus"),
        (["nightly", "--store", "{}/s"], "as-of"),
    ],
)
def test_an_error_is_one_plain_line(tmp_path, arguments, message):
    world = World()
    world.person("anna")
    world.hospital("H1")
    world.visit("anna", "H1", "2024-03-01 10:00")
    world.write(tmp_path / "in", without=("setl_d",))
    done = fundguard(*[a.format(tmp_path) for a in arguments])
    assert done.status != 0
    lines = done.err.strip().splitlines()
    assert len(lines) == 1 and message in lines[0], done.err
    assert not (tmp_path / "s").exists()


def test_check_says_what_a_run_would_do(tmp_path):
    world = World()
    world.person("anna")
    world.hospital("H1")
    world.visit("anna", "H1", "2024-03-01 10:00")
    world.visit("nobody", "H1", "2024-03-02 10:00")
    done = fundguard("check", world.write(tmp_path / "in"))
    assert done.status == 0, done.err
    assert "mdtrt_d.parquet row 2: not found in its parent table (mdtrt_d.psn_no)" in done.out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]
