"""A reason about items in excess names the item, n of N, what is expected and the money."""

import pytest

from reports.item_excess_texts import UNPRESCRIBED, ItemInExcess, item_text


def test_an_item_is_named_with_its_visits_and_its_money():
    zh, en = item_text(ItemInExcess("outpatient", "exam", "头颅CT", 247, 1503, 31.4, 71591.4))
    assert zh == (
        ";主要是“头颅CT”:1,503次门诊中有247次,按别处同级别、同科室、同病种的做法应为31次,多收71,591元"
    )
    assert en == (
        "; mainly “头颅CT”: in 247 of 1,503 outpatient visits, about 31 as others do for the same diseases, "
        "level and department; 71,591 yuan beyond that"
    )


@pytest.mark.parametrize(
    "expected, said, en_said",
    [
        (0.4, "不足1", "less than one"),
        (0.99, "不足1", "less than one"),
        (1.0, "1", "1"),
        (1234.5,) + ("1,234",) * 2,
    ],
)
def test_less_than_one_visit_is_said_so(expected, said, en_said):
    zh, en = item_text(ItemInExcess("stay", "material", "钢板", 2000, 3000, expected, 9.0))
    assert (
        f"应为{said}次" in zh and "3,000次住院" in zh and f"about {en_said} as" in en and "3,000 stays" in en
    )


def test_dear_items_together_and_items_without_a_name_are_told_apart():
    together = item_text(ItemInExcess("pharmacy", "drug", None, 48, 60, 3.0, 100.0))
    assert "高价药品" in together[0] and "次购药" in together[0] and "high-cost medicines" in together[1]
    assert "“—”" in item_text(ItemInExcess("pharmacy", "drug", "", 48, 60, 3.0, 100.0))[0]


def test_a_pharmacy_answers_for_what_it_sells_without_a_prescription():
    of_pharmacy, of_doctor = (
        item_text(ItemInExcess(kind, "drug", "丹参片", 48, 60, 3.0, 100.0))
        for kind in (UNPRESCRIBED, "pharmacy")
    )
    assert (
        "60次无处方购药中有48次" in of_pharmacy[0]
        and "60 purchases without a prescription," in of_pharmacy[1]
    )
    assert "60次购药中有48次" in of_doctor[0] and "60 purchases, about" in of_doctor[1]
