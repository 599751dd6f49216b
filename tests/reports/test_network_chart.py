"""The picture of a group: all members and links, hubs by name, few labels, none over another."""

import pandas as pd
import pytest

from reports.network_chart import MOST_NAMED, SMALL_GROUP, Hub, network
from reports.svg import BLUE, RED
from tests.reports.pictures import Picture


def ring(count: int) -> tuple[pd.DataFrame, list[str]]:
    names = [f"4208000000{n:08}" for n in range(count)]
    pairs = [(a, b, float(n + 1)) for n, (a, b) in enumerate(zip(names, names[1:] + names[:1], strict=True))]
    return pd.DataFrame(pairs, columns=["a", "b", "neg_log10_fdr"]), names


@pytest.mark.parametrize("count", [2, 3, 8, SMALL_GROUP, SMALL_GROUP + 1, 60])
@pytest.mark.parametrize("hub_count", [0, 1, 3])
def test_every_member_is_there_and_no_label_lies_on_another(count, hub_count):
    edges, names = ring(count)
    hubs = [Hub(f"仁心大药房第{n}分店", frozenset(names[n::2])) for n in range(hub_count)]
    picture = Picture(network(edges, names, names[0], hubs))
    assert len(picture.all("circle")) == count and len(picture.all("circle", fill=RED)) == 1
    assert picture.faults() == []
    texts = [words.text for words in picture.words()]
    assert names[0] in texts and all(hub.label in texts for hub in hubs)
    assert len(texts) - hub_count == (count if count <= SMALL_GROUP else len(set(texts) & set(names)))
    assert count <= SMALL_GROUP or len(texts) - hub_count <= MOST_NAMED


def test_the_less_chance_explains_a_link_the_thicker_it_is():
    edges = pd.DataFrame({"a": ["p1", "p1"], "b": ["p2", "p3"], "neg_log10_fdr": [1.0, 9.0]})
    weak, strong = (
        float(e.get("stroke-width")) for e in Picture(network(edges, ["p1", "p2", "p3"], None)).all("line")
    )
    assert weak < strong


def test_those_of_strong_links_stand_beside_each_other():
    pairs = [(a, b) for group in ("abc", "xyz") for a in group for b in group if a < b]
    edges = pd.DataFrame([(a, b, 5.0) for a, b in pairs], columns=["a", "b", "neg_log10_fdr"])
    picture = Picture(network(edges, list("axbycz"), None))
    order = "".join(words.text for words in picture.words())
    assert {frozenset(order[:3]), frozenset(order[3:])} == {frozenset("abc"), frozenset("xyz")}


def test_members_without_links_stand_alone():
    edges = pd.DataFrame({"a": [], "b": [], "neg_log10_fdr": []})
    picture = Picture(network(edges, ["p1", "p2", "p3"], None, [Hub("P1", frozenset(["p1", "p2"]))]))
    assert len(picture.all("circle", fill=BLUE)) == 3 and len(picture.all("line")) == 2
