"""What a night sees of itself: each fault planted is named, and an ordinary night names nothing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pandas as pd
import pytest

from claims.store import Report
from models.population_stability import profiles
from pipelines.alerts import failure_posted, raise_alarms
from pipelines.monitor import _drift, alarms, outcomes, quarantine, volume
from pipelines.monitoring_file import Monitoring, monitored, write_monitoring
from pipelines.settings import Settings
from reports.night_status import alarm_texts, page, status_lines
from tests.tiny import World

AS_OF = date(2024, 6, 1)  # the day before is a Friday
FINE = Monitoring(
    AS_OF.isoformat(),
    {"day": "2024-05-31", "visits": 100, "usual": 100.0},
    {"rows": 1000, "quarantined": 10, "share": 0.01, "usual": 0.01},
    {"decided": 8, "confirmed": 5, "days_since": 3},
    {"patient": {"version": "fundguard-patient/3", "trained": "2024-05-25", "days": 7}},
    {},
)


def found(nights_since: int = 0, **off) -> dict:
    return alarms(replace(FINE, **off), Settings(), nights_since)


def visits(count: int, usual: float | None) -> dict:
    return {"day": "2024-05-31", "visits": count, "usual": usual}


def rows(bad: int, usual: float | None, of: int = 1000) -> dict:
    return {"rows": of, "quarantined": bad, "share": bad / of, "usual": usual}


def test_an_ordinary_night_names_nothing():
    assert found() == {} and alarm_texts(found(), "zh") == []


@pytest.mark.parametrize(
    "count, usual, code",
    [
        (0, 100, "no_data"), (50, 100, "low_volume"), (51, 100, None),
        (199, 100, None), (200, 100, "high_volume"),
        # Few visits a day: a Poisson count of nine may be none, one of ten hardly.
        (0, 9, None), (0, 10, "no_data"), (4, 9, None), (0, 0, None), (0, None, None), (500, None, None),
    ],
)  # fmt: skip
def test_volume_against_the_usual(count, usual, code):
    assert list(found(volume=visits(count, usual))) == ([code] if code else [])


@pytest.mark.parametrize(
    "bad, usual, of, off",
    [
        (40, 0.01, 1000, True), (30, 0.01, 1000, False), (31, 0.01, 1000, True), (3, 0.01, 50, False),
        (50, None, 1000, False), (51, None, 1000, True), (0, None, 0, False), (0, 0.5, 1000, False),
    ],
)  # fmt: skip
def test_a_jump_in_quarantine(bad, usual, of, off):
    given = {"rows": 0, "quarantined": 0, "share": 0.0, "usual": None} if not of else rows(bad, usual, of)
    assert ("quarantine" in found(quarantine=given)) is off


@pytest.mark.parametrize(
    "since, nights, off",
    [(90, 0, False), (91, 0, True), (None, 90, False), (None, 91, True), (3, 400, False)],
)
def test_no_outcome_fed_back_for_long(since, nights, off):
    given = {"decided": 0, "confirmed": 0, "days_since": since}
    assert ("no_outcomes" in found(nights, outcomes=given)) is off


@pytest.mark.parametrize("days, off", [(90, False), (91, True)])
def test_a_model_too_old(days, off):
    given = {"patient": {"version": "p/1", "trained": "2024-01-01", "days": days}, "visit": {"days": 1}}
    assert found(models=given).get("old_model", {}).get("kinds") == (["patient"] if off else None)


# Drift between nights of one champion


def night(version: str = "fundguard-patient/3") -> Monitoring:
    """The first night of a champion."""
    rng = np.random.default_rng(0)
    table = {f"m{n}": rng.normal(0, 1, 2_000) for n in range(5)}
    found = profiles(pd.DataFrame(table | {"score": rng.uniform(0, 1, 2_000)}))
    seen = {column: {"edges": one.edges, "counts": one.counts} for column, one in found.items()}
    return replace(FINE, models={"patient": {"version": version, "days": 7}}, profiles={"patient": seen})


def on_bins_of(first: Monitoring, shift: float, moved: int = 5) -> Monitoring:
    """A later night whose profiles are on the bins of the first."""
    from models.population_stability import Profile

    bins = {column: Profile(**one) for column, one in first.profiles["patient"].items()}
    rng = np.random.default_rng(77)
    table = {f"m{n}": rng.normal(shift if n < moved else 0, 1, 2_000) for n in range(5)}
    made = profiles(pd.DataFrame(table | {"score": rng.uniform(0, 1, 2_000)}), bins)
    seen = {column: {"edges": one.edges, "counts": one.counts} for column, one in made.items()}
    return replace(first, profiles={"patient": seen})


@pytest.mark.parametrize(
    "shift, moved, off", [(0.0, 5, False), (1.0, 5, True), (1.0, 2, True), (1.0, 1, False)]
)
def test_drift_is_named_when_more_than_a_fifth_of_the_measures_moved(shift, moved, off):
    first = night()
    later = on_bins_of(first, shift, moved)
    drift = _drift(later, [first])
    assert drift["patient"]["drifted"] == (moved if shift else 0) and drift["patient"]["measures"] == 5
    assert ("drift" in alarms(replace(later, drift=drift), Settings(), 0)) is off


def test_a_new_champion_begins_anew():
    first = night("fundguard-patient/2")
    assert _drift(on_bins_of(night(), 1.0), [first]) == {}


# Where the figures come from


def test_the_usual_is_the_median_of_the_same_weekday(claims_of):
    world = World()
    world.person("anna")
    world.hospital("H1")
    friday = AS_OF - timedelta(days=1)
    for week, count in enumerate([7, 2, 3, 2, 3, 2, 3, 2, 3]):
        for hour in range(count):
            world.visit("anna", "H1", f"{friday - timedelta(days=7 * week)} {8 + hour:02}:00")
    world.visit("anna", "H1", f"{friday - timedelta(days=1)} 09:00")
    claims = claims_of(world, AS_OF)
    assert volume(claims, AS_OF) == {"day": "2024-05-31", "visits": 7, "usual": 2.5}
    assert volume(claims, AS_OF - timedelta(days=1))["visits"] == 1
    assert outcomes(claims, AS_OF) == {"decided": 0, "confirmed": 0, "days_since": None}


def test_three_weeks_of_history_judge_nothing(claims_of):
    world = World()
    world.person("anna")
    world.hospital("H1")
    for week in range(4):
        world.visit("anna", "H1", f"{AS_OF - timedelta(days=1 + 7 * week)} 09:00")
    assert volume(claims_of(world, AS_OF), AS_OF) == {"day": "2024-05-31", "visits": 1, "usual": None}


def test_outcomes_of_late_and_days_since_the_last(claims_of):
    world = World()
    world.person("anna")
    for number, (closed, status) in enumerate(
        [("2024-02-01", "2"), ("2024-05-01", "2"), ("2024-05-20", "3")]
    ):
        world.add(
            "insp_case_d", case_id=f"c{number}", subject_type="patient", subject_id=f"p{number}",
            clue_stas=status, close_date=closed,
        )  # fmt: skip
    assert outcomes(claims_of(world, AS_OF), AS_OF) == {"decided": 2, "confirmed": 1, "days_since": 12}


def test_the_usual_quarantine_is_the_median_of_the_loads_before():
    def load(bad: int) -> Report:
        return Report({"setl_d": {"in": 200, "quarantined": bad}}, {}, {})

    assert quarantine(load(20), [load(2), load(4), load(40)]) == rows(20, 0.02, 200)
    assert quarantine(load(20), []) == rows(20, None, 200)


# What is said


@pytest.fixture
def off() -> Monitoring:
    """A night in which everything is off."""
    drift = {"patient": {"score": 0.4, "score_drifted": True, "measures": 5, "drifted": 2, "worst": []}}
    seen = replace(
        FINE, volume=visits(0, 100), quarantine=rows(400, 0.01), drift=drift,
        outcomes={"decided": 0, "confirmed": 0, "days_since": 120},
        models={"patient": {"version": "p/1", "trained": "2024-01-01", "days": 152}},
    )  # fmt: skip
    return replace(seen, alarms=alarms(seen, Settings(), 0))


def test_every_alarm_has_words_in_both_languages(off):
    assert list(off.alarms) == ["no_data", "quarantine", "drift", "no_outcomes", "old_model"]
    for language in ("zh", "en"):
        texts = alarm_texts(off.alarms, language)
        assert len(texts) == 5 and all("{" not in text for text in texts)
        for volume_off in ("low_volume", "high_volume"):
            assert "40" in alarm_texts({volume_off: visits(40, 100)}, language)[0]
    assert "no visit was settled on 2024-05-31 (usually 100 on this weekday)" in alarm_texts(off.alarms, "en")
    assert "检查结果已120天未回填（上限90天）" in alarm_texts(off.alarms, "zh")


def test_page_and_terminal_show_the_nights_latest_first(tmp_path, off):
    for name, seen in (("2024-05-31", FINE), ("2024-06-01", off)):
        (tmp_path / name).mkdir()
        write_monitoring(tmp_path / name, replace(seen, as_of=name))
    (tmp_path / "2024-05-30").mkdir()  # a run of an earlier build
    nights = monitored(sorted(tmp_path.iterdir()))
    assert [night.as_of for night in nights] == ["2024-05-31", "2024-06-01"]
    lines = status_lines(nights)
    assert lines[0].startswith("2024-06-01: 0 visits on 2024-05-31 (usually 100), 40.0% of rows quarantined")
    assert len(lines) == 7 and sum(line.startswith("  ! ") for line in lines) == 5
    assert "5 of 8 decided cases confirmed, models 7 days old" in lines[6]
    for language in ("zh", "en"):
        text = page(nights, language)
        assert all(alarm in text for alarm in alarm_texts(off.alarms, language))
        assert text.index("2024-06-01</td>") < text.index("2024-05-31</td>")
    assert "一切正常" in page(nights[:1], "zh")


@contextmanager
def receiver(status: int) -> Iterator[tuple[str, list[dict]]]:
    """A server that takes what is posted to it."""
    received: list[dict] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/alarm", received
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("status", [200, 500])
def test_alarms_are_posted_to_the_webhook_and_its_failure_stops_nothing(off, status):
    with receiver(status) as (address, received):
        texts = raise_alarms(off, Settings(webhook=address))
        raise_alarms(FINE, Settings(webhook=address))
    assert received == [{"as_of": "2024-06-01", "alarms": alarm_texts(off.alarms, "zh")}]
    assert texts == alarm_texts(off.alarms, "en")
    assert len(raise_alarms(off, Settings(webhook="nonsense"))) == 5


def test_a_night_that_fails_is_posted_by_the_type_of_its_error():
    with (
        receiver(200) as (address, received),
        pytest.raises(KeyError),
        failure_posted(Settings(webhook=address), AS_OF),
    ):
        raise KeyError("4208000001")
    assert received == [{"as_of": "2024-06-01", "alarms": ["运行失败（KeyError）"]}]


def test_a_line_of_the_log_names_each_alarm(off, tmp_path: Path):
    from pipelines.step_log import configure_logging

    configure_logging(None, tmp_path / "log")
    raise_alarms(off, Settings())
    configure_logging()
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line.rsplit(" ", 1)[1] for line in lines] == [f"code={code}" for code in off.alarms]
    assert all(" WARNING fundguard.monitor step=monitor event=alarm " in line for line in lines)
