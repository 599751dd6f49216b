"""The synthetic city keeps the contract, has the proportions of real books, and shows what was planted."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from claims.synthetic import simulate
from tests.claims.planted_conduct import PERSONS, SCHEMES, STAYS, Simulated, made

# The required columns of the input tables (docs/data.md), the key first.
REQUIRED = {
    "psn_info_b": ["psn_no", "gend", "brdy", "insutype"],
    "fixmedins_b": ["fixmedins_code", "fixmedins_name", "fixmedins_type"],
    "dr_info_b": ["dr_code", "fixmedins_code"],
    "mdtrt_d": ["mdtrt_id", "psn_no", "fixmedins_code", "med_type", "begntime"],
    "setl_d": [
        "setl_id", "mdtrt_id", "psn_no", "fixmedins_code", "med_type", "setl_time", "medfee_sumamt",
        "fund_pay_sumamt",
    ],
    "fee_list_d": [
        "bkkp_sn", "mdtrt_id", "psn_no", "fixmedins_code", "fee_ocur_time", "hilist_code", "cnt", "pric",
        "det_item_fee_sumamt",
    ],
    "hilist_b": ["hilist_code", "hilist_name", "med_chrgitm_type"],
    "drug_sel_d": ["medins_prod_sel_no", "fixmedins_code", "hilist_code", "sel_retn_time", "sel_retn_cnt"],
    "rx_d": ["hi_rxno", "psn_no", "dr_code", "fixmedins_code", "prsc_time"],
    "psn_die_regn_d": ["psn_no", "die_date"],
    "ltci_trt_d": ["psn_no", "trt_begndate"],
    "acdt_rec_d": ["acdt_no", "psn_no", "acdt_time", "acdt_type"],
    "psn_sign_d": ["sign_sn", "psn_no", "fixmedins_code", "serv_type", "sign_in_time"],
    "insp_case_d": ["case_id", "subject_type", "subject_id", "clue_stas", "close_date"],
}  # fmt: skip
KEYS = {
    "dr_info_b": ["dr_code", "fixmedins_code"],
    "drug_sel_d": ["medins_prod_sel_no", "drug_trac_codg"],
    "psn_die_regn_d": ["psn_no", "data_souc"],
}
WITHOUT_KEY = ("ltci_trt_d",)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return made(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def honest_city(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return made(tmp_path_factory.mktemp("honest"), guilt=0.0)


def test_the_same_seed_gives_the_same_files(city: Simulated, tmp_path: Path):
    again = made(tmp_path)
    for name, table in city.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    pd.testing.assert_frame_equal(city.truth, again.truth)


def test_another_seed_gives_another_city(city: Simulated, tmp_path: Path):
    other = made(tmp_path, seed=1, persons=300, days=90)
    assert set(other["psn_info_b"].certno).isdisjoint(city["psn_info_b"].certno)


@pytest.mark.parametrize("hard", [False, True])
def test_a_tiny_city_over_a_short_time_holds_every_scheme(tmp_path: Path, hard: bool):
    tiny = made(tmp_path, persons=300, start=date(2023, 5, 10), days=100, seed=5, hard=hard)
    assert set(tiny.truth.scheme) - {"M27"} == set(SCHEMES)
    assert tiny["mdtrt_d"].begntime.between("2023-05-10", "2023-08-18").all()


def test_a_city_needs_people(tmp_path: Path):
    with pytest.raises(ValueError, match="at least 300 persons"):
        simulate(tmp_path, persons=10)


@pytest.mark.parametrize("name", REQUIRED)
def test_required_columns_are_filled_and_keys_unique(city: Simulated, name: str):
    table = city[name]
    assert len(table)
    assert table[REQUIRED[name]].notna().all().all()
    if name not in WITHOUT_KEY:
        assert not table.duplicated(KEYS.get(name, REQUIRED[name][:1])).any()


# Items of the catalogue that only women, only men, or only the young or the old can need.
LIMITED_ITEMS = {
    "益母草颗粒": ("2", None, None),  # for menstrual complaints
    "前列舒通胶囊": ("1", 18, None),  # for the prostate
    "小儿氨酚黄那敏颗粒": (None, None, 14),  # paediatric dose
    "小儿复方氨基酸注射液": (None, None, 18),
    "宫颈液基薄层细胞学检查": ("2", None, None),
    "前列腺特异性抗原测定": ("1", 40, None),
    "子宫肌瘤剔除术": ("2", None, None),
}


def test_limits_by_sex_and_age_are_medically_real(city: Simulated):
    items = city["hilist_b"].set_index("hilist_name")
    limits = items[["lmt_gend", "lmt_age_low", "lmt_age_high"]].dropna(how="all")
    limits = limits.astype(object).where(limits.notna(), None)
    assert dict(zip(limits.index, limits.itertuples(index=False, name=None), strict=True)) == LIMITED_ITEMS
    assert items.loc["糖化血红蛋白测定"].loc["lmt_gend":"lmt_age_high"].isna().all()


def test_limited_items_go_to_whom_they_suit_only(honest_city: Simulated):
    items = honest_city["hilist_b"].set_index("hilist_code")[["lmt_gend", "lmt_age_low", "lmt_age_high"]]
    lines = (
        honest_city["fee_list_d"]
        .join(items, on="hilist_code")
        .merge(honest_city["psn_info_b"][["psn_no", "gend", "brdy"]])
    )
    age = (lines.fee_ocur_time - pd.to_datetime(lines.brdy)).dt.days / 365.25
    assert lines.lmt_gend.notna().any() and lines.lmt_age_high.notna().any()
    assert not (lines.lmt_gend.notna() & (lines.lmt_gend != lines.gend)).any()
    assert not ((age < lines.lmt_age_low) | (age > lines.lmt_age_high + 1)).any()


def test_only_a_few_rows_are_broken_or_delivered_twice(city: Simulated):
    for name in ("mdtrt_d", "setl_d", "fee_list_d"):
        extra = len(city.tables[name]) - len(city[name])
        assert 2 <= extra <= max(2, 0.001 * len(city[name]))


def test_every_reference_leads_somewhere(city: Simulated):
    visits, items = set(city["mdtrt_d"].mdtrt_id), set(city["hilist_b"].hilist_code)
    assert set(city["setl_d"].mdtrt_id) <= visits
    assert set(city["mdtrt_d"].psn_no) <= set(city["psn_info_b"].psn_no)
    assert set(city["mdtrt_d"].fixmedins_code) <= set(city["fixmedins_b"].fixmedins_code)
    assert set(city["mdtrt_d"].chfpdr_code.dropna()) <= set(city["dr_info_b"].dr_code)
    assert set(city["fee_list_d"].hilist_code) <= items
    assert set(city["drug_sel_d"].bkkp_sn) <= set(city["fee_list_d"].bkkp_sn)
    assert set(city["drug_sel_d"].rxno.dropna()) <= set(city["rx_d"].hi_rxno)


def test_amounts_add_up(city: Simulated):
    paid = city.paid
    parts = paid.fund_pay_sumamt + paid.acct_pay + paid.cash_payamt
    assert (parts - paid.medfee_sumamt).abs().max() < 0.005
    assert (paid.hifp_pay <= paid.fund_pay_sumamt + 0.005).all()
    lines = city["fee_list_d"]
    assert (lines.cnt * lines.pric - lines.det_item_fee_sumamt).abs().max() < 0.0051
    sums = lines.groupby("mdtrt_id").det_item_fee_sumamt.sum()
    assert (paid.medfee_sumamt - paid.mdtrt_id.map(sums)).abs().max() < 0.005


def test_lines_lie_within_their_visit(city: Simulated):
    lines = city["fee_list_d"].merge(city["mdtrt_d"][["mdtrt_id", "begntime", "endtime"]], on="mdtrt_id")
    ended = lines[lines.endtime.notna()]
    assert ended.fee_ocur_time.between(ended.begntime, ended.endtime).all()


def test_refunds_cancel_or_are_settled_again(city: Simulated):
    rows = city["setl_d"][lambda t: (t.vali_flag == "1") & (t.setl_type != "3")]
    refunds = rows[rows.refd_setl_flag == "1"]
    assert (refunds.medfee_sumamt < 0).all()
    sums = rows[rows.mdtrt_id.isin(refunds.mdtrt_id)].groupby("mdtrt_id").medfee_sumamt.sum().round(2)
    assert 0.5 < (sums == 0).mean() < 1
    assert (sums >= 0).all()


def test_proportions_are_those_of_real_books(city: Simulated):
    paid, lines = city.paid, city["fee_list_d"]
    kind = paid.med_type.str[:2]
    stay, shop = kind.isin(STAYS), kind == "41"
    assert 4.2 < len(city["mdtrt_d"]) / PERSONS < 7
    assert 0.035 < stay.mean() < 0.08
    assert 0.35 < shop.mean() < 0.55
    assert 6_000 < paid.medfee_sumamt[stay].mean() < 11_000
    assert 75 < paid.medfee_sumamt[shop].mean() < 150
    assert 170 < paid.medfee_sumamt[kind == "11"].mean() < 330
    assert 5 < len(lines) / len(paid) < 14
    assert 40 < lines.det_item_fee_sumamt.mean() < 100
    rows = city["setl_d"]
    assert 0.04 < (rows.refd_setl_flag == "1").mean() < 0.065
    assert 0.001 < (rows.vali_flag == "0").mean() < 0.008
    assert 0.2 < (city["psn_info_b"].insutype == "310").mean() < 0.38
    assert 0.4 < paid.fund_pay_sumamt.sum() / paid.medfee_sumamt.sum() < 0.75


def test_december_is_busy_in_pharmacies_and_february_quiet(honest_city: Simulated):
    paid = honest_city.paid
    months = paid.setl_time[paid.med_type == "41"].dt.month.value_counts()
    assert months[12] > 1.25 * months.mean() > months.mean() > months[2]


def test_no_honest_doctor_is_at_two_places_at_once(honest_city: Simulated):
    visits = honest_city["mdtrt_d"]
    seen = visits[visits.med_type.str.startswith("1") & visits.chfpdr_code.notna()]
    seen = seen.sort_values(["chfpdr_code", "begntime"])
    assert (seen.groupby("chfpdr_code").fixmedins_code.nunique() == 2).any()
    before = seen.shift()
    moved = (before.chfpdr_code == seen.chfpdr_code) & (before.fixmedins_code != seen.fixmedins_code)
    assert (seen.begntime - before.begntime)[moved].min() >= pd.Timedelta(minutes=30)


def test_no_guilt_leaves_the_innocent(honest_city: Simulated):
    assert honest_city.truth.empty
    assert set(honest_city.innocent.kind) == INNOCENTS
    assert set(honest_city["insp_case_d"].clue_stas) == {"3"}


def test_nobody_is_guilty_and_innocent(city: Simulated):
    both = city.truth.merge(city.innocent, on=["subject_type", "subject_id"])
    assert both.empty


def test_truth_names_subjects_with_conduct_in_the_books(city: Simulated):
    paid = city.paid
    assert set(city.guilty("M10", "visit")) <= set(paid.mdtrt_id)
    assert city.truth.subject_id[city.truth.subject_type == "visit"].isin(paid.mdtrt_id).all()
    assert city.truth.subject_id[city.truth.subject_type == "patient"].isin(paid.psn_no).all()
    assert city.truth.strength.between(0.15, 1).all()


def test_injuries_by_others_that_no_stay_declares_are_m27(tmp_path: Path):
    """At so much guilt most are not declared; those that are, or whose own fault it was, are innocent."""
    city = made(tmp_path, persons=1200, guilt=12.0, seed=1)
    by_others = city["acdt_rec_d"].loc[city["acdt_rec_d"].ttp_flag == "1", "psn_no"]
    visits = city["mdtrt_d"].set_index("mdtrt_id", drop=False)
    undeclared = (visits.trum_flag == "1") & (visits.rel_ttp_flag == "0") & visits.psn_no.isin(by_others)
    expected = visits[undeclared & visits.mdtrt_id.isin(city.paid.mdtrt_id) & visits.med_type.isin(STAYS)]
    assert len(expected) and set(city.guilty("M27", "visit")) == set(expected.mdtrt_id)
    assert set(city.guilty("M27", "patient")) == set(expected.psn_no) < set(by_others)
    own_fault = city["acdt_rec_d"].loc[city["acdt_rec_d"].ttp_flag == "0", "psn_no"]
    assert len(own_fault) and not set(own_fault) & set(city.guilty("M27", "patient"))


def test_outcomes_are_late_few_and_blind_to_a_third_of_the_schemes(city: Simulated):
    cases = city["insp_case_d"]
    assert not cases.duplicated(["subject_type", "subject_id"]).any()
    assert set(cases.subject_type) == {"patient", "prescriber", "pharmacy", "hospital", "visit"}
    assert 0.25 < (cases.clue_stas == "3").mean() < 0.6
    assert cases.close_date.max() < date(2025, 1, 1)
    schemes = set(city.truth.scheme)
    assert len(schemes - set(cases.scheme)) >= len(schemes) / 3
    confirmed = cases[cases.clue_stas != "3"].merge(city.truth, on=["subject_type", "subject_id", "scheme"])
    assert len(confirmed) == (cases.clue_stas != "3").sum()


def test_nothing_about_an_id_or_a_null_gives_the_guilty_away(city: Simulated):
    """Area under the curve of plain clerical features, guilty stays against honest ones."""
    visits = city["mdtrt_d"].merge(city.paid.drop_duplicates("mdtrt_id")[["mdtrt_id", "medfee_sumamt"]])
    guilty = visits.mdtrt_id.isin(city.truth.subject_id[city.truth.subject_type == "visit"])
    stay = visits.med_type.isin(STAYS)
    visits, guilty = visits[stay], guilty[stay].to_numpy()
    assert guilty.sum() > 20
    clerical = {
        "last digits of the visit": visits.mdtrt_id.str[-3:].astype(int) % 97,
        "last digits of the person": visits.psn_no.str[-3:].astype(int) % 97,
        "cents": (visits.medfee_sumamt * 100).round() % 100,
        "seconds": visits.begntime.dt.second,
        "department missing": visits.dept_code.isna(),
        "bed missing": visits.adm_bed.isna(),
        "injury flag missing": visits.trum_flag.isna(),
        "certificate missing": visits.mdtrt_cert_type.isna(),
    }
    for name, values in clerical.items():
        assert abs(_area(values.to_numpy().astype(float), guilty) - 0.5) < 0.2, name


def _area(values: np.ndarray, guilty: np.ndarray) -> float:
    ranks, hits = rankdata(values), guilty.sum()
    return (ranks[guilty].sum() - hits * (hits + 1) / 2) / (hits * (~guilty).sum())


INNOCENTS = {
    "dialysis", "chemotherapy", "referral", "nursing_home", "family", "village_clinic", "long_prescription",
    "company_checkup",
}  # fmt: skip


@pytest.mark.parametrize(
    ("scheme", "subject_type", "measure"),
    [
        (scheme, subject_type, measure)
        for scheme, checks in SCHEMES.items()
        for subject_type, measure in checks
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_planted_conduct_shows(city: Simulated, scheme: str, subject_type: str, measure):
    values = measure(city)
    guilty = values.index.isin(city.guilty(scheme, subject_type))
    assert guilty.any()
    assert values[guilty].median() > values[~guilty].median()


def test_without_guilt_there_is_nothing_to_hide(honest_city: Simulated, tmp_path: Path):
    hard = made(tmp_path, guilt=0.0, hard=True)
    for name, table in honest_city.tables.items():
        pd.testing.assert_frame_equal(table, hard.tables[name])
    pd.testing.assert_frame_equal(honest_city.innocent, hard.innocent)


def test_honest_life_is_the_same_in_a_hard_city(city: Simulated, tmp_path: Path):
    hard = made(tmp_path, hard=True)
    for name in ("psn_info_b", "fixmedins_b", "dr_info_b", "hilist_b", "psn_die_regn_d"):
        pd.testing.assert_frame_equal(city.tables[name], hard.tables[name])
    what = ["psn_no", "fixmedins_code", "med_type", "begntime"]
    parts = pd.concat([city.truth, hard.truth]).subject_id
    honest, same = (one["mdtrt_d"][lambda t: ~t.psn_no.isin(parts)][what] for one in (city, hard))
    # Customers of a bad shop and strangers beside a ring come more often, or not: they are no part of it.
    assert len(honest.merge(same)) > 0.99 * len(honest)


def test_an_uneven_city_has_other_proportions(tmp_path: Path):
    even, uneven = (
        made(tmp_path / name, guilt=8.0, seed=2, uneven=name == "uneven") for name in ("even", "uneven")
    )
    for name in ("psn_info_b", "fixmedins_b", "dr_info_b", "hilist_b"):
        pd.testing.assert_frame_equal(even.tables[name], uneven.tables[name])
    of_even, of_uneven = (
        city.truth[city.truth.subject_type == "patient"].scheme.value_counts(normalize=True)
        for city in (even, uneven)
    )
    times = (of_uneven.reindex(of_even.index).fillna(0) / of_even).sort_values()
    assert times.iloc[0] < 0.5 and times.iloc[-1] > 2
    families = [(city.innocent.kind == "family").sum() for city in (even, uneven)]
    assert families[1] > 2 * families[0]
