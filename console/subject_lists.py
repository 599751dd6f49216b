"""The ranked lists of a run, page by page: filtered, sorted and cut in the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from console.run_reader import Row, Run

PAGE = 50
# Rows of an exported list at most; Excel ends at 1,048,576.
EXPORTED = 100_000
# What a list can be sorted by: name in the address → columns.
ORDERS = {
    name: f"{columns}s.rank NULLS FIRST, s.place"
    for name, columns in {
        "rank": "",
        "score": "s.score DESC NULLS FIRST, ",
        "money": "s.amount_at_risk DESC, ",
        "name": "d.name NULLS LAST, ",
        "area": "d.area NULLS LAST, ",
        "scheme": "s.scheme NULLS LAST, ",
    }.items()
}
# What would tell of a subject that is being inspected whether it was drawn at random.
_RANKING = ("rank", "score", "model_score", "anomaly_score", "rule_score", "graph_score")
_COLUMNS = """s.subject_type, s.subject_id, s.rank, s.score, s.amount_at_risk, s.scheme, s.model_score,
    s.anomaly_score, s.rule_score, s.graph_score, s.explained_by, d.name, d.area, d.level"""
_DIRECTORY = """LEFT JOIN read_parquet($directory) d
    ON d.subject_type = s.subject_type AND d.subject_id = s.subject_id"""
_FROM = f"FROM read_parquet($suspects) s {_DIRECTORY}"
_SHOWN = ", ".join(f"if(place IS NULL, {name}, NULL) AS {name}" for name in _RANKING)
_FROM_BLINDED = f"""FROM (
    SELECT found.* REPLACE ({_SHOWN}), place
    FROM read_parquet($suspects) found LEFT JOIN (
        SELECT unnest($blinded::VARCHAR[]) AS subject_id, unnest(range(len($blinded::VARCHAR[]))) AS place
    ) USING (subject_id) WHERE subject_type = $kind
) s {_DIRECTORY}"""


@dataclass(frozen=True)
class Wanted:
    """Which part of a list somebody wants.

    Attributes:
        prefixes: beginnings of areas the user sees; None for all.
        text: part of an identifier or name.
        levels: values of hosp_lv.
        only, without: subjects that are to be in it, or not (their inspections have a state or an assignee).
        blinded: subjects whose rank and score are not shown; a list by rank begins with them, in this order.
    """

    kind: str
    prefixes: Sequence[str] | None
    scheme: str = ""
    area: str = ""
    levels: Sequence[str] = ()
    least: float = 0.0
    text: str = ""
    order: str = "rank"
    only: Sequence[str] | None = None
    without: Sequence[str] = field(default_factory=tuple)
    blinded: Sequence[str] = field(default_factory=tuple)

    def condition(self) -> tuple[str, dict[str, Any]]:
        """The condition of the query and its parameters."""
        parts, values = ["s.subject_type = $kind"], dict[str, Any](kind=self.kind)

        def add(part: str, **more: Any) -> None:
            parts.append(part)
            values.update(more)

        if self.prefixes is not None:
            places = {f"prefix_{n}": prefix for n, prefix in enumerate(self.prefixes)}
            add(
                "(" + " OR ".join(["FALSE", *(f"starts_with(d.area, ${name})" for name in places)]) + ")",
                **places,
            )
        if self.scheme:
            add("s.scheme = $scheme", scheme=self.scheme)
        if self.area:
            add("starts_with(d.area, $area)", area=self.area)
        if self.levels:
            add("list_contains($levels, d.level)", levels=list(self.levels))
        if self.least:
            add("s.amount_at_risk >= $least", least=self.least)
        if self.text:
            add("(contains(s.subject_id, $text) OR contains(d.name, $text))", text=self.text)
        if self.only is not None:
            add("s.subject_id IN (SELECT unnest($only::VARCHAR[]))", only=list(self.only))
        if self.without:
            add("s.subject_id NOT IN (SELECT unnest($without::VARCHAR[]))", without=list(self.without))
        return " AND ".join(parts), values


def page_of(run: Run, wanted: Wanted, number: int, size: int = PAGE) -> tuple[list[Row], int]:
    """The rows of a page (the first is 1) and how many there are in all."""
    condition, values = wanted.condition()
    values |= _tables(run)
    (count,) = run.rows(f"SELECT count(*) AS n {_FROM} WHERE {condition}", values)
    order = ORDERS.get(wanted.order, ORDERS["rank"])
    sql = f"SELECT {_COLUMNS} {_FROM_BLINDED} WHERE {condition} ORDER BY {order} LIMIT $size OFFSET $begin"
    values["blinded"] = list(wanted.blinded)
    rows = run.rows(sql, {**values, "size": size, "begin": (max(number, 1) - 1) * size})
    return with_change(run, wanted.kind, rows), int(count["n"])


def subject_row(run: Run, kind: str, subject_id: str) -> Row | None:
    """The row of a subject, with its reasons and story; None where the list has none."""
    sql = f"""SELECT {_COLUMNS}, s.reasons, s.story_zh, s.story_en {_FROM}
        WHERE s.subject_type = $kind AND s.subject_id = $id"""
    rows = run.rows(sql, {"kind": kind, "id": subject_id} | _tables(run))
    return rows[0] if rows else None


def rows_of(run: Run, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Row]:
    """The rows of some subjects, by kind and identifier."""
    joined = "SELECT unnest($kinds::VARCHAR[]) AS kind, unnest($ids::VARCHAR[]) AS id"
    sql = f"""SELECT {_COLUMNS}, s.story_zh, s.story_en {_FROM} INNER JOIN ({joined}) k
        ON k.kind = s.subject_type AND k.id = s.subject_id"""
    values = {"kinds": [kind for kind, _id in keys], "ids": [i for _kind, i in keys]}
    rows = run.rows(sql, values | _tables(run))
    return {(row["subject_type"], row["subject_id"]): row for row in rows}


def with_change(run: Run, kind: str, rows: list[Row]) -> list[Row]:
    """Rows with ``rank_before``: the rank in the run before; missing where there was none."""
    before: dict[str, int] = {}
    if run.before and rows:
        file = run.before / "suspects.parquet"
        sql = """SELECT subject_id, rank FROM read_parquet($file)
            WHERE subject_type = $kind AND subject_id IN (SELECT unnest($ids::VARCHAR[]))"""
        if file.exists():
            ids = [row["subject_id"] for row in rows]
            found = run.rows(sql, {"file": str(file), "kind": kind, "ids": ids})
            before = {row["subject_id"]: row["rank"] for row in found}
    return [row | {"rank_before": before.get(row["subject_id"])} for row in rows]


def choices(run: Run, kind: str) -> dict[str, list[str]]:
    """Schemes, areas (counties) and levels that occur in a list."""
    sql = f"""SELECT list(DISTINCT s.scheme) AS scheme, list(DISTINCT left(d.area, 6)) AS area,
        list(DISTINCT d.level) AS level {_FROM} WHERE s.subject_type = $kind"""
    (row,) = run.rows(sql, {"kind": kind} | _tables(run))
    return {name: sorted(value for value in values or [] if value) for name, values in row.items()}


def counts(run: Run) -> dict[str, int]:
    """How many subjects of each kind are listed."""
    sql = "SELECT subject_type, count(*) AS n FROM read_parquet($suspects) GROUP BY 1"
    rows = run.rows(sql, {"suspects": run.table("suspects")})
    return {row["subject_type"]: row["n"] for row in rows}


def _tables(run: Run) -> dict[str, Any]:
    return {"suspects": run.table("suspects"), "directory": run.table("directory")}
