"""Sentences of findings name items and institutions, never their codes where a name is known."""

import ibis
import pandas as pd
import pytest

from features.rules.finding_names import with_names
from features.rules.finding_text import item_name, kinds_of_visit, place_name, sentence


def message_of(context, make, message: ibis.Value) -> str:
    """The sentence of one finding with its names."""
    found = make.found(("R901", "v1", None, None, 1.0, "因")).mutate(message=message)
    return with_names(context, found).message.to_pandas().iloc[0]


KNOWN, NAMELESS, UNKNOWN = (item_name(ibis.literal(code)) for code in ("I1", "I2", "I3"))


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["购买", KNOWN], "购买“阿司匹林”"),
        (["购买", NAMELESS], "购买“I2”"),
        (["购买", UNKNOWN], "购买“I3”"),
        ([KNOWN, "应与", UNKNOWN, "同用"], "“阿司匹林”应与“I3”同用"),
        ([KNOWN, "已在", place_name(ibis.literal("H9")), "做过"], "“阿司匹林”已在县医院(H9)做过"),
        (["没有名称"], "没有名称"),
    ],
)  # fmt: skip
def test_names_stand_in_place_of_codes(rule_context, make, parts, text):
    assert message_of(rule_context, make, sentence(*parts)) == text


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ("11", "普通门诊"),
        ("140104", "门诊慢特病"),
        ("21,52", "普通住院,生育住院"),
        ("9216", "9216"),
    ],
)
def test_kinds_of_visit_in_words(codes, words):
    rows = ibis.memtable(pd.DataFrame({"code": [codes]}), schema=ibis.schema({"code": "string"}))
    assert rows.select(found=kinds_of_visit(rows.code)).to_pandas().found.to_list() == [words]
