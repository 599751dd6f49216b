"""Cities nobody tuned on: valid by the contract, the same for a seed, guilty and look-alikes for schemes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.blind.build import build
from benchmarks.blind.plan import draw_plan
from benchmarks.blind.schemes import SCHEMES
from benchmarks.blind.separable import auc, separate
from benchmarks.blind.write import write
from claims.store import preview

PERSONS = 4_000
# Chance alone gives half; with few guilty in a small city a plain statistic should still be far from it.
LEAST_AUC = 0.7
KINDS = {"patient", "prescriber", "pharmacy", "hospital"}


def make(out: Path, seed: int, hard: bool = False) -> Path:
    city, tables = build(draw_plan(seed, hard, PERSONS))
    write(city, tables, out)
    return out


@pytest.fixture(scope="module")
def easy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("easy"), 5)


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("hard"), 6, hard=True)


def frames(city: Path) -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_parquet(path) for path in sorted(city.rglob("*.parquet"))}


def test_the_contract_is_kept_but_for_a_handful_of_dirty_rows(easy: Path) -> None:
    report, _first = preview(easy / "input")
    assert 0 < sum(counts["quarantined"] for counts in report.tables.values()) < 20
    assert all(counts["kept"] > 0 for counts in report.tables.values())
    assert len(report.tables) == 14


def test_a_seed_gives_the_same_city_and_another_seed_another(easy: Path, tmp_path: Path) -> None:
    first, again = frames(easy), frames(make(tmp_path / "again", 5))
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, again[name])
    plans = [draw_plan(seed) for seed in range(4)]
    for name in ("persons", "hospitals", "pharmacies", "admissions"):
        assert len({getattr(plan, name) for plan in plans}) > 1


def test_seeds_differ_in_how_many_are_guilty_of_what(easy: Path, hard: Path) -> None:
    counts = [
        pd.read_parquet(c / "truth.parquet").groupby(["scheme", "subject_type"]).size() for c in (easy, hard)
    ]
    both = pd.concat(counts, axis=1).dropna()
    assert (both[0] != both[1]).mean() > 0.3


@pytest.mark.parametrize("which", ["easy", "hard"])
def test_every_scheme_has_guilty_and_look_alikes(which: str, request: pytest.FixtureRequest) -> None:
    city = request.getfixturevalue(which)
    truth, alike = pd.read_parquet(city / "truth.parquet"), pd.read_parquet(city / "lookalikes.parquet")
    assert set(truth.scheme) == set(SCHEMES)
    assert set(alike.kind.str[:3]) == set(SCHEMES)
    assert set(truth.subject_type) == KINDS
    known = set(zip(truth.subject_type, truth.subject_id, strict=True))
    assert not known & set(zip(alike.subject_type, alike.subject_id, strict=True))


def test_some_of_the_guilty_are_confirmed_and_some_of_the_honest_cleared(easy: Path) -> None:
    truth, cases = (
        pd.read_parquet(easy / "truth.parquet"),
        pd.read_parquet(easy / "input" / "insp_case_d.parquet"),
    )
    assert 0.1 < truth.labelled.mean() < 0.4
    confirmed = set(cases.subject_id[cases.clue_stas.isin(["2", "4"])])
    assert confirmed == set(truth.subject_id[truth.labelled])
    cleared = set(cases.subject_id[cases.clue_stas == "3"])
    assert cleared and not cleared & set(truth.subject_id)
    assert (cases.close_date < "2026-01-01").all()


def test_subjects_exist_and_nothing_is_later_than_the_data(easy: Path) -> None:
    table = frames(easy)
    ids = (
        set(table["psn_info_b"].psn_no)
        | set(table["dr_info_b"].dr_code)
        | set(table["fixmedins_b"].fixmedins_code)
    )
    for name in ("truth", "lookalikes", "neutral", "rings"):
        assert set(table[name].subject_id) <= ids
    assert (table["setl_d"].setl_time < "2026-01-01").all()
    assert (table["fee_list_d"].fee_ocur_time < "2026-01-01").all()


def test_bills_add_up(easy: Path) -> None:
    table = frames(easy)
    lines, money = table["fee_list_d"], table["setl_d"]
    np.testing.assert_allclose(lines.cnt * lines.pric, lines.det_item_fee_sumamt, atol=0.006)
    paid = money[(money.refd_setl_flag == "0") & (money.vali_flag == "1")]
    total = lines.groupby("mdtrt_id").det_item_fee_sumamt.sum().reindex(paid.mdtrt_id)
    np.testing.assert_allclose(total.fillna(0), paid.medfee_sumamt, atol=0.02)
    assert (paid.fund_pay_sumamt <= paid.medfee_sumamt + 0.01).all()


def test_area_under_the_curve_by_hand() -> None:
    guilty = pd.Series([True, False, False, True])
    assert auc(pd.Series([4, 1, 2, 3]), guilty) == 1.0
    assert auc(pd.Series([1, 1, 1, 1]), guilty) == 0.5


def test_plain_statistics_tell_the_guilty_of_an_easy_city_from_the_innocent(easy: Path) -> None:
    table = separate(easy)
    assert table.auc.mean() > 0.9
    assert (table.auc > LEAST_AUC).mean() > 0.9
