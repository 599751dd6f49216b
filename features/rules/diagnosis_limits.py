"""Diagnoses and operations limited to a sex or an age (R010, R011, R014)."""

import ibis
from ibis import _

from features.rules.billed_lines import icd_code
from features.rules.declaration import CLEAR, SUSPECT, rule
from features.rules.dictionary_values import BIRTH, BIRTH_DIAGNOSES, SEXES
from features.rules.finding_text import sentence, whole_number, word_of
from features.rules.rule_context import RuleContext


def _limited_codes(context: RuleContext, column: str, icd_type: str, kind: str) -> ibis.Table:
    """Codes in use that have a limit of a kind: raw (as in the visits), code, value, first and last day.

    Codes are few and visits many, so limits are looked up once a code.
    """
    codes = context.facts.select(raw=column).distinct().mutate(code=icd_code(_.raw))
    codes = codes.filter(_.code.notnull()).mutate(stem=_.code.left(3))
    table = context.claims["icd_lmt_b"].filter(_.icd_type == icd_type, _.lmt_type == kind)
    table = table.select(
        prefix=icd_code(_.icd_code), value=_.lmt_value, first=_.begndate.date(), last=_.enddate.date()
    )
    codes = codes.inner_join(table, [codes.stem == table.prefix.left(3)])
    codes = codes.filter(codes.code.startswith(codes.prefix))
    return codes.select("raw", "code", "value", "first", "last")


def _visits_with_limited_code(context: RuleContext, column: str, icd_type: str, kind: str) -> ibis.Table:
    """Visits whose code has a limit of a kind, with its value."""
    codes = _limited_codes(context, column, icd_type, kind)
    rows = context.facts.inner_join(codes, [context.facts[column] == codes.raw])
    rows = rows.mutate(
        birth=(rows.med_type.startswith(BIRTH) | rows.code.re_search(BIRTH_DIAGNOSES)).fill_null(False)
    )
    return rows.filter(
        (rows["first"] <= rows.day).fill_null(True), (rows["last"] >= rows.day).fill_null(True)
    )


@rule(
    "R010", "诊断与性别不符", "Diagnosis-sex conflict", "place", CLEAR, "38(六)/40(三)",
    official="GZ10000204006000", needs="icd_lmt_b",
    filled="icd_lmt_b.lmt_type=gend mdtrt_d.dscg_maindiag_code",
)  # fmt: skip
def diagnosis_sex(context: RuleContext) -> ibis.Table:
    """Visits with a diagnosis limited to the other sex."""
    rows = _visits_with_limited_code(context, "dscg_maindiag_code", "1", "gend")
    bad = rows.filter(rows.gend.isin(list(SEXES)), rows.gend != rows.value)
    message = sentence(
        "诊断{code}限{sex},参保人性别不符",
        "diagnosis {code} is limited to {sex}; the patient is of the other sex",
        code=bad.code, sex=word_of(bad.value, SEXES, ("", "")),
    )  # fmt: skip
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)


@rule(
    "R011", "诊断与年龄不符", "Diagnosis-age conflict", "place", SUSPECT, "38(六)/40(三)",
    official="GZ10000204007000", needs="icd_lmt_b", filled="mdtrt_d.dscg_maindiag_code",
)  # fmt: skip
def diagnosis_age(context: RuleContext) -> ibis.Table:
    """Visits with a diagnosis limited to another age."""
    low, high = (
        _visits_with_limited_code(context, "dscg_maindiag_code", "1", kind)
        for kind in ("age_low", "age_high")
    )
    bad = ibis.union(
        low.filter(low.years < low.value.try_cast("float64")),
        high.filter(high.years > high.value.try_cast("float64")),
    )
    bad = bad.filter(~bad.birth)
    message = sentence(
        "诊断{code}限年龄{limit}岁,参保人{age}岁",
        "diagnosis {code} is limited by age ({limit} years); the patient is {age}",
        code=bad.code, limit=bad.value, age=whole_number(bad.years),
    )  # fmt: skip
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)


@rule(
    "R014", "手术编码与性别不符", "Operation-sex conflict", "place", CLEAR, "38(六)/40(三)",
    official="GZ10000201005000", needs="icd_lmt_b", filled="mdtrt_d.oprn_oprt_code",
)  # fmt: skip
def operation_sex(context: RuleContext) -> ibis.Table:
    """Visits with an operation limited to the other sex."""
    rows = _visits_with_limited_code(context, "oprn_oprt_code", "2", "gend")
    bad = rows.filter(rows.gend.isin(list(SEXES)), rows.gend != rows.value)
    message = sentence(
        "手术{code}限{sex},参保人性别不符",
        "operation {code} is limited to {sex}; the patient is of the other sex",
        code=bad.code, sex=word_of(bad.value, SEXES, ("", "")),
    )  # fmt: skip
    return bad.select("mdtrt_id", amount_in_question=bad.medfee_sumamt, message=message)
