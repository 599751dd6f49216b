"""Columns of the contract's tables: one function a table, written to Parquet in pieces."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from claims.synthetic import diagnoses
from claims.synthetic.cells import day, flag, moment, named, numbered, text, yuan
from claims.synthetic.clock import DAY, MINUTE
from claims.synthetic.ledger import Books
from claims.synthetic.reference_tables import TRACE_PRODUCT
from claims.synthetic.timeline import is_purchase, is_stay
from claims.synthetic.world import City

PIECE = 2_000_000  # rows spelled at once; keeps the text of a large city out of memory
VISIT_IDS, SETTLEMENT_IDS, LINE_IDS = (
    42_0800_100_000_000_000,
    42_0800_300_000_000_000,
    42_0800_500_000_000_000,
)
CASE_IDS, SALE_IDS, RX_IDS, SIGN_IDS, ACCIDENT_IDS, COVER_IDS, STOCK_IDS = (
    42_0800_550_000_000_000,
    42_0800_600_000_000_000,
    42_0800_700_000_000_000,
    42_0800_800_000_000_000,
    42_0800_900_000_000_000,
    42_0801_000_000_000_000,
    42_0801_100_000_000_000,
)
CERTIFICATES = (
    "01",
    "01",
    "01",
    "01",
    "03",
    "03",
    "03",
    "03",
    "02",
    "05",
)  # national data dictionary mdtrt_cert_type

Columns = dict[str, pa.Array]


def write(
    path: Path,
    frame: pd.DataFrame,
    columns_of: Callable[[pd.DataFrame], Columns],
    finish: Callable[[pa.Table], pa.Table],
) -> None:
    """Write a frame as the table that `columns_of` makes of it; `finish` may change each piece before."""
    starts = range(0, max(len(frame), 1), PIECE)
    pieces = (finish(pa.table(columns_of(frame.iloc[first : first + PIECE]))) for first in starts)
    first_piece = next(pieces)
    with pq.ParquetWriter(path, first_piece.schema, compression="zstd") as writer:
        for piece in (first_piece, *pieces):
            writer.write_table(piece)


def persons(city: City, frame: pd.DataFrame) -> Columns:
    """`psn_info_b`."""
    return {
        "psn_no": numbered(0, frame.number),
        "gend": text(frame.sex),
        "brdy": pa.array(frame.born.to_numpy().astype("datetime64[D]")),
        "insutype": text(frame.insutype),
        "psn_type": text(frame.psn_type),
        "emp_no": numbered(4208_000_000, frame.employer, (frame.employer >= 0).to_numpy()),
        "live_admdvs": named(city.places.villages.code, frame.village),
        "psn_idet_type": text(frame.identity),
        "certno": text(frame.cert),
    }


def institutions(frame: pd.DataFrame) -> Columns:
    """`fixmedins_b`."""
    return {
        "fixmedins_code": text(frame.code),
        "fixmedins_name": text(frame.name),
        "fixmedins_type": named(["1", "2"], (frame.kind == "pharmacy").astype(int)),
        "hosp_lv": text(frame.level),
        "biznet": text(frame.biznet),
        "admdvs": numbered(420801, frame.county),
        "aprv_bed_cnt": pa.array(frame.beds.astype("Int64"), from_pandas=True),
        "prnt_medins_code": named(frame.code, frame.chain),
    }


def doctors(city: City, posts: pd.DataFrame) -> Columns:
    """`dr_info_b`."""
    staff = city.places.doctors
    return {
        "dr_code": named(staff.code, posts.doctor),
        "fixmedins_code": named(city.places.table.code, posts.place),
        "dr_prac_type": named(staff.practice, posts.doctor),
        "caty": named(staff.caty, posts.doctor),
        "certno": numbered(7_000_000_000_000_000, posts.doctor.to_numpy() * 7919),
    }


def items(frame: pd.DataFrame) -> Columns:
    """`hilist_b`."""
    return {
        "hilist_code": text(frame.code),
        "hilist_name": text(frame.name),
        "med_chrgitm_type": text(frame.charge),
        "list_type": text(frame.list_type),
        "chrgitm_lv": text(frame.level),
        "pric_uplmt_amt": pa.array(frame.ceiling, from_pandas=True),
        "lmt_gend": text(frame.sex),
        "lmt_age_low": pa.array(frame.age_low, from_pandas=True),
        "lmt_age_high": pa.array(frame.age_high, from_pandas=True),
        "max_day_cnt": pa.array(frame.max_day.astype(float), from_pandas=True),
        "days_per_unit": pa.array(frame.days_per_unit.astype(float), from_pandas=True),
        "excl_grp": text(frame.group),
        "serv_type": text(frame.service),
        # What is easily resold is sold on prescription alone.
        "rx_flag": flag(frame.dear, frame.list_type.isin(["101", "102"]).to_numpy()),
        "cycl_days": pa.array(frame.cycle.astype(float), from_pandas=True),
        "cycl_max_cnt": pa.array(frame.cycle.notna().map({True: 1.0, False: np.nan}), from_pandas=True),
        "year_uplmt_amt": pa.array(frame.year_cap.astype(float), from_pandas=True),
    }


def item_limits(city: City, frame: pd.DataFrame) -> Columns:
    """`hilist_lmt_b`."""
    return {
        "hilist_code": named(city.catalogue.items.code, frame.item),
        "lmt_type": text(frame.kind),
        "lmt_value": text(frame.value),
        "medinslv": text(frame.level.replace("", None)),
        "begndate": day(city, frame.begin, (frame.begin >= 0).to_numpy()),
    }


def item_relations(city: City, frame: pd.DataFrame) -> Columns:
    """`hilist_rela_b`."""
    return {
        "rela_type": text(frame.kind),
        "hilist_code": named(city.catalogue.items.code, frame.item),
        "rela_hilist_code": named(city.catalogue.items.code, frame.other),
    }


def diagnosis_limits(frame: pd.DataFrame) -> Columns:
    """`icd_lmt_b`."""
    return {
        "icd_code": text(frame.code),
        "icd_type": text(np.full(len(frame), "1")),
        "lmt_type": text(frame.kind),
        "lmt_value": text(frame.value),
    }


def cover(city: City, frame: pd.DataFrame) -> Columns:
    """`psn_insu_d`."""
    ended = (frame.end >= 0).to_numpy()
    return {
        "psn_insu_rlts_id": numbered(COVER_IDS, frame.index),
        "psn_no": numbered(0, city.people.number.to_numpy()[frame.person]),
        "insutype": named(city.people.insutype, frame.person),
        "crt_insu_date": day(city, np.full(len(frame), -400 * DAY)),
        "paus_insu_date": day(city, frame.end, ended),
    }


def stock(city: City, frame: pd.DataFrame) -> Columns:
    """`inv_chg_d`."""
    return {
        "inv_chg_sn": numbered(STOCK_IDS, frame.index),
        "fixmedins_code": named(city.places.table.code, frame.place),
        "hilist_code": named(city.catalogue.items.code, frame.item),
        "inv_chg_type": text(frame.kind),
        "inv_chg_time": moment(city, frame.time),
        "cnt": pa.array(frame["count"].to_numpy().astype(float)),
    }


def visits(city: City, frame: pd.DataFrame) -> Columns:
    """Optional columns are empty by chance or by kind of visit, the same for everybody."""
    rng = np.random.default_rng([city.seed, int(frame.index[0]) if len(frame) else 0])
    stay, shop = is_stay(frame.med), is_purchase(frame.med)
    luck = rng.random(len(frame))
    plastic = frame.card.to_numpy() & (luck < 0.9)
    certificate = np.where(plastic, "03", rng.choice(CERTIFICATES, len(frame)))
    department = frame.department.astype("str").astype(object)
    # Three times as many bed labels as beds, taken in turn: nobody is put into a bed still occupied.
    label = frame.turn.to_numpy() % (3 * city.places.table.beds.fillna(1).to_numpy()[frame.place]).astype(int)
    diagnosed = (frame.diagnosis >= 0).to_numpy() & (stay | (luck > 0.06))
    return {
        "mdtrt_id": numbered(VISIT_IDS, frame.index),
        "psn_no": numbered(0, city.people.number.to_numpy()[frame.person]),
        "fixmedins_code": named(city.places.table.code, frame.place),
        "med_type": numbered(0, frame.med),
        "insutype": named(city.people.insutype, frame.person),
        "begntime": moment(city, frame.begin),
        "endtime": moment(city, frame.end, (frame.end < city.clock.horizon).to_numpy()),
        "chfpdr_code": named(city.places.doctors.code, frame.doctor),
        "dscg_maindiag_code": named(diagnoses.DIAGNOSES.icd, frame.diagnosis, diagnosed),
        "dise_no": named(diagnoses.GROUPS, frame.group),
        "dept_code": text(("A" + department).mask((department == "") | (luck > 0.97), None)),
        "adm_bed": numbered(1_000, label, stay & (luck > 0.03)),
        "trum_flag": flag(frame.injury, ~shop & (luck > 0.2) | frame.injury.to_numpy()),
        "rel_ttp_flag": flag(frame.third_party, ~shop & (luck > 0.3) | frame.injury.to_numpy()),
        "mdtrt_cert_type": text(pd.Series(certificate, dtype=object).mask(luck > 0.985, None)),
    }


def settlements(city: City, books: Books, frame: pd.DataFrame) -> Columns:
    """`setl_d`."""
    rows = books.visits.take(frame.visit.to_numpy())
    return {
        "setl_id": numbered(SETTLEMENT_IDS, frame.index),
        "mdtrt_id": numbered(VISIT_IDS, frame.visit),
        "psn_no": numbered(0, city.people.number.to_numpy()[rows.person]),
        "fixmedins_code": named(city.places.table.code, rows.place),
        "med_type": numbered(0, rows.med),
        "setl_time": moment(city, frame.time),
        "medfee_sumamt": yuan(frame.total),
        "inscp_amt": yuan(frame.in_scope),
        "fund_pay_sumamt": yuan(frame.fund),
        "hifp_pay": yuan(frame.pooled),
        "acct_pay": yuan(frame.account),
        "cash_payamt": yuan(frame.cash),
        "refd_setl_flag": flag(frame.refund),
        "setl_type": text(frame.kind),
        "vali_flag": flag(frame.valid),
    }


def fee_lines(
    city: City, books: Books, settlement: np.ndarray, prescription: np.ndarray, frame: pd.DataFrame
) -> Columns:
    """`settlement` and `prescription` are the ones of each visit, -1 for none."""
    rows = books.visits.take(frame.visit.to_numpy())
    settled, paper = settlement[frame.visit], prescription[frame.visit]
    drug = city.catalogue.items.charge.isin(["09", "10", "11"]).to_numpy()[frame.item]
    return {
        "bkkp_sn": numbered(LINE_IDS, frame.index),
        "setl_id": numbered(SETTLEMENT_IDS, settled, settled >= 0),
        "mdtrt_id": numbered(VISIT_IDS, frame.visit),
        "psn_no": numbered(0, city.people.number.to_numpy()[rows.person]),
        "fixmedins_code": named(city.places.table.code, rows.place),
        "fee_ocur_time": moment(city, frame.time),
        "hilist_code": named(city.catalogue.items.code, frame.item),
        "cnt": pa.array(frame["count"].to_numpy()),
        "pric": pa.array(frame.price.to_numpy()),
        "det_item_fee_sumamt": yuan(frame.amount),
        "bilg_dr_codg": named(city.places.doctors.code, rows.doctor),
        "rx_drord_no": numbered(RX_IDS, paper, drug & (paper >= 0)),
        "inscp_amt": yuan(frame.in_scope),
        # Every place has its own number for an item, here its neighbour's number as well.
        "medins_list_codg": numbered(100_000, frame.item),
    }


def sales(
    city: City, books: Books, settlement: np.ndarray, prescription: np.ndarray, frame: pd.DataFrame
) -> Columns:
    """`drug_sel_d`."""
    settled, paper = settlement[frame.visit], prescription[frame.visit]
    person = books.visits.person.to_numpy()[frame.visit]
    return {
        "medins_prod_sel_no": numbered(SALE_IDS, frame.sale),
        "bkkp_sn": numbered(LINE_IDS, frame.line),
        "setl_id": numbered(SETTLEMENT_IDS, settled, settled >= 0),
        "psn_no": numbered(0, city.people.number.to_numpy()[person]),
        "fixmedins_code": named(city.places.table.code, frame.place),
        "hilist_code": named(city.catalogue.items.code, frame.item),
        "sel_retn_time": moment(city, frame.time),
        "sel_retn_cnt": pa.array(frame["count"].to_numpy()),
        "drug_trac_codg": trace_codes(frame.item.to_numpy(), frame.serial.to_numpy()),
        "trdn_flag": flag(frame.split),
        "rxno": numbered(RX_IDS, paper, paper >= 0),
    }


def trace_codes(item: np.ndarray, serial: np.ndarray) -> pa.Array:
    """20 digits: 8, six for the product, thirteen without visible order; null for none."""
    high, low = np.divmod(np.maximum(serial, 0), 10**7)
    low = (low * 7_654_321 + 1_234_567) % 10**7
    high = (high + low * 37) % 10**6
    low = (low + high * 9_876_543) % 10**7
    known = serial >= 0
    product = numbered(TRACE_PRODUCT, item.astype(np.int64) * 7, known)
    return pc.binary_join_element_wise(
        product, pc.utf8_slice_codeunits(numbered(10**13, high * 10**7 + low), 1), ""
    )


def prescriptions(city: City, frame: pd.DataFrame) -> Columns:
    """`rx_d`."""
    return {
        "hi_rxno": numbered(RX_IDS, frame.index),
        "psn_no": numbered(0, city.people.number.to_numpy()[frame.person]),
        "dr_code": named(city.places.doctors.code, frame.doctor),
        "fixmedins_code": named(city.places.table.code, frame.place),
        "prsc_time": moment(city, frame.time),
        "valid_days": pa.array(frame.valid_days.to_numpy()),
        "max_rept_cnt": pa.array(frame.repeats.to_numpy()),
    }


def signs(city: City, frame: pd.DataFrame) -> Columns:
    """`psn_sign_d`."""
    return {
        "sign_sn": numbered(SIGN_IDS, frame.index),
        "psn_no": numbered(0, city.people.number.to_numpy()[frame.person]),
        "fixmedins_code": named(city.places.table.code, frame.place),
        "serv_type": text(frame.service),
        "sign_in_time": moment(city, frame.time),
        "sign_out_time": moment(city, frame.gone, (frame.gone >= 0).to_numpy()),
    }


def deaths(city: City, frame: pd.DataFrame) -> Columns:
    """`psn_die_regn_d`."""
    return {
        "psn_no": numbered(0, city.people.number.to_numpy()[frame.person]),
        "die_date": day(city, frame.time),
        "data_souc": numbered(0, frame.source),
    }


def accidents(city: City, frame: pd.DataFrame) -> Columns:
    """`acdt_rec_d`."""
    return {
        "acdt_no": numbered(ACCIDENT_IDS, frame.index),
        "psn_no": numbered(0, city.people.number.to_numpy()[frame.person]),
        "acdt_time": moment(city, frame.time // MINUTE * MINUTE),
        "acdt_type": text(frame.kind),
        "ttp_flag": flag(frame.third_party),
    }


def long_term_care(city: City, pay: float, frame: pd.DataFrame) -> Columns:
    """`ltci_trt_d`."""
    service = (frame.time >= 0).to_numpy()
    return {
        "psn_no": numbered(0, city.people.number.to_numpy()[frame.person]),
        "fixmedins_code": named(city.places.table.code, frame.place),
        "trt_begndate": day(city, frame["from"]),
        "trt_enddate": day(city, frame.to, (frame.to >= 0).to_numpy()),
        "serv_begntime": moment(city, frame.time, service),
        "fund_payamt": pa.array(np.where(service, pay, np.nan), from_pandas=True),
    }


def cases(city: City, frame: pd.DataFrame) -> Columns:
    """`insp_case_d`."""
    confirmed = (frame.status != "3").to_numpy()
    return {
        "case_id": numbered(CASE_IDS, frame.index),
        "subject_type": text(frame.subject_type),
        "subject_id": text(frame.subject_id),
        "scheme": text(frame.scheme),
        "clue_stas": text(frame.status),
        "begndate": day(city, frame.begin),
        "enddate": day(city, frame.end),
        "cfm_amt": pa.array(frame.amount.to_numpy() / 100.0, mask=~confirmed),
        "close_date": day(city, frame.close),
    }
