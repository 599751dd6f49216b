"""Measures whose record contradicts itself: a sentence says more than a comparison with the peers."""

from features.measures.catalogue import Measure

# Name of the measure → peer group or kind of visit → Chinese and English; the first where no other fits.
_HOSPITAL = ("死亡登记后第{n}天仍住院", "in hospital on day {n} after the registered death")
_PURCHASE = ("死亡登记后第{n}天仍购药", "medicine bought on day {n} after the registered death")
_SENTENCES = {
    "days_since_death": {
        "": ("死亡登记后第{n}天仍就医", "care received on day {n} after the registered death"),
        "purchase": _PURCHASE,
        "pharmacy": _PURCHASE,
        "stay": _HOSPITAL,
        "stay1": _HOSPITAL,
        "stay2": _HOSPITAL,
        "stay3": _HOSPITAL,
    },
}


def contradiction(entry: Measure, value: float, visit: str) -> tuple[str, str] | None:
    """The sentence of a measure that is a contradiction by itself, Chinese and English; None for others.

    Args:
        visit: peer group of the visit (key of PEER_WORDS) or its kind.
    """
    if entry.name not in _SENTENCES:
        return None
    sentences = _SENTENCES[entry.name]
    zh, en = sentences.get(visit, sentences[""])
    return zh.format(n=f"{value:,.0f}"), en.format(n=f"{value:,.0f}")
