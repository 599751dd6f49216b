"""After a run nobody is named in log, stderr, Prefect's database and MLflow's artifacts; under a pseudonym
key no person is named in any file of the store."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from claims.pseudonyms import VARIABLE
from tests.conftest import ROOT, City
from tests.identifiers import identifiers_in, identifiers_of
from tests.tiny import World

SECRET = "correct horse battery staple, 32+"
PERSON, DOCTOR = "PSN4208{:04}", "DOC42080001"
NAME, CARD, PHONE = "王小明", "420102196001010028", "13800000001"


def files_below(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def named_in(content: bytes, names: set[str]) -> set[str]:
    """The names that stand in a content, as they are or as JSON may write them."""
    return {name for name in names if name.encode() in content or name.encode("unicode_escape") in content}


def whom_it_names(files: list[Path], known: set[str], names: set[str]) -> dict[str, set[str]]:
    """Files that name anybody; of Parquet what it holds is searched, for it may be compressed."""
    found = {}
    for path in files:
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += pd.read_parquet(path).to_csv().encode()
        if hits := identifiers_in(content, known) | named_in(content, names):
            found[str(path)] = hits
    return found


def test_models_log_and_run_pages_hold_nobodys_identifier(city: City):
    known, names = identifiers_of(city.source), set(city.table("fixmedins_b").fixmedins_name)
    known |= set(city.table("psn_info_b").certno.dropna()) | set(city.table("setl_d").setl_id)
    store, prefect = city.store.path, Path(os.environ["PREFECT_HOME"])
    files = [store / "mlflow.db", store / "run.log", *files_below(store / "mlartifacts", prefect)]
    assert len(files) > 20 and any(path.name.startswith("prefect.db") for path in files)
    assert whom_it_names(files, known, names) == {}
    assert city.done.err == "" and not identifiers_in(city.done.out.encode(), known)
    # The same search finds them in what is meant to name them.
    assert len(whom_it_names([city.run / "overview.html"], known, names)) == 1


@pytest.mark.parametrize("content", ["4208 H1234567890", "x4208000001y", "psn_no=4208000001", "44208000001"])
def test_the_search_finds_an_identifier_wherever_it_stands(content):
    known = {"4208000001", "H1234567890"}
    assert len(identifiers_in(content.encode(), known)) == 1
    assert identifiers_in(content.replace("0", "-").encode(), known) == set()


@pytest.mark.parametrize("content", [NAME.encode(), NAME.encode("unicode_escape")])
def test_the_search_finds_a_name_however_it_is_written(content):
    assert named_in(b"x" + content + b"y", {NAME, "李四"}) == {NAME}


def world() -> World:
    made = World()
    made.hospital("H1")
    made.add("dr_info_b", dr_code=DOCTOR, fixmedins_code="H1", certno=CARD)
    for number in range(12):
        person = made.person(PERSON.format(number), certno=f"{int(CARD) + number}", tel=PHONE, psn_name=NAME)
        for month in range(1, 5):
            made.visit(
                person,
                "H1",
                f"2024-{month:02}-{number + 1:02} 09:00",
                chfpdr_code=DOCTOR,
                lines=[("lab", 1, 30)],
            )
    made.visit("PSN42089999", "H1", "2024-03-02 09:00")  # nobody knows him: quarantine
    made.case("patient", PERSON.format(3), "2", "2024-03-01", memo=f"seen with {NAME}")
    return made


@pytest.mark.slow
def test_under_a_key_no_file_of_the_store_names_a_person(tmp_path):
    source, store = world().write(tmp_path / "in", as_csv="utf-8"), tmp_path / "store"
    with (source / "psn_info_b.csv").open("a") as file:
        file.write(f'{PERSON.format(1)},"broken\n')
    prefect = tmp_path / "prefect"
    environment = os.environ | {VARIABLE: SECRET, "PREFECT_HOME": str(prefect)}
    line = [sys.executable, "-m", "flows", "run", source, "--store", store, "--as-of", "2024-05-01"]
    done = subprocess.run([*map(str, line)], cwd=ROOT, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
    known = {PERSON.format(n) for n in range(12)} | {f"{int(CARD) + n}" for n in range(12)}
    known |= {DOCTOR, PHONE, "PSN42089999"}
    files = files_below(store, prefect)
    assert len(files) > 80 and whom_it_names(files, known, {NAME, SECRET}) == {}
    said = done.stdout + done.stderr
    assert not identifiers_in(said, known) and not named_in(said, {NAME, SECRET})
    # The search would find them: the hospital and its name stay.
    assert any(named_in(path.read_bytes(), {"医院H1"}) for path in files)
