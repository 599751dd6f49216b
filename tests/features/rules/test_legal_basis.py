"""The legal basis of a finding, in both languages, and as it binds an institution."""

import pytest

from features.rules.declaration import RULES
from features.rules.legal_basis import basis, institution_basis

ZH = "《医疗保障基金使用监督管理条例》"
EN = "State Council Order 735, "


@pytest.mark.parametrize(
    ("article", "zh", "en"),
    [
        ("38(一)", f"{ZH}第三十八条第(一)项", f"{EN}article 38, item (1)"),
        ("41", f"{ZH}第四十一条", f"{EN}article 41"),
        ("36/37", f"{ZH}第三十六条、第三十七条", f"{EN}article 36, article 37"),
        ("38(三)/40(三)", f"{ZH}第三十八条第(三)项、第四十条第一款第(三)项",
         f"{EN}article 38, item (3), article 40, paragraph 1, item (3)"),
        ("协议", "协议", "the service agreement"),
        ("协议/41(二)", f"{ZH}第四十一条第一款第(二)项;协议",
         f"{EN}article 41, paragraph 1, item (2); the service agreement"),
        ("刑法266/41", f"{ZH}第四十一条;刑法266", f"{EN}article 41; 刑法266"),
    ],
)  # fmt: skip
def test_the_legal_basis_is_quoted_in_words(article, zh, en):
    assert basis(article) == (zh, en)


@pytest.mark.parametrize(
    ("article", "zh", "en"),
    [
        ("38(一)/41/40", f"{ZH}第三十八条第(一)项、第四十条", f"{EN}article 38, item (1), article 40"),
        ("41", f"{ZH}第十五条(核验凭证、实名就医购药)",
         f"{EN}article 15 (check of the card and of the person)"),
        ("41(二)/38", f"{ZH}第三十八条", f"{EN}article 38"),
        ("41(三)/协议", f"{ZH}第十五条(核验凭证、实名就医购药);协议",
         f"{EN}article 15 (check of the card and of the person); the service agreement"),
        ("38", f"{ZH}第三十八条", f"{EN}article 38"),
        ("协议", "协议", "the service agreement"),
    ],
)  # fmt: skip
def test_the_basis_is_that_of_an_institution(article, zh, en):
    assert institution_basis(article) == (zh, en)


@pytest.mark.parametrize("article", sorted({entry.article for entry in RULES.values()}))
def test_the_english_basis_of_every_rule_is_english(article):
    for _zh, en in (basis(article), institution_basis(article)):
        assert en.isascii()
