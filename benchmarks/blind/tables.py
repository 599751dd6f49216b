"""The tables of the data contract, from the plans and the bills."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from benchmarks.blind.bills.settle import correct, in_scope, settle
from benchmarks.blind.bills.sheet import Sheet
from benchmarks.blind.bills.shops import bill_shops
from benchmarks.blind.bills.visits import bill_visits
from benchmarks.blind.bills.wards import bill_wards
from benchmarks.blind.catalogue import items
from benchmarks.blind.city import City
from benchmarks.blind.plan import AS_OF, DAY

SERVICE_FEE = 58.5
Tables = dict[str, pd.DataFrame]


def _ids(prefix: str, order: np.ndarray, digits: int = 14) -> np.ndarray:
    """Running ids in the order given, so that an id says nothing but when it was made."""
    place = np.empty(len(order), int)
    place[np.argsort(order, kind="stable")] = np.arange(len(order))
    return (prefix + pd.Series(place + 1).astype(str).str.zfill(digits)).to_numpy()


def _code(codes: pd.Series, at: pd.Series | np.ndarray) -> np.ndarray:
    """Codes of numbers, null where the number is negative."""
    at = np.asarray(at)
    return np.where(at >= 0, codes.to_numpy()[np.maximum(at, 0).astype(int)], None)


def _beds(city: City, visits: pd.DataFrame) -> tuple[np.ndarray, pd.Series]:
    """A bed for each stay in turn, null where not free yet; approved beds by the largest census."""
    ward = visits.med_type.str.startswith("2")
    stays = visits[ward].sort_values("begin")
    move = pd.concat(
        [
            pd.DataFrame({"inst": stays.inst, "at": stays.begin, "by": 1}),
            pd.DataFrame({"inst": stays.inst, "at": stays.end, "by": -1}),
        ]
    ).sort_values("at")
    census = move.groupby("inst").by.cumsum().groupby(move.inst).max()
    approved = (census * city.rng.uniform(1.1, 1.8, len(census))).round().clip(lower=6)
    turn = stays.groupby("inst").cumcount() % stays.inst.map(approved)
    until = stays.end.groupby([stays.inst, turn]).shift()
    bed = (turn.astype(int) + 1).map("{:03d}".format).where(until.isna() | (until <= stays.begin))
    out = pd.Series(None, index=visits.index, dtype=object)
    out[bed.index] = bed
    return out.to_numpy(), approved


def _visits(city: City, visits: pd.DataFrame, bed: np.ndarray) -> pd.DataFrame:
    people, rng = city.people, city.rng
    cert = rng.choice(["01", "02", "03", "04", "05"], len(visits), p=[0.36, 0.08, 0.42, 0.1, 0.04])
    ward = visits.med_type.str.startswith("2").to_numpy()
    seen = np.where(
        ward, visits.trum.to_numpy(), np.where(rng.random(len(visits)) < 0.6, visits.trum.to_numpy(), None)
    )
    return pd.DataFrame(
        {
            "mdtrt_id": visits.mdtrt_id,
            "psn_no": people.psn_no.to_numpy()[visits.psn],
            "fixmedins_code": city.places.code.to_numpy()[visits.inst],
            "med_type": visits.med_type,
            "insutype": people.insutype.to_numpy()[visits.psn],
            "begntime": visits.begin,
            "endtime": visits.end,
            "chfpdr_code": _code(city.doctors.code, visits.doctor.fillna(-1)),
            "dscg_maindiag_code": visits.icd,
            "dise_no": visits.dise_no,
            "dept_code": visits.dept,
            "adm_bed": bed,
            "trum_flag": seen,
            "rel_ttp_flag": visits.ttp,
            "mdtrt_cert_type": np.where(visits.cert.notna(), visits.cert, cert),
        }
    )


def _settlements(city: City, visits: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    table = rows.assign(
        setl_id=_ids("S", rows.time.to_numpy()),
        mdtrt_id=visits.mdtrt_id.to_numpy()[rows.visit],
        psn_no=city.people.psn_no.to_numpy()[rows.psn],
        fixmedins_code=city.places.code.to_numpy()[rows.inst],
        setl_time=rows.time,
    )
    return table[table.setl_time < AS_OF].drop(columns=["psn", "inst", "time"])


def _lines(city: City, visits: pd.DataFrame, lines: pd.DataFrame, setl: pd.Series) -> pd.DataFrame:
    visit = lines.visit.to_numpy()
    codes = items().hilist_code.to_numpy()
    rx = lines.rx.map(lambda number: f"RX{int(number):012d}", na_action="ignore")
    return pd.DataFrame(
        {
            "bkkp_sn": lines.bkkp_sn,
            "setl_id": setl.reindex(visit).to_numpy(),
            "mdtrt_id": visits.mdtrt_id.to_numpy()[visit],
            "psn_no": city.people.psn_no.to_numpy()[visits.psn.to_numpy()[visit]],
            "fixmedins_code": city.places.code.to_numpy()[visits.inst.to_numpy()[visit]],
            "fee_ocur_time": lines.time,
            "hilist_code": codes[lines["item"]],
            "cnt": lines.cnt,
            "pric": lines.pric,
            "det_item_fee_sumamt": (lines.cnt * lines.pric).round(2),
            "bilg_dr_codg": _code(city.doctors.code, lines.doctor.fillna(-1)),
            "rx_drord_no": rx,
            "inscp_amt": in_scope(lines),
        }
    )


def _sales(
    city: City, visits: pd.DataFrame, lines: pd.DataFrame, sales: pd.DataFrame, setl: pd.Series
) -> pd.DataFrame:
    line_of = lines[lines["sale"].notna()].set_index("sale").bkkp_sn
    sales = sales[sales["sale"].isin(line_of.index)]
    rx = sales.rx.map(lambda number: f"RX{int(number):012d}", na_action="ignore")
    return pd.DataFrame(
        {
            "medins_prod_sel_no": "M" + line_of.loc[sales["sale"]].to_numpy(),
            "bkkp_sn": line_of.loc[sales["sale"]].to_numpy(),
            "setl_id": setl.reindex(sales.visit).to_numpy(),
            "psn_no": city.people.psn_no.to_numpy()[sales.psn],
            "fixmedins_code": city.places.code.to_numpy()[sales.inst],
            "hilist_code": items().hilist_code.to_numpy()[sales["item"]],
            "sel_retn_time": sales.time.to_numpy(),
            "sel_retn_cnt": sales.cnt.to_numpy(),
            "drug_trac_codg": sales.code.to_numpy(),
            "trdn_flag": np.where(sales.split, "1", "0"),
            "rxno": rx.to_numpy(),
        }
    )


def claims(city: City) -> tuple[Tables, pd.Series]:
    """Tables of visits, settlements, lines, sales, prescriptions; approved beds by number of the hospital."""
    sheet = Sheet()
    bill_wards(city, sheet)
    bill_visits(city, sheet)
    sales, rx = bill_shops(city, sheet)
    visits, lines = sheet.joined()
    visits["mdtrt_id"] = _ids("V", visits.begin.to_numpy())
    lines = lines.sort_values(["time", "visit"], kind="stable", ignore_index=True)
    lines["bkkp_sn"] = _ids("B", np.arange(len(lines)))
    bed, approved = _beds(city, visits)
    rows = correct(city, settle(city, visits, lines))
    setl = _settlements(city, visits, rows)
    counts = setl[(setl.refd_setl_flag == "0") & (setl.vali_flag == "1") & (setl.setl_type == "2")]
    last = counts.sort_values("setl_time").drop_duplicates("visit", keep="last").set_index("visit").setl_id
    tables = {
        "mdtrt_d": _visits(city, visits, bed).sort_values("mdtrt_id"),
        "setl_d": setl.drop(columns="visit").sort_values("setl_id"),
        "fee_list_d": _lines(city, visits, lines, last),
        "drug_sel_d": _sales(city, visits, lines, sales, last),
        "rx_d": _prescriptions(city, rx),
    }
    return tables, approved


def _prescriptions(city: City, rx: pd.DataFrame) -> pd.DataFrame:
    home = city.doctors.inst.to_numpy()[rx.doctor.astype(int)]
    return pd.DataFrame(
        {
            "hi_rxno": rx.number.map(lambda number: f"RX{int(number):012d}"),
            "psn_no": city.people.psn_no.to_numpy()[rx.psn],
            "dr_code": city.doctors.code.to_numpy()[rx.doctor.astype(int)],
            "fixmedins_code": city.places.code.to_numpy()[home],
            "prsc_time": rx.written.to_numpy(),
            "valid_days": rx.valid.to_numpy(),
            "max_rept_cnt": rx.repeats.to_numpy(),
        }
    ).sort_values("prsc_time")


def registers(city: City, approved: pd.Series) -> Tables:
    """People, institutions, doctors, catalogue, deaths, care at home, accidents and sign-ins."""
    return {
        "psn_info_b": _people(city),
        "fixmedins_b": _places(city, approved),
        "dr_info_b": _doctors(city),
        "hilist_b": _catalogue(),
        "psn_die_regn_d": _deaths(city),
        "ltci_trt_d": _care(city),
        "acdt_rec_d": _accidents(city),
        "psn_sign_d": _signs(city),
    }


def _people(city: City) -> pd.DataFrame:
    people = city.people
    born = np.datetime64("2025-07-01", "s") - (people.age.to_numpy() * 365.25 * 86_400).astype(
        "timedelta64[s]"
    )
    ident = pd.util.hash_pandas_object(people.psn_no, index=False).map("{:016x}".format)
    return people[["psn_no", "gend", "insutype", "psn_type", "emp_no", "psn_idet_type"]].assign(
        brdy=born.astype("datetime64[D]").astype("datetime64[s]"),
        live_admdvs=people.insured_from,
        certno=ident,
    )


def _places(city: City, approved: pd.Series) -> pd.DataFrame:
    place = city.places
    return pd.DataFrame(
        {
            "fixmedins_code": place.code,
            "fixmedins_name": place["name"],
            "fixmedins_type": np.where(place.kind == "H", "1", "2"),
            "hosp_lv": place.hosp_lv,
            "biznet": place.biznet.fillna("1"),
            "admdvs": place.admdvs,
            "aprv_bed_cnt": (approved.reindex(place.index) * place.bed_share).round().where(place.beds),
            "prnt_medins_code": place.parent,
        }
    )


def _doctors(city: City) -> pd.DataFrame:
    doc = city.doctors
    second = doc[doc.other >= 0].assign(inst=doc.other)
    both = pd.concat([doc, second])
    ident = pd.util.hash_pandas_object(both.code, index=False).map("{:016x}".format)
    return pd.DataFrame(
        {
            "dr_code": both.code,
            "fixmedins_code": city.places.code.to_numpy()[both.inst],
            "dr_prac_type": "1",
            "caty": both.dept,
            "certno": ident,
        }
    )


def _catalogue() -> pd.DataFrame:
    table = items().rename(columns={"ceiling": "pric_uplmt_amt"})
    columns = [
        "hilist_code",
        "hilist_name",
        "med_chrgitm_type",
        "list_type",
        "chrgitm_lv",
        "pric_uplmt_amt",
        "lmt_gend",
        "max_day_cnt",
        "days_per_unit",
        "excl_grp",
        "serv_type",
    ]
    return table[columns].reset_index(drop=True)


def _deaths(city: City) -> pd.DataFrame:
    """Police and civil affairs report most deaths; the second source is often a day later, never earlier."""
    dead = city.people[city.people.dies.notna()]
    first = pd.DataFrame(
        {"psn_no": dead.psn_no, "die_date": dead.registered.dt.normalize(), "data_souc": "1"}
    )
    second = first.sample(frac=0.55, random_state=city.plan.seed).assign(data_souc="2")
    second["die_date"] += pd.to_timedelta(city.rng.integers(0, 2, len(second)), unit="D")
    return pd.concat([first, second], ignore_index=True)


def _care(city: City) -> pd.DataFrame:
    """A benefit period for each cared person, and the services by their time."""
    people, care = city.people, city.care
    cared = np.flatnonzero(people.cared)
    begin = pd.Timestamp(city.plan.start) - pd.to_timedelta(city.rng.integers(0, 500, len(cared)), unit="D")
    period = pd.DataFrame(
        {
            "psn_no": people.psn_no.to_numpy()[cared],
            "trt_begndate": begin.normalize(),
            "fixmedins_code": city.places.code.to_numpy()[people.provider.to_numpy()[cared]],
            "trt_enddate": people.dies.dt.normalize().to_numpy()[cared],
        }
    )
    start = period.drop_duplicates("psn_no").set_index("psn_no").trt_begndate
    name = people.psn_no.to_numpy()[care.psn]
    service = pd.DataFrame(
        {
            "psn_no": name,
            "fixmedins_code": city.places.code.to_numpy()[care.inst],
            "trt_begndate": pd.Series(name).map(start).fillna(pd.Timestamp(city.plan.start)).to_numpy(),
            "serv_begntime": care.time.to_numpy(),
            "fund_payamt": SERVICE_FEE,
        }
    )
    return pd.concat([period, service.sort_values("serv_begntime")], ignore_index=True)


def _accidents(city: City) -> pd.DataFrame:
    acc = city.accidents.sort_values("time")
    return pd.DataFrame(
        {
            "acdt_no": _ids("A", np.arange(len(acc)), 8),
            "psn_no": city.people.psn_no.to_numpy()[acc.psn],
            "acdt_time": acc.time.to_numpy(),
            "acdt_type": acc.kind.to_numpy(),
            "ttp_flag": acc.ttp.to_numpy(),
        }
    )


def _signs(city: City) -> pd.DataFrame:
    """Sign-ins a few minutes early, sign-outs at the end, some forgotten."""
    rng, sign = city.rng, city.signs.sort_values("time")
    came = sign.time.to_numpy() - rng.integers(60, 900, len(sign)).astype("timedelta64[s]")
    left = came + (sign.minutes.to_numpy() * 60 * rng.uniform(0.95, 1.15, len(sign)) + 300).astype(
        "timedelta64[s]"
    )
    out = pd.Series(left).where(rng.random(len(sign)) > 0.03)
    table = pd.DataFrame(
        {
            "sign_sn": _ids("G", np.arange(len(sign)), 10),
            "psn_no": city.people.psn_no.to_numpy()[sign.psn],
            "fixmedins_code": city.places.code.to_numpy()[sign.inst],
            "serv_type": sign.serv.to_numpy(),
            "sign_in_time": came,
            "sign_out_time": out,
        }
    )
    return table[table.sign_in_time < AS_OF - DAY / 2]


def soil(tables: Mapping[str, pd.DataFrame], rng: np.random.Generator) -> Tables:
    """A handful of rows that no bureau's data are without: unknown people, ends before begins, a lost key."""
    visits, lines = tables["mdtrt_d"].copy(), tables["fee_list_d"].copy()
    some = visits.index[rng.choice(len(visits), 6, replace=False)]
    extra = visits.loc[some].assign(mdtrt_id=[f"X{i}" for i in range(6)])
    extra.loc[some[:3], "psn_no"] = "9" * 18
    extra.loc[some[3:], "endtime"] = extra.begntime[some[3:]] - pd.Timedelta(days=2)
    lost = lines.iloc[rng.choice(len(lines), 3, replace=False)].assign(
        mdtrt_id="X99", bkkp_sn=["X1", "X2", None]
    )
    return {**tables, "mdtrt_d": pd.concat([visits, extra]), "fee_list_d": pd.concat([lines, lost])}
