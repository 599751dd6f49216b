"""Who a suspect is, in words: age, sex, village, kind of insurance; level and kind of an institution.

Codes are those of the national dictionaries (docs/data.md); one that is not known is shown as it is.
"""

from collections.abc import Mapping
from typing import Any

from features.rules.dictionary_values import DEPARTMENTS
from reports.languages import text_in
from reports.number_texts import is_missing

# Column of the claims → (Chinese, English).
LABELS = {
    "psn_no": ("参保人", "Insured person"),
    "gend": ("性别", "Sex"),
    "age": ("年龄", "Age"),
    "die_date": ("死亡登记日期", "Registered death"),
    "live_admdvs": ("村(居)代码", "Village code"),
    "insutype": ("险种", "Insurance"),
    "fixmedins_code": ("机构", "Institution"),
    "registered_at": ("注册机构", "Registered at"),
    "dr_code": ("医师", "Doctor"),
    "hosp_lv": ("级别", "Level"),
    "biznet": ("性质", "Ownership"),
    "admdvs": ("区划代码", "District code"),
    "aprv_bed_cnt": ("核定床位", "Approved beds"),
    "dr_prac_type": ("执业类别", "Practice"),
    "caty": ("科别", "Specialty"),
}
_CODES: dict[str, dict[str, tuple[str, str]]] = {
    "gend": {"1": ("男", "male"), "2": ("女", "female")},
    "insutype": {"310": ("职工医保", "employees"), "390": ("居民医保", "residents")},
    "biznet": {
        "1": ("营利性", "for profit"),
        "2": ("民办非营利", "private, non-profit"),
        "3": ("公立", "public"),
    },
    "dr_prac_type": {
        "1": ("临床", "clinical"),
        "2": ("口腔", "dental"),
        "3": ("公共卫生", "public health"),
        "4": ("中医", "Chinese medicine"),
    },
}
# hosp_lv: two digits, 01-04 third, 05-07 second, 08-10 first level, 11 none.
_THIRD, _SECOND, _FIRST, _NONE = (
    ("三级", "3"),
    ("二级", "2"),
    ("一级", "1"),
    ("无等级", "none"),
)
_LEVELS = {f"{n:02}": _THIRD for n in range(1, 5)} | {f"{n:02}": _SECOND for n in range(5, 8)}
_LEVELS |= {f"{n:02}": _FIRST for n in range(8, 11)} | {"11": ("无等级", "none")}


def profile(facts: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """Label and value of what is known."""
    known = [(column, facts[column]) for column in LABELS if _is_known(facts.get(column))]
    return [(text_in(language, LABELS[column]), _values(column, value, language)) for column, value in known]


def _is_known(value: Any) -> bool:
    return bool(value) if isinstance(value, list) else not is_missing(value)


def _values(column: str, value: Any, language: str) -> str:
    """One value, or several of a column: the posts of a doctor."""
    if isinstance(value, list):
        texts = [_value(column, one, language) for one in value]
        return text_in(language, ("、", ", ")).join(dict.fromkeys(texts))
    return _value(column, value, language)


def _value(column: str, value: Any, language: str) -> str:
    if column == "age":
        return f"{int(value)}岁" if language == "zh" else f"{int(value)}"
    if column == "die_date":
        return str(value)[:10]
    if column == "aprv_bed_cnt":
        return f"{int(value):,}张" if language == "zh" else f"{int(value):,}"
    code = str(value)
    if column == "caty":
        # Some regions leave out the letter.
        department = code[:3] if code.startswith("A") else f"A{code[:2]}"
        return text_in(language, DEPARTMENTS.get(department, (code, code)))
    known = _LEVELS.get(code.zfill(2)) if column == "hosp_lv" else _CODES.get(column, {}).get(code)
    return text_in(language, known) if known else code
