"""What every page has: words, language, menu."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from console.models import User
from console.words import language, words
from reports.subject_words import SUBJECT_WORDS

# Entries of the menu: word, name of the address, rights of which one is needed.
_MENU = (
    ("today", "today", ("see_lists",)),
    ("board", "board", ("see_cases",)),
    ("monthly", "monthly", ("see_supervision",)),
    ("portraits", "portraits", ("see_supervision",)),
    ("workload", "workload", ("see_supervision",)),
    ("audit", "audit", ("see_audit",)),
    ("status", "status", ("see_status",)),
)


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Words, language and menu of a page."""
    user = getattr(request, "user", None)
    known = words()
    found: dict[str, Any] = {"w": known, "language": language(), "menu": [], "kinds": []}
    if not isinstance(user, User):
        return found
    here = request.path
    for word, name, rights in _MENU:
        if any(user.may(right) for right in rights):
            address = reverse(name)
            found["menu"].append((known[word], address, address == here))
    if user.may("see_lists"):
        for kind, pair in SUBJECT_WORDS.items():
            address = reverse("list", args=[kind])
            found["kinds"].append((pair[language() == "en"], address, here.startswith(address)))
    return found


def first_page(user: User) -> str:
    """The name of the first page of the menu that a user may see."""
    return next(name for _word, name, rights in _MENU if any(user.may(right) for right in rights))
