"""Delivery of a run's alarms: a log line, and a message to the address that the operator chose (webhook)."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from pipelines.monitoring_file import Monitoring
from pipelines.settings import Settings
from pipelines.step_log import LOGGER, Digest, line
from reports.languages import text_in
from reports.night_status import alarm_texts

# Seconds that the receiver has to answer.
TIMEOUT_SECONDS = 10


def raise_alarms(seen: Monitoring, settings: Settings) -> list[str]:
    """Log and post what is off; returns it in words (English, as everything in a terminal)."""
    for code in seen.alarms:
        LOGGER.getChild("monitor").warning(line("monitor", "alarm", code=Digest(code)))
    texts = alarm_texts(seen.alarms, settings.language)
    if texts:
        post(settings, date.fromisoformat(seen.as_of), texts)
    return alarm_texts(seen.alarms, "en")


@contextmanager
def failure_posted(settings: Settings, as_of: date) -> Iterator[None]:
    """Post that a night failed, by the type of its error alone."""
    try:
        yield
    except Exception as error:
        text = ("运行失败（{}）", "the night failed ({})")
        post(settings, as_of, [text_in(settings.language, text).format(type(error).__name__)])
        raise


def post(settings: Settings, as_of: date, texts: list[str]) -> None:
    """Post texts to the webhook, if one is set; whether it answers changes nothing but the log."""
    if not settings.webhook:
        return
    body = json.dumps({"as_of": as_of.isoformat(), "alarms": texts}, ensure_ascii=False).encode()
    try:
        request = urllib.request.Request(settings.webhook, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            pass
    except (OSError, ValueError) as error:
        failed = line("monitor", "webhook failed", type=Digest(type(error).__name__))
        LOGGER.getChild("monitor").error(failed)
