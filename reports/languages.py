"""The two languages of everything people read."""

from typing import TypeVar

LANGUAGES = ("zh", "en")
T = TypeVar("T")
# A text in Chinese and in English.
Texts = tuple[str, str]


def text_in(language: str, pair: tuple[T, T]) -> T:
    """Of a pair (Chinese, English) the one in a language (`zh` or `en`)."""
    return pair[language == "en"]
