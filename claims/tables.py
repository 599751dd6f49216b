"""The tables of the data contract, declared once: names, aliases, types, keys, required or optional.

Readers, checks, the store, the documentation and the tests all take what they know of a table from here.
Field names are the national ones; each table's schema is a pandera schema, so the same declaration that
splits good rows from bad also proves what the store holds.
"""

from dataclasses import dataclass, field
from typing import Any

import ibis.expr.datatypes as dt
import pandera.ibis as pa

CODE, FLAG, TIME, NUMBER = "code", "flag", "time", "number"
# What a time is the time of, and so which ones are possible (`claims.values.impossible`).
EVENT, BIRTH, VALIDITY = "event", "birth", "validity"
TYPES = {CODE: dt.string, FLAG: dt.string, TIME: dt.Timestamp(scale=6), NUMBER: dt.float64}

# Names of the interface standard → names of the national platform. One map for all tables; an alias gives way
# where the table has a column of the alias's own name (`rxno` of `drug_sel_d`).
ALIASES = {
    "psn_part_amt": "psn_pay",
    "psn_cash_pay": "cash_payamt",
    "dise_codg": "dise_no",
    "inscp_scp_amt": "inscp_amt",
    "med_list_codg": "hilist_code",
    "med_list_name": "hilist_name",
    "feedetl_sn": "bkkp_sn",
    "atddr_no": "chfpdr_code",
    "drord_no": "rx_drord_no",
    "rxno": "rx_drord_no",
    "medins_code": "fixmedins_code",
    "rtal_phac_code": "fixmedins_code",
    "prnt_rtal_phac_code": "prnt_medins_code",
    "biznat": "biznet",
    "prac_psn_code": "dr_code",
}

# `feedetl_sn` is unique only inside one visit, `bkkp_sn` everywhere: when a file brings the former,
# the visit's id is put before it.
LOCAL_ALIASES = {"feedetl_sn": "mdtrt_id"}


@dataclass(frozen=True)
class Table:
    """One table of the contract.

    Attributes:
        key: columns that identify a row; empty when the whole row does.
        columns: pandera columns by name; ``metadata`` holds ``kind`` and whether a null ``blocks`` the row.
        parents: column → table it must be found in, or the row cannot be placed.
        month: the time column by whose month the store partitions the table; None for small tables.
        spans: (begin, end) column pairs whose order is checked.
        aside: column → value of rows that are valid but do not count (contract, Money).
    """

    name: str
    required: bool
    key: tuple[str, ...]
    columns: dict[str, pa.Column]
    parents: dict[str, str] = field(default_factory=dict)
    month: str | None = None
    spans: tuple[tuple[str, str], ...] = ()
    aside: dict[str, str] = field(default_factory=dict)

    @property
    def schema(self) -> pa.DataFrameSchema:
        """The schema that every kept row satisfies."""
        return pa.DataFrameSchema(self.columns, name=self.name)

    def kind(self, column: str) -> str:
        """Declared kind of a column: CODE, FLAG, TIME or NUMBER."""
        return str(self.columns[column].metadata["kind"])

    def period(self, column: str) -> str:
        """What a time is the time of: EVENT, BIRTH or VALIDITY."""
        return str(self.columns[column].metadata["period"])

    def mandatory(self, column: str) -> bool:
        """Must the file have this column?"""
        return bool(self.columns[column].metadata["mandatory"])

    def blocking(self) -> list[str]:
        """Columns whose null keeps a row from being keyed, timed or placed."""
        return [name for name, column in self.columns.items() if not column.nullable]


def _column(name: str, kind: str) -> pa.Column:
    """Declare a column.

    A trailing ``?`` says that it may be absent, ``~`` that it must be there but that a row without a value
    can still be placed, ``^`` that it is a date of birth, ``*`` that it begins or ends a validity.
    """
    period = BIRTH if "^" in name else VALIDITY if "*" in name else EVENT
    name = name.rstrip("^*")
    bare = name.rstrip("?~")
    mandatory = not name.endswith("?")
    # A row that lacks a code other than a key or a parent can still be placed: reported, not quarantined.
    blocks = mandatory and not name.endswith("~") and kind in (TIME, NUMBER)
    return pa.Column(
        TYPES[kind],
        nullable=not blocks,
        name=bare,
        metadata={"kind": kind, "mandatory": mandatory, "period": period},
    )


def _table(
    name: str,
    *,
    codes: str = "",
    flags: str = "",
    times: str = "",
    numbers: str = "",
    key: str,
    required: bool = False,
    parents: dict[str, str] | None = None,
    **options: Any,
) -> Table:
    columns = {}
    for kind, names in ((CODE, codes), (FLAG, flags), (TIME, times), (NUMBER, numbers)):
        for declared in names.split():
            column = _column(declared, kind)
            columns[column.name] = column
    parents = parents or {}
    for name_ in (*key.split(), *parents):
        if columns[name_].metadata["mandatory"]:
            columns[name_].nullable = False
    return Table(name, required, tuple(key.split()), columns, parents, **options)


_DECLARED = [
    _table(
        "psn_info_b",
        required=True,
        key="psn_no",
        codes="psn_no gend insutype psn_type? emp_no? live_admdvs? psn_idet_type? certno? tel? surv_stas?",
        times="brdy~^ surv_stas_ocur_date?",
    ),
    _table(
        "fixmedins_b",
        required=True,
        key="fixmedins_code",
        codes="fixmedins_code fixmedins_name fixmedins_type hosp_lv? biznet? admdvs? prnt_medins_code?",
        numbers="aprv_bed_cnt?",
    ),
    _table(
        "dr_info_b",
        key="dr_code fixmedins_code",
        codes="dr_code fixmedins_code dr_prac_type? caty? certno?",
        times="begntime?* endtime?*",
    ),
    _table(
        "hilist_b",
        key="hilist_code",
        codes="hilist_code hilist_name med_chrgitm_type list_type? chrgitm_lv? lmt_gend? excl_grp? "
        "serv_type? prcunt?",
        flags="rx_flag?",
        numbers="pric_uplmt_amt? lmt_age_low? lmt_age_high? max_day_cnt? days_per_unit? cycl_days? "
        "cycl_max_cnt? year_uplmt_amt? serv_mins?",
    ),
    _table(
        "mdtrt_d",
        required=True,
        key="mdtrt_id",
        codes="mdtrt_id psn_no fixmedins_code med_type insutype? chfpdr_code? dscg_maindiag_code? dise_no? "
        "dept_code? adm_bed? mdtrt_cert_type? oprn_oprt_code? dscg_way? "
        "refl_old_mdtrt_id?",
        flags="trum_flag? rel_ttp_flag?",
        times="begntime endtime?",
        parents={"psn_no": "psn_info_b", "fixmedins_code": "fixmedins_b"},
        month="begntime",
        spans=(("begntime", "endtime"),),
    ),
    _table(
        "setl_d",
        required=True,
        key="setl_id",
        codes="setl_id mdtrt_id psn_no fixmedins_code med_type setl_type?",
        flags="refd_setl_flag? vali_flag?",
        times="setl_time",
        numbers="medfee_sumamt fund_pay_sumamt inscp_amt? hifp_pay? acct_pay? cash_payamt? psn_pay?",
        parents={"mdtrt_id": "mdtrt_d"},
        month="setl_time",
        aside={"vali_flag": "0", "setl_type": "3"},
    ),
    _table(
        "fee_list_d",
        key="bkkp_sn",
        codes="bkkp_sn setl_id? mdtrt_id psn_no fixmedins_code hilist_code bilg_dr_codg? rx_drord_no? "
        "medins_list_codg?",
        times="fee_ocur_time",
        numbers="cnt pric det_item_fee_sumamt inscp_amt?",
        parents={"mdtrt_id": "mdtrt_d"},
        month="fee_ocur_time",
    ),
    _table(
        "drug_sel_d",
        key="medins_prod_sel_no drug_trac_codg",
        codes="medins_prod_sel_no bkkp_sn? setl_id? psn_no? fixmedins_code hilist_code drug_trac_codg? rxno? "
        "trac_scan_stas?",
        flags="trdn_flag? rx_flag?",
        times="sel_retn_time",
        numbers="sel_retn_cnt finl_trns_pric?",
        month="sel_retn_time",
    ),
    _table(
        "rx_d",
        key="hi_rxno",
        codes="hi_rxno psn_no dr_code fixmedins_code phar_code?",
        times="prsc_time phar_chk_time?",
        numbers="valid_days? max_rept_cnt?",
        month="prsc_time",
    ),
    # What the catalogue says of two items together (docs/contract-additions.md names the kinds).
    _table(
        "hilist_rela_b",
        key="rela_type hilist_code rela_hilist_code begndate",
        codes="rela_type hilist_code rela_hilist_code",
        times="begndate?* enddate?*",
        numbers="rela_days?",
    ),
    # Limits of the catalogue, one value a row (features/rules/limits_table.py names the kinds).
    _table(
        "hilist_lmt_b",
        key="hilist_code lmt_type lmt_value medinslv begndate",
        codes="hilist_code lmt_type lmt_value medinslv?",
        times="begndate?* enddate?*",
    ),
    _table(
        "icd_lmt_b",
        key="icd_code icd_type lmt_type lmt_value begndate",
        codes="icd_code icd_type lmt_type lmt_value",
        times="begndate?* enddate?*",
    ),
    _table(
        "inv_chg_d",
        key="inv_chg_sn",
        codes="inv_chg_sn fixmedins_code hilist_code inv_chg_type",
        times="inv_chg_time",
        numbers="cnt pric?",
        month="inv_chg_time",
    ),
    _table(
        "psn_insu_d",
        key="psn_insu_rlts_id",
        codes="psn_insu_rlts_id psn_no insutype?",
        times="crt_insu_date* paus_insu_date?*",
        spans=(("crt_insu_date", "paus_insu_date"),),
    ),
    _table(
        "exam_rpt_d",
        key="rpt_no",
        codes="rpt_no psn_no fixmedins_code mdtrt_id? hilist_code?",
        times="rpt_time",
        month="rpt_time",
    ),
    _table(
        "scs_cutd_d",
        key="",
        codes="mdtrt_id scs_cutd_ward_type?",
        times="scs_cutd_inpool_time scs_cutd_exit_time?",
        parents={"mdtrt_id": "mdtrt_d"},
        spans=(("scs_cutd_inpool_time", "scs_cutd_exit_time"),),
    ),
    _table(
        "oprn_d",
        key="",
        codes="mdtrt_id oprn_oprt_code?",
        times="anst_begntime? anst_endtime?",
        parents={"mdtrt_id": "mdtrt_d"},
        spans=(("anst_begntime", "anst_endtime"),),
    ),
    _table("psn_die_regn_d", key="psn_no data_souc", codes="psn_no data_souc?", times="die_date"),
    _table(
        "ltci_trt_d",
        key="",
        codes="psn_no fixmedins_code? dsabasmt_lv?",
        times="trt_begndate trt_enddate?* serv_begntime?",
        numbers="fund_payamt?",
        month="trt_begndate",
        spans=(("trt_begndate", "trt_enddate"),),
    ),
    _table(
        "acdt_rec_d", key="acdt_no", codes="acdt_no psn_no acdt_type", flags="ttp_flag?", times="acdt_time"
    ),
    _table(
        "psn_sign_d",
        key="sign_sn",
        codes="sign_sn psn_no fixmedins_code serv_type",
        times="sign_in_time sign_out_time?",
        month="sign_in_time",
        spans=(("sign_in_time", "sign_out_time"),),
    ),
    _table(
        "insp_case_d",
        key="case_id",
        codes="case_id subject_type subject_id scheme? clue_stas memo?",
        times="close_date begndate? enddate?",
        numbers="cfm_amt?",
    ),
]

# In the order in which they are read: a table stands after the tables it refers to.
TABLES: dict[str, Table] = {table.name: table for table in _DECLARED}
