"""The sentence and the amount of a finding."""

from functools import reduce
from operator import add

import ibis

from features.rules.dictionary_values import DEPARTMENTS, MED_TYPES
from features.windows import DAYS_A_MONTH, MONTHS_ABOVE

# Around what stands for a name: ⟦item:CODE⟧.
OPEN, CLOSE = "⟦", "⟧"


def whole_number(value: ibis.Value) -> ibis.Value:
    """A whole number in a sentence."""
    return value.round().cast("int64").cast("string")


def sentence(*parts: str | ibis.Value) -> ibis.Value:
    """A sentence of words and values; an unknown value stands as a dash."""
    words = [
        ibis.literal(part) if isinstance(part, str) else part.cast("string").fill_null("-") for part in parts
    ]
    return reduce(add, words)


def duration(days: float) -> str:
    """A setting in days, in the unit that people use."""
    if days <= MONTHS_ABOVE:
        return f"{days:.0f}天"
    years, months = divmod(round(days / DAYS_A_MONTH), 12)
    return f"{12 * years + months}个月" if months else f"{years}年"


def elapsed(days: ibis.Value) -> ibis.Value:
    """Days that went by, in a sentence; many of them as months."""
    months = ibis.literal("约") + whole_number(days / DAYS_A_MONTH) + "个月"
    return (days > MONTHS_ABOVE).ifelse(months, whole_number(days) + "天")


def item_name(code: ibis.Value) -> ibis.Value:
    """An item in a sentence; its name is put in place of the code when the findings are complete
    (`features.rules.finding_names`)."""
    return _placeholder("item", code)


def place_name(code: ibis.Value) -> ibis.Value:
    """An institution in a sentence, as `item_name`."""
    return _placeholder("place", code)


def _placeholder(kind: str, code: ibis.Value) -> ibis.Value:
    return ibis.literal(f"{OPEN}{kind}:") + code.fill_null("-") + CLOSE


def kinds_of_visit(codes: ibis.Value) -> ibis.Value:
    """Kinds of visit (med_type, one code or several) in words; a region's own codes as they are."""
    return reduce(lambda text, kind: text.re_replace(rf"\b{kind[0]}\d*\b", kind[1]), MED_TYPES.items(), codes)


def departments(codes: ibis.Value) -> ibis.Value:
    """Departments (caty, one code or several) in words; codes of no national department as they are."""
    # Some regions leave out the letter.
    return reduce(
        lambda text, known: text.re_replace(rf"\bA?{known[0][1:]}[\d.]*\b", known[1][0]),
        DEPARTMENTS.items(),
        codes,
    )


def whole_line_finding(rows: ibis.Table, message: ibis.Value) -> ibis.Table:
    """Lines with the sentence; all they cost is in question."""
    return rows.mutate(amount_in_question=rows.amount, message=message)


def union_findings(*found: ibis.Table) -> ibis.Table:
    """Findings of several queries in one table."""
    return ibis.union(
        *[table.select("mdtrt_id", "setl_id", "bkkp_sn", "amount_in_question", "message") for table in found]
    )


def figure(value: ibis.Value) -> ibis.Value:
    """A number in a sentence: at most two decimals, none where it is whole."""
    return value.round(2).cast("string").re_replace(r"\.0$", "")


def line_finding(rows: ibis.Table, amount_in_question: ibis.Value, message: ibis.Value) -> ibis.Table:
    """Findings about settlements or lines, with an amount in question of their own (yuan)."""
    return rows.select(
        "mdtrt_id", "setl_id", "bkkp_sn", amount_in_question=amount_in_question.round(2), message=message
    )


def iso_date(day: ibis.Value) -> ibis.Value:
    """A date in a sentence."""
    return day.strftime("%Y-%m-%d")
