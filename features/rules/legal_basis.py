"""The legal basis of a finding, as a notice quotes it."""

# The regulation the articles are of (on the supervision of the use of medical security funds); in English by
# its number, for its name fills a table.
_REGULATION = ("《医疗保障基金使用监督管理条例》", "State Council Order 735")
_ARTICLES = {"36": "三十六", "37": "三十七", "38": "三十八", "40": "四十", "41": "四十一"}
# Articles whose items stand in their first paragraph.
_IN_FIRST_PARAGRAPH = ("40", "41")
# Article 41 is about insured persons. What an institution has to do with their conduct is the check of the
# card and the person.
_OF_PERSONS = "41"
_CHECK_OF_PERSONS = (
    "第十五条(核验凭证、实名就医购药)",
    "article 15 (check of the card and of the person)",
)
_ITEMS = "一二三四五六七八九"
# The service agreement between bureau and institution (the other bases are quoted as they are).
_AGREEMENT = {"协议": ("协议", "the service agreement")}
Texts = tuple[str, str]


def basis(article: str) -> Texts:
    """A rule's article in Chinese and English: 38(一)/41 → 《…条例》第三十八条第(一)项、第四十一条; other
    bases as they are."""
    parts = article.split("/")
    return _quoted([_article(part) for part in parts if _head(part) in _ARTICLES], _others(parts))


def institution_basis(article: str) -> Texts:
    """The basis as it binds an institution: without the article about insured persons, and with the duty to
    check them where there is no other."""
    parts = article.split("/")
    own = [_article(part) for part in parts if _head(part) in _ARTICLES and _head(part) != _OF_PERSONS]
    if not own and any(_head(part) == _OF_PERSONS for part in parts):
        own = [_CHECK_OF_PERSONS]
    return _quoted(own, _others(parts))


def _quoted(articles: list[Texts], others: list[Texts]) -> Texts:
    zh, en = [zh for zh, _en in articles], [en for _zh, en in articles]
    regulation = [(_REGULATION[0] + "、".join(zh), f"{_REGULATION[1]}, {', '.join(en)}")] if articles else []
    quoted = regulation + others
    return ";".join(zh for zh, _en in quoted), "; ".join(en for _zh, en in quoted)


def _head(part: str) -> str:
    return part.partition("(")[0]


def _others(parts: list[str]) -> list[Texts]:
    return [_AGREEMENT.get(part, (part, part)) for part in parts if _head(part) not in _ARTICLES]


def _article(part: str) -> Texts:
    head, _bracket, item = part.partition("(")
    zh, en = f"第{_ARTICLES[head]}条", f"article {head}"
    if not item:
        return zh, en
    first = head in _IN_FIRST_PARAGRAPH
    number = _ITEMS.index(item[0]) + 1
    return (
        zh + ("第一款" if first else "") + f"第({item}项",
        en + (", paragraph 1" if first else "") + f", item ({number})",
    )
