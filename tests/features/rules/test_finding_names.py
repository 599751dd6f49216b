"""Sentences of findings name items and institutions, never their codes where a name is known."""

import ibis
import pandas as pd
import pytest

from features.rules.finding_names import with_names
from features.rules.finding_text import BETWEEN, item_name, kinds_of_visit, place_name, sentence


def message_of(context, make, message: ibis.Value) -> str:
    """The sentence of one finding with its names."""
    found = make.found(("R901", "v1", None, None, 1.0, "因")).mutate(message=message)
    return with_names(context, found).message.to_pandas().iloc[0]


KNOWN, NAMELESS, UNKNOWN = (item_name(ibis.literal(code)) for code in ("I1", "I2", "I3"))


@pytest.mark.parametrize(
    ("zh", "en", "values", "texts"),
    [
        ("购买{a}", "bought {a}", [KNOWN], ["购买“阿司匹林”", "bought “阿司匹林”"]),
        ("购买{a}", "bought {a}", [NAMELESS], ["购买“I2”", "bought “I2”"]),
        ("购买{a}", "bought {a}", [UNKNOWN], ["购买“I3”", "bought “I3”"]),
        ("{a}应与{b}同用", "{b} goes with {a}", [KNOWN, UNKNOWN],
         ["“阿司匹林”应与“I3”同用", "“I3” goes with “阿司匹林”"]),
        ("{a}已在{b}做过", "{a} done at {b}", [KNOWN, place_name(ibis.literal("H9"))],
         ["“阿司匹林”已在县医院(H9)做过", "“阿司匹林” done at 县医院(H9)"]),
        ("没有名称", "no name", [], ["没有名称", "no name"]),
    ],
)  # fmt: skip
def test_names_stand_in_place_of_codes(rule_context, make, zh, en, values, texts):
    message = sentence(zh, en, **dict(zip("ab", values, strict=False)))
    assert message_of(rule_context, make, message).split(BETWEEN) == texts


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ("11", ("普通门诊", "outpatient care")),
        ("140104", ("门诊慢特病", "outpatient care of a registered disease")),
        ("13、2", ("急诊、住院", "emergency care, a stay")),
        ("9216", ("9216", "9216")),
    ],
)
def test_kinds_of_visit_in_words(codes, words):
    rows = ibis.memtable(pd.DataFrame({"code": [codes]}), schema=ibis.schema({"code": "string"}))
    zh, en = kinds_of_visit(rows.code)
    assert rows.select(zh=zh, en=en).to_pandas().iloc[0].to_list() == list(words)
