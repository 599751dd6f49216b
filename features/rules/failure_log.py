"""The log record of a failed rule: what failed and where, and never a value of a row."""

import logging
import re
import traceback
from pathlib import Path

LOGGER = logging.getLogger("fundguard.rules")
# Text between quotes, also where the closing one was cut off; then every run of digits.
_QUOTED = re.compile(r"""'[^']*(?:'|$)|"[^"]*(?:"|$)|`[^`]*(?:`|$)|“[^”]*(?:”|$)|‘[^’]*(?:’|$)""")
_DIGITS = re.compile(r"\d+")


def log_failure(rule_id: str, error: BaseException) -> None:
    """Log a rule's failure: exception types and frames as an error, the redacted text only for debugging."""
    LOGGER.error("rule %s failed: %s at %s", rule_id, exception_types(error), frames(error))
    if LOGGER.isEnabledFor(logging.DEBUG):
        LOGGER.debug("rule %s failed, text with values redacted: %s", rule_id, redacted(str(error)))


def exception_types(error: BaseException) -> str:
    """The type of an exception and of those that led to it, latest first."""
    chain: list[str] = []
    link: BaseException | None = error
    while link is not None:
        chain.append(type(link).__name__)
        link = link.__cause__ or link.__context__
    return " from ".join(chain)


def frames(error: BaseException) -> str:
    """The frames of an exception on one line, outermost first: file (its last three parts), line, function.

    Source text and variables are left out: they are what could quote a row.
    """
    return " > ".join(
        f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    )


def redacted(text: str) -> str:
    """A text without quoted literals and digits."""
    return _DIGITS.sub("#", _QUOTED.sub("?", text))
