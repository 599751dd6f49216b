"""The sentence of a finding, in Chinese and English, and its amount."""

import re
from collections.abc import Mapping
from functools import reduce
from operator import add
from typing import TypeAlias

import ibis
import ibis.expr.datatypes as dt

from features.rules.dictionary_values import DEPARTMENTS, MED_TYPES
from features.windows import DAYS_A_MONTH, MONTHS_ABOVE

# Around what stands for a name: ⟦item:CODE⟧.
OPEN, CLOSE = "⟦", "⟧"
# Between the Chinese and the English of a sentence, which travel as one text until the findings are complete.
BETWEEN = f"{OPEN}en{CLOSE}"
# Between the values of a limit.
SEPARATOR = "、"
# A value of a sentence, one a language where it is itself a word.
Words: TypeAlias = str | ibis.Value
Pair: TypeAlias = tuple[Words, Words]
_SLOT = re.compile(r"{(\w+)}")
_FIGURE = dt.Decimal(38, 2)


def whole_number(value: ibis.Value) -> ibis.Value:
    """A whole number in a sentence."""
    return value.round().cast("int64").cast("string")


def sentence(zh: str, en: str, **values: Words | Pair) -> ibis.Value:
    """A sentence in Chinese and in English; an unknown value stands as a dash.

    Args:
        zh, en: words with ``{name}`` where a value stands.
        values: what stands for each name; a pair (Chinese, English) where it is a word.
    """
    return _filled(zh, values, 0) + BETWEEN + _filled(en, values, 1)


def phrase(zh: str, en: str, **values: Words | Pair) -> Pair:
    """A part of a sentence, to stand for a name in it; as `sentence`."""
    return _filled(zh, values, 0), _filled(en, values, 1)


def either(test: ibis.Value, one: Pair, other: Pair) -> Pair:
    """One part of a sentence or another."""
    chosen = [test.ifelse(_literal(a), _literal(b)) for a, b in zip(one, other, strict=True)]
    return chosen[0], chosen[1]


def word_of(code: ibis.Value, words: Mapping[str, tuple[str, str]], otherwise: tuple[str, str]) -> Pair:
    """What a code stands for.

    Args:
        words: code → (Chinese, English).
        otherwise: said of any other code.
    """
    zh, en = (
        code.cases(*((known, pair[place]) for known, pair in words.items()), else_=otherwise[place])
        for place in (0, 1)
    )
    return zh, en


def _filled(words: str, values: Mapping[str, Words | Pair], place: int) -> ibis.Value:
    """Words with their values in the Chinese (0) or the English (1) of a sentence."""
    # A split by a pattern with one group yields words and names in turn.
    parts = _SLOT.split(words)
    for nth in range(1, len(parts), 2):
        value = values[parts[nth]]
        parts[nth] = value[place] if isinstance(value, tuple) else value
    return reduce(add, (_literal(part) for part in parts if not isinstance(part, str) or part))


def _literal(part: Words) -> ibis.Value:
    return ibis.literal(part) if isinstance(part, str) else part.cast("string").fill_null("-")


def duration(days: float) -> tuple[str, str]:
    """A setting in days, in the unit that people use."""
    if days <= MONTHS_ABOVE:
        return f"{days:.0f}天", f"{days:.0f} days"
    years, months = divmod(round(days / DAYS_A_MONTH), 12)
    if months:
        return f"{12 * years + months}个月", f"{12 * years + months} months"
    return f"{years}年", "a year" if years == 1 else f"{years} years"


def elapsed(days: ibis.Value) -> Pair:
    """Days that went by, in a sentence; many of them as months."""
    months = phrase("约{n}个月", "about {n} months", n=whole_number(days / DAYS_A_MONTH))
    return either(days > MONTHS_ABOVE, months, phrase("{n}天", "{n} days", n=whole_number(days)))


def minutes_before(minutes: ibis.Value) -> Pair:
    """How long before something was, in minutes."""
    whole = phrase("{n}分钟前", "{n} minutes before", n=whole_number(minutes))
    return either(minutes < 1, ("不足1分钟前", "less than a minute before"), whole)


def days_before(days: ibis.Value) -> Pair:
    """How long before something was, in days."""
    whole = phrase("{n}天前", "{n} days before", n=whole_number(days))
    return either(days < 1, ("同日", "on the same day"), whole)


def item_name(code: ibis.Value) -> ibis.Value:
    """An item in a sentence; its name is put in place of the code when the findings are complete
    (`features.rules.finding_names`)."""
    return _placeholder("item", code)


def place_name(code: ibis.Value) -> ibis.Value:
    """An institution in a sentence, as `item_name`."""
    return _placeholder("place", code)


def _placeholder(kind: str, code: ibis.Value) -> ibis.Value:
    return ibis.literal(f"{OPEN}{kind}:") + code.fill_null("-") + CLOSE


def kinds_of_visit(codes: ibis.Value) -> Pair:
    """Kinds of visit (med_type, one code or several) in words; a region's own codes as they are."""
    return _in_words(codes, {rf"\b{kind}\d*\b": words for kind, words in MED_TYPES.items()})


def departments(codes: ibis.Value) -> Pair:
    """Departments (caty, one code or several) in words; codes of no national department as they are."""
    # Some regions leave out the letter.
    return _in_words(codes, {rf"\bA?{code[1:]}[\d.]*\b": words for code, words in DEPARTMENTS.items()})


def _in_words(codes: ibis.Value, words: Mapping[str, tuple[str, str]]) -> Pair:
    """Codes with what each pattern stands for in place of it."""
    zh, en = listed(codes)
    for pattern, (word_zh, word_en) in words.items():
        zh, en = zh.re_replace(pattern, word_zh), en.re_replace(pattern, word_en)
    return zh, en


def listed(values: ibis.Value) -> tuple[ibis.Value, ibis.Value]:
    """Several values of a limit, as Chinese and English put them in a row."""
    return values, values.replace(SEPARATOR, ", ")


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
    # Engines write floats in different ways, and decimals in one.
    return value.round(2).try_cast(_FIGURE).cast("string").re_replace(r"\.?0+$", "")


def line_finding(rows: ibis.Table, amount_in_question: ibis.Value, message: ibis.Value) -> ibis.Table:
    """Findings about settlements or lines, with an amount in question of their own (yuan)."""
    return rows.select(
        "mdtrt_id", "setl_id", "bkkp_sn", amount_in_question=amount_in_question.round(2), message=message
    )


def iso_date(day: ibis.Value) -> ibis.Value:
    """A date in a sentence."""
    return day.strftime("%Y-%m-%d")
