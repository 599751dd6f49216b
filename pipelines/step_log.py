"""The log of a run: one `key=value` line when a step begins, ends or fails; counts, seconds and content
hashes only.

No line may hold an identifier of a person, doctor, institution or claim, nor a value of a row. That is why a
step reports figures (numbers and digests) and why a failure is named by its type alone.
"""

import logging
import sys
import time
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import NewType, ParamSpec, Protocol, TypeVar

# Every logger of the product is a child of this one.
LOGGER = logging.getLogger("fundguard")
LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"
TIME = "%Y-%m-%dT%H:%M:%S%z"
# The level of the log file where no level is set.
FILE_LEVEL = "INFO"

Digest = NewType("Digest", str)
Figure = int | float | Digest
P = ParamSpec("P")


class Counted(Protocol):
    """The result of a step: it can say how much there was of what."""

    def counts(self) -> Mapping[str, Figure]:
        """Figures of the result by name."""


Result = TypeVar("Result", bound=Counted)


def configure_logging(level: str | None = None, file: Path | None = None) -> None:
    """Send the log of the product to stderr, a file, both or nowhere; what was configured before no longer
    holds.

    Args:
        level: of the lines on stderr and in the file; None keeps stderr clean and writes INFO to the file.
        file: lines are appended to it; its folder is created.
    """
    for old in list(LOGGER.handlers):
        LOGGER.removeHandler(old)
        old.close()
    handlers: list[logging.Handler] = [logging.NullHandler()]
    if level:
        handlers.append(logging.StreamHandler(sys.stderr))
    if file:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handlers.append(logging.FileHandler(file, encoding="utf-8"))
    for handler in handlers:
        handler.setFormatter(logging.Formatter(LINE, TIME))
        LOGGER.addHandler(handler)
    LOGGER.setLevel(level or FILE_LEVEL)
    # Handlers of other libraries (Prefect puts one on the root logger) must not repeat the lines on stderr.
    LOGGER.propagate = False


def logged_step(step: str) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    """A decorator that logs when a step begins and ends, with its seconds and the counts of its result."""

    def decorate(work: Callable[P, Result]) -> Callable[P, Result]:
        @wraps(work)
        def run(*args: P.args, **kwargs: P.kwargs) -> Result:
            logger, begin = LOGGER.getChild(step), time.perf_counter()
            logger.debug(line(step, "begin"))
            try:
                result = work(*args, **kwargs)
            except Exception as error:
                logger.error(line(step, "failed", seconds=time.perf_counter() - begin, type=_type(error)))
                raise
            logger.info(line(step, "end", seconds=time.perf_counter() - begin, **result.counts()))
            return result

        return run

    return decorate


def line(step: str, event: str, **figures: Figure) -> str:
    """`step=… event=…` and the figures in their order; fractions with two decimals."""
    pairs = {"step": step, "event": event, **figures}
    return " ".join(f"{key}={_spelled(value)}" for key, value in pairs.items())


def _spelled(value: str | Figure) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _type(error: Exception) -> Digest:
    return Digest(type(error).__name__)
