"""How values stand on the console's pages, in Chinese and in English."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from console.templatetags import console_format as shown
from console.words import ACTIONS, AUDIT_ACTIONS, DETAILS, FIELDS, NOT_NOW, PAGES, STATES
from reports.number_texts import MISSING

CASES = [
    (shown.amount, None, MISSING, MISSING),
    (shown.amount, 1234.5, "1,234", "1,234"),
    (shown.amount, "99.6", "100", "100"),
    (shown.yuan, 52_000.0, "52,000元", "52,000 yuan"),
    (shown.share, 0.126, "0.13", "0.13"),
    (shown.share, None, MISSING, MISSING),
    (shown.scheme, "", "待定", "not decided"),
    (shown.scheme, None, "待定", "not decided"),
    (shown.kind, "patient", "参保人", "Patient"),
    (shown.state, "2", "● 查实", "● confirmed"),
    (shown.state, "off", "– 已撤销", "– withdrawn"),
    # An outcome elsewhere that no inspection has.
    (shown.state, "1", "▶ 核实中", "▶ being checked"),
    (shown.action, "decided", "结案", "closed"),
    (shown.action, "login", "登录", "logged in"),
    (shown.action, "of tomorrow", "of tomorrow", "of tomorrow"),
    (shown.field, "amount_found", "查实金额(元)", "amount found (yuan)"),
    (shown.field_value, None, MISSING, MISSING),
    (shown.field_value, "", MISSING, MISSING),
    (shown.field_value, "3", "× 排除", "× cleared"),
    (shown.field_value, "anna", "anna", "anna"),
    (shown.field_value, 0, "0", "0"),
    (shown.not_now, "is_closed", "已结案,不能再更改。", "It is closed and cannot be changed."),
    (shown.moment, None, MISSING, MISSING),
    # Days are those of Asia/Shanghai.
    (shown.moment, datetime(2025, 1, 1, 16, 0, 59, tzinfo=UTC), "2025-01-02 00:00", "2025-01-02 00:00"),
    (shown.model_name, "patient patient v1", "参保人 patient v1", "Patient patient v1"),
    (shown.model_name, "group", "结伴群体", "Group"),
]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_value_in_both_languages(number):
    show, value, zh, en = CASES[number]
    for code, said in (("zh-hans", zh), ("en", en)):
        with translation.override(code):
            assert show(value) == said


@pytest.mark.parametrize(
    "details, zh, en",
    [
        ({}, "", ""),
        ({"kind": "patient", "page": 2}, "参保人 · 第几页 2", "Patient · page 2"),
        ({"page": "board"}, "在办看板", "open cases"),
        ({"kind": "board"}, "在办看板", "open cases"),
        ({"rows": 0, "created": True, "is_active": False}, "行数 0 · 新建 是 · 启用 否",
         "rows 0 · created yes · active no"),
        ({"areas": ""}, f"区划 {MISSING}", f"areas {MISSING}"),
        ({"how": "add", "which": ["auditor", "unmask"]}, "变动 增加 · 角色或权限 审计员, 显示编号",
         "how added · which auditor, show the identifiers of a dossier"),
        ({"which": []}, "角色或权限 ", "which "),
        # Of a change what it became; what is no field of an inspection is nothing to read.
        ({"version": 3, "changes": {"state": ["pending", "2"], "attachment": "a"}},
         "版本 3 · 状态 → ● 查实", "version 3 · state → ● confirmed"),
        ({"changes": {"assignee": ["anna", None], "amount_found": [None, "5.00"]}},
         f"承办人 → {MISSING} · 查实金额(元) → 5.00", f"assignee → {MISSING} · amount found (yuan) → 5.00"),
        ({"attachment": "0b6f"}, "", ""),
    ],
)  # fmt: skip
def test_the_details_of_an_entry_on_one_line(details, zh, en):
    for code, said in (("zh-hans", zh), ("en", en)):
        with translation.override(code):
            assert shown.details_text(details) == said


@pytest.mark.parametrize("table", [ACTIONS, AUDIT_ACTIONS, DETAILS, FIELDS, NOT_NOW, PAGES])
def test_a_table_of_words_says_different_things_differently_in_both_languages(table):
    for place in (0, 1):
        said = [pair[place] for pair in table.values()]
        assert len(set(said)) == len(said) and all(said)
    assert all(any(letter >= "\u4e00" for letter in zh) and en.isascii() for zh, en in table.values())


def test_states_differ_in_their_signs_too():
    """Whoever sees no colours tells them apart."""
    signs = [sign for sign, _zh, _en in STATES.values()]
    assert len(set(signs)) == len(signs) == 6
