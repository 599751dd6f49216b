"""What is written when something fails: where and which kind of error, not its text.

The text of an error may quote values: PostgreSQL's and DuckDB's name the row, a parser's the cell.
"""

import logging
import traceback
from types import TracebackType

Failure = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class WithoutTexts(logging.Formatter):
    """Errors as the places they passed and their kinds, the first cause last."""

    def formatException(self, ei: Failure) -> str:
        """The lines of an error and of what it followed from."""
        lines: list[str] = []
        error, seen = ei[1], set[int]()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            lines += [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
            lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
            error = error.__cause__ or error.__context__
        return "\n".join(lines)
