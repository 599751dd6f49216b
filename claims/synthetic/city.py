"""The synthetic city as a whole: claims with planted fraud, look-alikes and data errors."""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from claims.synthetic import (
    contract_tables,
    data_errors,
    disguise,
    drafts,
    honest_care,
    innocents,
    inspections,
    ledger,
    lines,
    reference_tables,
    registers,
    schemes,
    timeline,
    world,
)
from claims.synthetic.clock import Clock
from claims.synthetic.contract_tables import Columns
from claims.synthetic.ledger import Books
from claims.synthetic.planting import Assignments, stage, table
from claims.synthetic.world import City

LEAST_PERSONS = 300


def simulate(
    out: Path,
    persons: int = 20_000,
    start: date = date(2024, 1, 1),
    days: int = 366,
    seed: int = 0,
    *,
    guilt: float = 1.0,
    hard: bool = False,
    uneven: bool = False,
) -> None:
    """Write `out/input/<table>.parquet`, `out/truth.parquet` and `out/innocent.parquet`.

    The same arguments give the same rows. `guilt` scales what is planted (0 = none; look-alikes and small
    faults remain); `hard` hides it: honest visits between, more shops, days and villages, amounts under
    the caps, members who are also look-alikes (`disguise.HARD`). In an `uneven` city some schemes and
    look-alikes are many times as frequent as in others, and some schemes are absent.
    """
    if persons < LEAST_PERSONS:
        raise ValueError(f"a city needs at least {LEAST_PERSONS} persons, not {persons}")
    city = world.build(Clock(start, days), persons, seed, uneven)
    hidden = disguise.HARD if hard else disguise.OPEN
    assigned = Assignments.of(city)
    harmless = innocents.plant(city, assigned)
    planted = schemes.plant(city, assigned, guilt, hidden)
    plants = dict(enumerate([*harmless, *planted], start=1))
    injured, accidents = registers.accidents(city, guilt)
    staged = [stage(number, plant) for number, (plant, _) in plants.items()]
    cover = disguise.cover(city, hidden, staged[len(harmless) :], schemes.members(planted))
    draft = drafts.together([*honest_care.honest(city), injured, *cover, *staged])
    draft = lines.companions(city, city.rng("companions"), draft)
    draft = timeline.possible(city, city.rng("timeline"), draft)
    draft = timeline.one_place_at_a_time(city, draft)
    draft = data_errors.small_faults(city, city.rng("faults"), draft)
    books = ledger.settle(city, draft)
    data_errors.add_corrections(city, books)
    gone = data_errors.cancelled(books)
    guilty_from = len(harmless)
    truth = table(city, books.visits, {n: p for n, p in plants.items() if n > guilty_from}, gone, "scheme")
    innocent = table(city, books.visits, {n: p for n, p in plants.items() if n <= guilty_from}, gone, "kind")
    if not hidden.mixed:
        innocent = _without(innocent, truth)
    _write(city, books, accidents, inspections.inspect(city, books, truth, innocent), Path(out))
    # Not looked at by the inspectors yet.
    hurt = registers.undeclared(books.visits, accidents, gone)
    truth, innocent = pd.concat([truth, hurt], ignore_index=True), _without(innocent, hurt)
    for name, answers in (("truth", truth), ("innocent", innocent)):
        answers = answers.drop(columns="plant").assign(subject=_ids(city, answers))
        answers = answers.rename(columns={"subject": "subject_id"})
        types = {"subject_type": "str", answers.columns[2]: "str", "strength": "float64"}
        answers.astype(types).to_parquet(Path(out) / f"{name}.parquet", index=False)


def _without(innocent: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Nobody is in both tables."""
    both = innocent.merge(truth[["subject_type", "subject"]].drop_duplicates(), how="left", indicator=True)
    return innocent[(both._merge == "left_only").to_numpy()].reset_index(drop=True)


def _ids(city: City, rows: pd.DataFrame) -> pd.Series:
    """The published id of each subject."""
    kind, number = rows.subject_type.to_numpy(), rows.subject.to_numpy().astype(np.int64)
    ids = np.empty(len(rows), dtype=object)
    names: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "patient": lambda n: city.people.number.to_numpy()[n].astype(str),
        "visit": lambda n: (contract_tables.VISIT_IDS + n).astype(str),
        "prescriber": lambda n: city.places.doctors.code.to_numpy()[n],
        "pharmacy": lambda n: city.places.table.code.to_numpy()[n],
        "hospital": lambda n: city.places.table.code.to_numpy()[n],
    }
    for one, name in names.items():
        ids[kind == one] = name(number[kind == one])
    return pd.Series(ids, index=rows.index, dtype="str")


def _write(city: City, books: Books, accidents: pd.DataFrame, cases: pd.DataFrame, out: Path) -> None:
    (out / "input").mkdir(parents=True, exist_ok=True)
    settlement, prescription = _last_settlement(books), _by_visit(books.prescriptions, len(books.visits))
    documents = (city, books, settlement, prescription)
    sales = books.sales.assign(sale=_sale_numbers(books.sales))
    tables: dict[str, tuple[pd.DataFrame, Callable[[pd.DataFrame], Columns]]] = {
        "psn_info_b": (city.people.sort_values("number"), partial(contract_tables.persons, city)),
        "fixmedins_b": (city.places.table, contract_tables.institutions),
        "dr_info_b": (city.places.posts, partial(contract_tables.doctors, city)),
        "hilist_b": (city.catalogue.items, contract_tables.items),
        "hilist_lmt_b": (
            reference_tables.limits(city.catalogue, city.clock.days),
            partial(contract_tables.item_limits, city),
        ),
        "hilist_rela_b": (
            reference_tables.relations(city.catalogue),
            partial(contract_tables.item_relations, city),
        ),
        "icd_lmt_b": (reference_tables.diagnoses(), contract_tables.diagnosis_limits),
        "psn_insu_d": (reference_tables.cover(city), partial(contract_tables.cover, city)),
        "inv_chg_d": (reference_tables.stock(city, books), partial(contract_tables.stock, city)),
        "mdtrt_d": (books.visits, partial(contract_tables.visits, city)),
        "setl_d": (books.settlements, partial(contract_tables.settlements, city, books)),
        "fee_list_d": (books.lines, partial(contract_tables.fee_lines, *documents)),
        "drug_sel_d": (sales, partial(contract_tables.sales, *documents)),
        "rx_d": (books.prescriptions, partial(contract_tables.prescriptions, city)),
        "psn_die_regn_d": (registers.deaths(city), partial(contract_tables.deaths, city)),
        "ltci_trt_d": (
            registers.long_term_care(city, books.visits),
            partial(contract_tables.long_term_care, city, registers.CARE_PAY),
        ),
        "acdt_rec_d": (accidents, partial(contract_tables.accidents, city)),
        "psn_sign_d": (books.signs, partial(contract_tables.signs, city)),
        "insp_case_d": (cases.assign(subject_id=_ids(city, cases)), partial(contract_tables.cases, city)),
    }
    for name, (frame, columns_of) in tables.items():
        finish = partial(data_errors.add_invalid_rows, city.rng(f"spoil {name}"), name)
        contract_tables.write(out / "input" / f"{name}.parquet", frame, columns_of, finish)


def _last_settlement(books: Books) -> np.ndarray:
    """Number of the settlement that pays for each visit, -1 for none."""
    rows = books.settlements
    counted = rows.index[rows.valid & ~rows.refund & (rows.kind != "3")]
    result = np.full(len(books.visits), -1, dtype=np.int64)
    result[rows.visit[counted]] = counted
    return result


def _by_visit(frame: pd.DataFrame, size: int) -> np.ndarray:
    result = np.full(size, -1, dtype=np.int64)
    result[frame.visit] = frame.index
    return result


def _sale_numbers(sales: pd.DataFrame) -> np.ndarray:
    """One number for the boxes of a line, another one for each that comes back."""
    new = ~sales.duplicated("line") | (sales["count"] < 0)
    number = np.cumsum(new.to_numpy()) - 1
    first = pd.Series(number[new & (sales["count"] > 0)], index=sales.line[new & (sales["count"] > 0)])
    return np.where(sales["count"] > 0, first.reindex(sales.line).to_numpy(), number)
