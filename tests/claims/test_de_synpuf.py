"""CMS DE-SynPUF goes through the pipeline with every row accounted for.

`tests/data/de-synpuf/` is a cut of sample 1 as CMS lays it out: 300 beneficiaries with all their inpatient
claims, among them everyone with a two-segment claim or a negative payment. It was made by

    import csv, gzip, random
    from pathlib import Path

    SOURCE, TARGET = Path("../shared/data/de-synpuf"), Path("tests/data/de-synpuf")
    claims = gzip.open(SOURCE / "DE1_0_2008_to_2010_Inpatient_Claims_Sample_1.csv.gz", "rt")
    rows = list(csv.DictReader(claims))
    deaths = gzip.open(SOURCE / "DE1_0_2009_Beneficiary_Summary_File_Sample_1.csv.gz", "rt")
    people = list(csv.DictReader(deaths))
    dead = {row["DESYNPUF_ID"] for row in people if row["BENE_DEATH_DT"]}
    odd = {r["DESYNPUF_ID"] for r in rows if r["SEGMENT"] == "2" or float(r["CLM_PMT_AMT"]) < 0}
    odd |= {r["DESYNPUF_ID"] for r in rows if r["DESYNPUF_ID"] in dead and not r["AT_PHYSN_NPI"]}
    others = sorted({row["DESYNPUF_ID"] for row in people} - odd)
    chosen = odd | set(random.Random(1).sample(others, 300 - len(odd)))
    for file in sorted(SOURCE.glob("*_Sample_1.csv.gz")):
        header, *lines = gzip.open(file, "rb").read().splitlines(keepends=True)
        kept = [line for line in lines if line.split(b",")[0].decode() in chosen]
        (TARGET / file.name).write_bytes(gzip.compress(b"".join([header, *kept]), mtime=0))
"""

import csv
import gzip
import shutil
from pathlib import Path

import pandas as pd
import pytest

from claims.adapters import ADAPTERS
from claims.duckdb_backend import connect
from claims.errors import InputError
from claims.store import Store, preview
from claims.tables import TABLES

SOURCE = Path(__file__).parents[1] / "data" / "de-synpuf"
CLAIMS = "DE1_0_2008_to_2010_Inpatient_Claims_Sample_1.csv"
WRITTEN = {"psn_info_b", "fixmedins_b", "dr_info_b", "mdtrt_d", "setl_d", "psn_die_regn_d"}

adapt = ADAPTERS["de-synpuf"]


def rows_of(pattern: str) -> list[dict[str, str]]:
    """The source's rows, read without any of the code under test."""
    files = sorted(SOURCE.glob(pattern))
    return [row for file in files for row in csv.DictReader(gzip.open(file, "rt"))]


def years_of(source: list[dict[str, str]], column: str) -> dict[str, set[str]]:
    """What a column of the beneficiary files says of each person, over the years."""
    said = {}
    for row in source:
        said.setdefault(row["DESYNPUF_ID"], set()).add(row[column])
    return said


@pytest.fixture(scope="module")
def claims() -> list[dict[str, str]]:
    return rows_of("*Inpatient_Claims*")


@pytest.fixture(scope="module")
def beneficiaries() -> list[dict[str, str]]:
    return rows_of("*Beneficiary*")


@pytest.fixture(scope="module")
def adapted(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("de-synpuf") / "in"
    adapt(SOURCE, folder)
    return folder


@pytest.fixture(scope="module")
def store(adapted, tmp_path_factory) -> Store:
    store = Store(tmp_path_factory.mktemp("store"))
    store.ingest(adapted)
    return store


@pytest.fixture
def edited(tmp_path) -> Path:
    """A copy of the cut whose claims are plain text, for tests that change them."""
    folder = shutil.copytree(SOURCE, tmp_path / "source")
    packed = folder / f"{CLAIMS}.gz"
    (folder / CLAIMS).write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    return folder


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"{name}.parquet")


def change(folder: Path, clm_id: str, **values: str) -> None:
    """Overwrite fields of one claim."""
    with (folder / CLAIMS).open(newline="") as file:
        reader = csv.DictReader(file)
        rows = [row | values if row["CLM_ID"] == clm_id else row for row in reader]
    with (folder / CLAIMS).open("w", newline="") as file:
        writer = csv.DictWriter(file, reader.fieldnames)
        writer.writeheader()
        writer.writerows(rows)


def test_the_cut_holds_what_made_up_data_rarely_has(claims, beneficiaries):
    assert any(row["SEGMENT"] == "1" and not row["AT_PHYSN_NPI"] for row in claims)
    assert any(float(row["CLM_PMT_AMT"]) == 0 for row in claims)
    assert any(float(row["CLM_PMT_AMT"]) < 0 for row in claims)
    assert any(row["SEGMENT"] == "2" and not row["CLM_FROM_DT"] for row in claims)
    assert any(row["BENE_DEATH_DT"] for row in beneficiaries)


def test_all_tables_have_the_contracts_columns(adapted):
    assert {path.name for path in adapted.iterdir()} == {f"{name}.parquet" for name in WRITTEN}
    for name in WRITTEN:
        assert list(table(adapted, name).columns) == list(TABLES[name].columns)
    assert table(adapted, "psn_info_b").psn_type.isna().all()


def test_every_claim_row_is_a_visit_and_a_settlement(adapted, claims):
    expected = {f"{row['CLM_ID']}-{row['SEGMENT']}" for row in claims}
    assert len(expected) == len(claims)
    for name, key in (("mdtrt_d", "mdtrt_id"), ("setl_d", "setl_id")):
        assert sorted(table(adapted, name)[key]) == sorted(expected)


def test_every_row_is_accounted_for_at_ingest(adapted, store, claims, beneficiaries):
    report = store.last_load()
    for counts in report.tables.values():
        parts = ("kept", "quarantined", "set_aside", "identical")
        assert counts["in"] == sum(counts[part] for part in parts)
    second = sum(row["SEGMENT"] == "2" for row in claims)
    # -3000 paid on a deductible of 1100: the only claim whose whole fee is negative.
    visits = {
        "in": len(claims),
        "kept": len(claims) - second - 1,
        "quarantined": second,
        "set_aside": 1,
        "identical": 0,
    }
    assert report.tables["mdtrt_d"] == report.tables["setl_d"] == visits
    persons = len({row["DESYNPUF_ID"] for row in beneficiaries})
    assert report.tables["psn_info_b"]["kept"] == persons == 300
    assert report.quarantine == {
        "missing value: mdtrt_d.begntime": second,
        "its parent row is in quarantine: setl_d.mdtrt_id": second,
    }
    assert not any(report.extra.values())
    assert preview(adapted)[0] == report


def test_segments_without_a_period_of_their_own_are_quarantined(store, claims):
    refused = pd.read_parquet(next((store.path / "loads").glob("*.quarantine.parquet")))
    visits = refused[refused.table == "mdtrt_d"]
    assert set(visits.field) == {"begntime"}
    expected = {f"{row['CLM_ID']}-{row['SEGMENT']}" for row in claims if not row["CLM_FROM_DT"]}
    assert {name for name in expected if visits.raw.str.contains(f'"{name}"').any()} == expected
    assert len(visits) == len(expected) == 7


def test_the_dates_of_the_store_are_those_of_cms(store, tmp_path, claims):
    con = connect(tmp_path)
    visits = store.tables(con)["mdtrt_d"].to_pandas().set_index("mdtrt_id")
    settlements = store.tables(con)["setl_d"].to_pandas().set_index("mdtrt_id")
    con.disconnect()
    for row in claims:
        if row["SEGMENT"] == "1":
            visit = visits.loc[f"{row['CLM_ID']}-1"]
            assert f"{visit.begntime:%Y%m%d%H%M%S}" == row["CLM_ADMSN_DT"] + "000000"
            assert f"{visit.endtime:%Y%m%d%H%M%S}" == row["NCH_BENE_DSCHRG_DT"] + "000000"
            settled = settlements.setl_time[f"{row['CLM_ID']}-1"]
            assert f"{settled:%Y%m%d%H%M%S}" == row["CLM_THRU_DT"] + "000000"


def test_a_beneficiary_of_several_years_is_one_person(adapted, beneficiaries):
    persons = table(adapted, "psn_info_b").set_index("psn_no")
    assert persons.index.is_unique
    assert set(persons.index) == {row["DESYNPUF_ID"] for row in beneficiaries}
    assert len(beneficiaries) > len(persons)
    assert {name: {value} for name, value in persons.gend.items()} == years_of(
        beneficiaries, "BENE_SEX_IDENT_CD"
    )
    assert {name: {value} for name, value in persons.brdy.items()} == years_of(beneficiaries, "BENE_BIRTH_DT")
    assert set(persons.live_admdvs.str.len()) == {5}


def test_the_latest_year_describes_a_person_and_a_death_stays_known(tmp_path):
    """One who moved, and whose death only the middle year records."""
    columns = "DESYNPUF_ID,BENE_BIRTH_DT,BENE_DEATH_DT,BENE_SEX_IDENT_CD,SP_STATE_CODE,BENE_COUNTY_CD\n"
    source = tmp_path / "source"
    source.mkdir()
    for year, row in (
        ("2008", "anna,19400101,,2,05,010"),
        ("2009", "anna,19400101,20091201,2,06,020"),
        ("2010", "anna,19400101,,2,07,030"),
    ):
        (source / f"DE1_0_{year}_Beneficiary_Summary_File_Sample_1.csv").write_text(columns + row + "\n")
    shutil.copy(SOURCE / f"{CLAIMS}.gz", source)
    adapt(source, tmp_path / "in")
    assert table(tmp_path / "in", "psn_info_b").live_admdvs.tolist() == ["07030"]
    assert table(tmp_path / "in", "psn_die_regn_d").die_date.tolist() == ["20091201"]


def test_death_dates(adapted, beneficiaries):
    deaths = table(adapted, "psn_die_regn_d")
    expected = {row["DESYNPUF_ID"]: row["BENE_DEATH_DT"] for row in beneficiaries if row["BENE_DEATH_DT"]}
    assert dict(zip(deaths.psn_no, deaths.die_date, strict=True)) == expected
    assert len(deaths) == len(expected) > 0


def test_hospitals_and_doctors(adapted, claims):
    hospitals = table(adapted, "fixmedins_b")
    assert sorted(hospitals.fixmedins_code) == sorted({row["PRVDR_NUM"] for row in claims})
    assert (hospitals.fixmedins_name == "Hospital " + hospitals.fixmedins_code).all()
    doctors = table(adapted, "dr_info_b")
    expected = {(row["AT_PHYSN_NPI"], row["PRVDR_NUM"]) for row in claims if row["AT_PHYSN_NPI"]}
    assert sorted(zip(doctors.dr_code, doctors.fixmedins_code, strict=True)) == sorted(expected)
    unattended = sum(not row["AT_PHYSN_NPI"] for row in claims)
    assert table(adapted, "mdtrt_d").chfpdr_code.isna().sum() == unattended > 0


def test_amounts_add_up_claim_by_claim(adapted, claims):
    settlements = table(adapted, "setl_d").set_index("setl_id")
    for row in claims:
        patient = sum(
            float(row[f"NCH_BENE_{part}"] or 0)
            for part in ("IP_DDCTBL_AMT", "PTA_COINSRNC_LBLTY_AM", "BLOOD_DDCTBL_LBLTY_AM")
        )
        settled = settlements.loc[f"{row['CLM_ID']}-{row['SEGMENT']}"]
        assert settled.fund_pay_sumamt == float(row["CLM_PMT_AMT"])
        assert settled.cash_payamt == pytest.approx(patient)
        assert settled.medfee_sumamt == pytest.approx(settled.fund_pay_sumamt + patient)
    assert (settlements.vali_flag == "1").all()
    assert settlements.setl_type.isna().all()


def test_the_patients_part_of_a_year_is_what_cms_says(adapted, beneficiaries, claims):
    """BENRES_IP is CMS's own yearly total: an oracle that nobody here made."""
    settlements = table(adapted, "setl_d").query("setl_id.str.endswith('-1')").copy()
    settlements["year"] = settlements.setl_time.str[:4]
    ours = settlements.groupby(["psn_no", "year"])[["cash_payamt"]].sum()
    # CMS blanked some deductibles but kept them in the total.
    blanked = {row["DESYNPUF_ID"] for row in claims if not row["NCH_BENE_IP_DDCTBL_AMT"]}
    files = sorted(SOURCE.glob("*Beneficiary*"))
    compared = 0
    for file in files:
        for row in rows_of(file.name):
            key = (row["DESYNPUF_ID"], file.name.split("_")[2])
            if key in ours.index and key[0] not in blanked:
                assert ours.cash_payamt[key] == pytest.approx(float(row["BENRES_IP"]))
                compared += 1
    assert compared > 100


def test_one_claim_by_hand(adapted):
    """196531176983671: Medicare paid 700, the patient a deductible of 1068; of another insurer nothing."""
    visit = table(adapted, "mdtrt_d").set_index("mdtrt_id").loc["196531176983671-1"]
    assert visit.dropna().to_dict() == {
        "psn_no": "D88E828ACA85154D",
        "fixmedins_code": "1000VV",
        "med_type": "21",
        "insutype": "399",
        "chfpdr_code": "4448026746",
        "dscg_maindiag_code": "5770",
        "dise_no": "444",
        "begntime": "20090313",
        "endtime": "20090317",
    }
    settled = table(adapted, "setl_d").set_index("setl_id").loc["196531176983671-1"]
    assert settled.dropna().to_dict() == {
        "mdtrt_id": "196531176983671-1",
        "psn_no": "D88E828ACA85154D",
        "fixmedins_code": "1000VV",
        "med_type": "21",
        "refd_setl_flag": "0",
        "vali_flag": "1",
        "setl_time": "20090317",
        "medfee_sumamt": 1768.0,
        "fund_pay_sumamt": 700.0,
        "cash_payamt": 1068.0,
    }


def test_a_negative_payment_is_left_and_only_a_negative_fee_is_a_refund(adapted):
    negative = table(adapted, "setl_d").query("fund_pay_sumamt < 0").set_index("setl_id")
    assert len(negative) == 8
    refunds = negative[negative.refd_setl_flag == "1"]
    assert refunds.medfee_sumamt.to_dict() == {"196261177026268-1": -1900.0}
    assert (table(adapted, "setl_d").refd_setl_flag == "1").sum() == 1


BAD = {
    "196371177023150": ({"CLM_ADMSN_DT": "someday"}, ("mdtrt_d", "begntime", "unreadable value")),
    "196761177003925": ({"CLM_ADMSN_DT": "20080718"}, ("mdtrt_d", "endtime", "end before begin")),
    "196601176984080": ({"CLM_THRU_DT": "20091399"}, ("setl_d", "setl_time", "unreadable value")),
    "196871176974154": ({"CLM_PMT_AMT": ""}, ("setl_d", "medfee_sumamt", "missing value")),
    "196531176983671": ({"NCH_BENE_IP_DDCTBL_AMT": "much"}, ("setl_d", "medfee_sumamt", "missing value")),
    "196601176976899": ({"PRVDR_NUM": ""}, ("mdtrt_d", "fixmedins_code", "missing value")),
    "196971176980598": ({"DESYNPUF_ID": "nobody"}, ("mdtrt_d", "psn_no", "not found in its parent table")),
}
# A stay without a physician and a diagnosis, and one of a single day.
INNOCENT = {
    "196901176967000": {"AT_PHYSN_NPI": "", "ICD9_DGNS_CD_1": ""},
    "196541176970847": {"NCH_BENE_DSCHRG_DT": "20100502"},
}


def test_what_cannot_be_used_reaches_quarantine_with_a_reason(edited, tmp_path, claims):
    for clm_id, values in INNOCENT.items():
        change(edited, clm_id, **values)
    for clm_id, (values, _reason) in BAD.items():
        change(edited, clm_id, **values)
    adapt(edited, tmp_path / "in")
    store = Store(tmp_path / "store")
    report = store.ingest(tmp_path / "in")
    assert report.tables["mdtrt_d"]["in"] == report.tables["setl_d"]["in"] == len(claims)
    refused = pd.read_parquet(next((store.path / "loads").glob("*.quarantine.parquet")))
    refused = refused[refused.reason != "its parent row is in quarantine"]
    first_segments = refused.raw.str.extract(r'"mdtrt_id":"(\d+)-1"')[0]
    found = zip(first_segments, refused.table, refused.field, refused.reason, strict=True)
    found = {row[0]: row[1:] for row in found if isinstance(row[0], str)}
    assert found == {clm_id: reason for clm_id, (_values, reason) in BAD.items()}


def test_adapting_twice_gives_identical_tables(adapted, tmp_path):
    for _ in range(2):
        adapt(SOURCE, tmp_path / "in")
        for name in WRITTEN:
            pd.testing.assert_frame_equal(table(tmp_path / "in", name), table(adapted, name))


def test_only_the_owner_reads_what_was_written(adapted):
    assert adapted.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in adapted.iterdir()} == {0o600}


@pytest.mark.parametrize("pattern", ["*", "*Beneficiary*", "*Inpatient*"])
def test_missing_files_are_named(tmp_path, pattern):
    source = shutil.copytree(SOURCE, tmp_path / "source")
    for file in source.glob(pattern):
        file.unlink()
    looked_for = "Inpatient_Claims" if pattern == "*Inpatient*" else "Beneficiary_Summary_File"
    with pytest.raises(InputError, match=rf"holds no DE1_0_\*_{looked_for}_Sample_\*\.csv or \.csv\.gz"):
        adapt(source, tmp_path / "in")
    assert not (tmp_path / "in").exists()


def test_a_missing_folder(tmp_path):
    with pytest.raises(InputError, match="nowhere is not a folder of DE-SynPUF files"):
        adapt(tmp_path / "nowhere", tmp_path / "in")


def test_a_file_that_is_there_twice_is_refused(edited, tmp_path):
    shutil.copy(SOURCE / f"{CLAIMS}.gz", edited)
    with pytest.raises(InputError, match=rf"{CLAIMS} is there twice"):
        adapt(edited, tmp_path / "in")


@pytest.mark.parametrize(
    "text, message",
    [
        (b"DESYNPUF_ID,CLM_ID\nanna,1\n", rf"{CLAIMS}: required column SEGMENT is missing"),
        (b"", "cannot be read|required column"),
    ],
)
def test_a_file_of_another_layout_leaves_nothing_behind(edited, tmp_path, text, message):
    (edited / CLAIMS).write_bytes(text)
    before = set(tmp_path.iterdir())
    with pytest.raises(InputError, match=message) as raised:
        adapt(edited, tmp_path / "in")
    assert "\n" not in str(raised.value)
    assert set(tmp_path.iterdir()) == before


def test_a_broken_archive_leaves_the_earlier_tables(tmp_path, adapted):
    out = shutil.copytree(adapted, tmp_path / "in")
    source = shutil.copytree(SOURCE, tmp_path / "source")
    (source / f"{CLAIMS}.gz").write_bytes((SOURCE / f"{CLAIMS}.gz").read_bytes()[:5000])
    with pytest.raises(InputError, match="cannot be read"):
        adapt(source, out)
    pd.testing.assert_frame_equal(table(out, "mdtrt_d"), table(adapted, "mdtrt_d"))


def test_a_folder_with_other_things_in_it_is_not_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something else"):
        adapt(SOURCE, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
