"""CMS DE-SynPUF (Medicare 2008-2010, synthetic people) → the tables of the contract.

Read are the beneficiary summaries of every year and the inpatient claims, any number of samples at once; CMS
keeps DESYNPUF_ID and CLM_ID unique across samples. Amounts are US dollars where the contract says yuan. Dates
are handed on as CMS's text (YYYYMMDD), so that one that cannot be read gets its reason at ingest.
"""

import shutil
from collections.abc import Callable
from functools import reduce
from operator import add
from pathlib import Path

import duckdb
import ibis
from ibis import _

from claims.duckdb_backend import connect
from claims.errors import InputError
from claims.store import scratch
from claims.tables import NUMBER, TABLES
from claims.values import text_of

_BENEFICIARIES = "DE1_0_*_Beneficiary_Summary_File_Sample_*"
_CLAIMS = "DE1_0_*_Inpatient_Claims_Sample_*"
_ENDINGS = (".csv", ".csv.gz")

_BENEFICIARY_COLUMNS = (
    "DESYNPUF_ID", "BENE_BIRTH_DT", "BENE_DEATH_DT", "BENE_SEX_IDENT_CD", "SP_STATE_CODE", "BENE_COUNTY_CD",
)  # fmt: skip
_CLAIM_COLUMNS = (
    "DESYNPUF_ID", "CLM_ID", "SEGMENT", "CLM_FROM_DT", "CLM_THRU_DT", "PRVDR_NUM", "AT_PHYSN_NPI",
    "CLM_ADMSN_DT", "NCH_BENE_DSCHRG_DT", "CLM_DRG_CD", "ICD9_DGNS_CD_1", "CLM_PMT_AMT",
    "NCH_BENE_IP_DDCTBL_AMT", "NCH_BENE_PTA_COINSRNC_LBLTY_AM",
    "NCH_BENE_BLOOD_DDCTBL_LBLTY_AM",
)  # fmt: skip

# What the patient owes for a stay. A year of these adds up to BENRES_IP of the beneficiary file.
_PATIENT_PART = (
    "NCH_BENE_IP_DDCTBL_AMT",
    "NCH_BENE_PTA_COINSRNC_LBLTY_AM",
    "NCH_BENE_BLOOD_DDCTBL_LBLTY_AM",
)

_OTHER_PAYER = "399"  # insutype: neither employee (310) nor resident (390) insurance
_HOSPITAL = "1"  # fixmedins_type
_STAY = "21"  # med_type


def adapt(source: Path, out: Path) -> None:
    """Write the contract's tables, one Parquet file each, from a folder of DE-SynPUF files.

    The folder appears whole or not at all; what an earlier call wrote there goes first.

    Args:
        source: folder with `DE1_0_*_Beneficiary_Summary_File_Sample_*` and
            `DE1_0_*_Inpatient_Claims_Sample_*`, each as ``.csv`` or ``.csv.gz``.
        out: folder to write, readable by its owner alone.

    Raises:
        InputError: the files are missing or unreadable, or ``out`` holds something else.
    """
    beneficiary_files, claim_files = _find(source, _BENEFICIARIES), _find(source, _CLAIMS)
    _refuse_to_overwrite(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with scratch(out.parent) as work:
        building = work / "out"
        building.mkdir(mode=0o700)
        con = connect(work)
        beneficiaries = _read(con, "beneficiaries", beneficiary_files, _BENEFICIARY_COLUMNS)
        claims = _read(con, "claims", claim_files, _CLAIM_COLUMNS).mutate(mdtrt_id=_.CLM_ID + "-" + _.SEGMENT)
        for name, rows in _FROM_BENEFICIARIES.items():
            con.to_parquet(_fit(rows(beneficiaries), name), building / f"{name}.parquet")
        for name, rows in _FROM_CLAIMS.items():
            con.to_parquet(_fit(rows(claims), name), building / f"{name}.parquet")
        con.disconnect()
        for path in building.iterdir():
            path.chmod(0o600)
        if out.exists():
            shutil.rmtree(out)
        building.rename(out)


def _find(source: Path, pattern: str) -> list[Path]:
    """The files of one kind, in the order of their names."""
    if not source.is_dir():
        raise InputError(f"{source} is not a folder of DE-SynPUF files")
    files = sorted(path for ending in _ENDINGS for path in source.glob(pattern + ending))
    if not files:
        raise InputError(f"{source} holds no {pattern}.csv or .csv.gz of CMS DE-SynPUF")
    for file in files:
        if file.with_name(f"{file.name}.gz") in files:
            raise InputError(f"{file.name} is there twice: plain and as .gz")
    return files


def _read(con: ibis.BaseBackend, name: str, files: list[Path], columns: tuple[str, ...]) -> ibis.Table:
    """The rows of all files as trimmed text, null where empty, with ``file`` they come from."""
    try:
        rows = con.read_csv(
            [str(file) for file in files], table_name=f"{name}_files", header=True, delim=",", quote='"',
            all_varchar=True, union_by_name=True, filename="file",
        )  # fmt: skip
        missing = [column for column in columns if column not in rows.columns]
        if missing:
            raise InputError(f"{files[0].name}: required column {missing[0]} is missing")
        return con.create_table(name, rows.select("file", **{c: text_of(rows[c]) for c in columns}))
    except duckdb.Error as error:
        raise InputError(f"{files[0].parent} cannot be read: {str(error).splitlines()[0]}") from error


def _persons(beneficiaries: ibis.Table) -> ibis.Table:
    """Insured persons: each beneficiary once, as the latest year describes him."""
    year = _.file.re_extract(r"DE1_0_(\d+)_Beneficiary[^/\\]*$", 1)
    yearly = beneficiaries.mutate(year=year, live_admdvs=_.SP_STATE_CODE + _.BENE_COUNTY_CD)
    return yearly.group_by(psn_no=_.DESYNPUF_ID).aggregate(
        gend=_.BENE_SEX_IDENT_CD.argmax(_.year),  # 1 male, 2 female, as in the contract
        brdy=_.BENE_BIRTH_DT.argmax(_.year),
        live_admdvs=_.live_admdvs.argmax(_.year),
        insutype=ibis.literal(_OTHER_PAYER),
    )


def _deaths(beneficiaries: ibis.Table) -> ibis.Table:
    """Death dates from whichever year has one; CMS gives the first of the month."""
    dead = beneficiaries.filter(_.BENE_DEATH_DT.notnull())
    return dead.group_by(psn_no=_.DESYNPUF_ID).aggregate(
        die_date=_.BENE_DEATH_DT.min(), data_souc=ibis.literal("CMS")
    )


def _hospitals(claims: ibis.Table) -> ibis.Table:
    """Institutions: every PRVDR_NUM on a claim; the public files do not describe them."""
    known = claims.filter(_.PRVDR_NUM.notnull()).select(fixmedins_code="PRVDR_NUM").distinct()
    name = ibis.literal("Hospital ") + known.fixmedins_code
    return known.mutate(fixmedins_name=name, fixmedins_type=ibis.literal(_HOSPITAL))


def _doctors(claims: ibis.Table) -> ibis.Table:
    """Attending physicians (AT_PHYSN_NPI), once for each hospital they attend in."""
    known = claims.filter(_.AT_PHYSN_NPI.notnull(), _.PRVDR_NUM.notnull())
    return known.select(dr_code="AT_PHYSN_NPI", fixmedins_code="PRVDR_NUM").distinct()


def _visits(claims: ibis.Table) -> ibis.Table:
    """Stays: one for each segment of a claim, from CLM_ADMSN_DT to NCH_BENE_DSCHRG_DT.

    A second segment repeats its claim without a period (CLM_FROM_DT, CLM_THRU_DT) of its own. The admission
    date on it was not observed: on all 21 in samples 1-4 it is the discharge less 35 days, the longest stay
    that CMS shows. It stays empty, so that ingest puts the segment in quarantine and the claim's payment
    counts once, as it does in CMS's own yearly totals (MEDREIMB_IP leaves second segments out).
    """
    return claims.select(
        "mdtrt_id",
        psn_no="DESYNPUF_ID",
        fixmedins_code="PRVDR_NUM",
        med_type=ibis.literal(_STAY),
        insutype=ibis.literal(_OTHER_PAYER),
        begntime=_.CLM_FROM_DT.notnull().ifelse(_.CLM_ADMSN_DT, None),
        endtime="NCH_BENE_DSCHRG_DT",
        chfpdr_code="AT_PHYSN_NPI",
        dscg_maindiag_code="ICD9_DGNS_CD_1",  # ICD-9, where the contract has ICD-10
        dise_no="CLM_DRG_CD",
    )


def _settlements(claims: ibis.Table) -> ibis.Table:
    """Settlements: one for each segment of a claim, in US dollars.

    - ``fund_pay_sumamt``: CLM_PMT_AMT, what Medicare paid on the claim; left as it is where it is negative
      (a deductible above the price of the stay, or a correction).
    - ``cash_payamt``: the patient's deductible, coinsurance and blood deductible; an empty one counts as
      nothing, as in CMS's own yearly total (BENRES_IP).
    - ``medfee_sumamt``: the two above. What another insurer paid first (NCH_PRMRY_PYR_CLM_PD_AMT) is left
      out, as the contract has no column for it and fund and patient must add up to the fee.

    CLM_PASS_THRU_PER_DIEM_AMT is left out: it reimburses the hospital for capital and teaching by the day
    and is no price of the stay. (MEDREIMB_IP contains it, times CLM_UTLZTN_DAY_CNT.)
    """
    paid = claims.mutate(
        fund=_dollars(claims.CLM_PMT_AMT),
        patient=reduce(add, [_dollars(claims[name].fill_null("0")) for name in _PATIENT_PART]),
    )
    paid = paid.mutate(fee=_.fund + _.patient)
    return paid.select(
        "mdtrt_id",
        setl_id="mdtrt_id",
        psn_no="DESYNPUF_ID",
        fixmedins_code="PRVDR_NUM",
        med_type=ibis.literal(_STAY),
        setl_time=ibis.coalesce(_.CLM_THRU_DT, _.NCH_BENE_DSCHRG_DT),
        medfee_sumamt=_.fee.round(2),
        fund_pay_sumamt="fund",
        cash_payamt=_.patient.round(2),
        refd_setl_flag=(_.fee < 0).fill_null(False).ifelse("1", "0"),
        vali_flag=ibis.literal("1"),
    )


def _dollars(amount: ibis.Value) -> ibis.Value:
    """An amount; null where it is empty or no number, and ingest then quarantines the settlement."""
    return amount.try_cast("float64")


_FROM_BENEFICIARIES: dict[str, Callable[[ibis.Table], ibis.Table]] = {
    "psn_info_b": _persons,
    "psn_die_regn_d": _deaths,
}
_FROM_CLAIMS: dict[str, Callable[[ibis.Table], ibis.Table]] = {
    "fixmedins_b": _hospitals,
    "dr_info_b": _doctors,
    "mdtrt_d": _visits,
    "setl_d": _settlements,
}


def _fit(rows: ibis.Table, name: str) -> ibis.Table:
    """All columns of the contract's table, null where CMS says nothing, in an order that never changes."""
    table = TABLES[name]
    unsaid = {
        column: ibis.null("float64" if table.kind(column) == NUMBER else "string")
        for column in table.columns
        if column not in rows.columns
    }
    return rows.mutate(**unsaid).select(*table.columns).order_by(*table.columns)


def _refuse_to_overwrite(out: Path) -> None:
    """Only what this module wrote may be replaced."""
    if not out.exists():
        return
    ours = {f"{name}.parquet" for name in (*_FROM_BENEFICIARIES, *_FROM_CLAIMS)}
    if not out.is_dir() or {path.name for path in out.iterdir()} - ours:
        raise InputError(f"{out} holds something else: name an empty or new folder")
