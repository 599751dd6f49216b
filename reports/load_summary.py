"""What became of the rows of a load, in words for a terminal."""

from collections.abc import Iterable

from claims.store import Report

_COLUMNS = ("in", "kept", "quarantined", "set_aside", "identical")


def load_summary(report: Report) -> str:
    """A table of counts by table, why rows were quarantined, and columns that the contract does not know."""
    lines = [f"{'table':<16}" + "".join(f"{name:>13}" for name in _COLUMNS)]
    for name, counts in report.tables.items():
        lines.append(f"{name:<16}" + "".join(f"{counts[column]:>13,}" for column in _COLUMNS))
    lines += [f"quarantine: {count:,} {reason}" for reason, count in report.quarantine.items()]
    lines += [
        f"taken now from earlier loads: {count:,} of {name}" for name, count in report.taken_later.items()
    ]
    lines += [f"waiting for their parent rows: {count:,} of {name}" for name, count in report.waiting.items()]
    lines += [f"not taken: {file}" for file in report.not_taken]
    lines += [
        f"not in the contract: {name}: {', '.join(columns)}"
        for name, columns in report.extra.items()
        if columns
    ]
    return "\n".join(lines)


def quarantine_summary(rows: Iterable[tuple[str, str, int, object, str]]) -> list[str]:
    """A line for each quarantined row, without its content.

    Args:
        rows: table, file, row, field (null where the reason names none), reason.
    """
    return [
        f"{file} row {row}: {reason}" + (f" ({table}.{field})" if isinstance(field, str) else "")
        for table, file, row, field, reason in rows
    ]
