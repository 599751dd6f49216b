"""The console in a real browser: from the login to the label that training will see."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from claims.duckdb_backend import connected
from claims.store import Store, scratch
from tests.conftest import ROOT, free_port, fundguard

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "a long enough passphrase"
# Without these it asks for hosts of its own.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")


@pytest.fixture(scope="module")
def store(city, tmp_path_factory) -> Path:
    """A copy of the shared city's store, for the verdict will be written into it."""
    copy = tmp_path_factory.mktemp("browser") / "store"
    shutil.copytree(city.store.path, copy, symlinks=True)
    return copy


@pytest.fixture(scope="module")
def address(store) -> Iterator[str]:
    """The console, started as an operator does."""
    port = free_port()
    command = [sys.executable, "-m", "flows", "console", "--store", str(store), "--port", str(port)]
    environment = os.environ | {"FUNDGUARD_CONSOLE_PASSWORD": PASSWORD}
    environment.pop("FUNDGUARD_CONSOLE_STORE", None)
    server = subprocess.Popen([*command, "--sample-users"], cwd=ROOT, env=environment)
    try:
        _wait(f"http://127.0.0.1:{port}/login/", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _wait(address: str, server: subprocess.Popen) -> None:
    for _n in range(600):
        assert server.poll() is None, "the console ended"
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(address)


@pytest.fixture(scope="module")
def page(address):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_context(base_url=address, viewport={"width": 820, "height": 1180}).new_page()
        opened.set_default_timeout(60_000)
        complaints: list[str] = []
        asked: list[str] = []
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("console", lambda message: complaints.append(message.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        yield opened
        browser.close()
        assert complaints == [], "the policy forbids something that a page wants"
        assert asked and all(url.startswith(address) for url in asked), "nothing comes from elsewhere"


def cases(store: Path) -> pd.DataFrame:
    held = Store(store)
    with scratch(store) as work, connected(work) as con:
        return held.tables(con)["insp_case_d"].to_pandas()


def test_a_verdict_from_the_browser_arrives_as_a_label(page, store, city):
    suspects = city.result("suspects")
    top = suspects[(suspects.subject_type == "patient") & (suspects["rank"] == 1)].iloc[0]
    page.goto("/")
    page.fill("#id_username", "supervisor")
    page.fill("#id_password", PASSWORD)
    page.click("main button")
    page.click(".kinds a:has-text('参保人')")
    assert "/lists/patient/" in page.url

    # By keys alone: to the first row, and into it. The script of the keys is loaded last.
    page.wait_for_load_state("load")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("article.dossier h1")
    assert top.subject_id not in page.content()
    page.click("button:has-text('显示编号')")
    page.wait_for_selector(f"article.dossier h1:has-text('{top.subject_id}')")
    for reason in list(top.reasons)[:3]:
        assert reason["text_zh"] in page.inner_text("article.dossier")
    assert page.locator("article.dossier svg").count() >= 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it fits a tablet"

    # One of the day's subjects has an inspection already.
    if page.locator("button:has-text('分派…')").count():
        page.click("button:has-text('分派…')")
    page.select_option("#id_to", label="supervisor")
    page.click("button:text-is('分派')")
    page.click("button:has-text('开始核实')")
    page.select_option("#id_state", "2")
    page.fill("#id_amount_found", "321.5")
    page.fill("#id_reason", "病历与签到不符")
    page.click("fieldset button:has-text('提交')")
    page.wait_for_selector("dd:has-text('查实')")
    page.click("button:has-text('English')")
    assert "confirmed" in page.inner_text("main")

    done = fundguard("cases", "sync", "--store", store)
    assert done.status == 0 and done.out.startswith("1 verdicts taken"), done.err
    row = cases(store).set_index("case_id").loc[f"2025-01-01/patient/{top.subject_id}"]
    assert (row.clue_stas, row.cfm_amt, row.memo) == ("2", 321.5, "病历与签到不符")
    again = fundguard("cases", "sync", "--store", store)
    assert again.status == 0 and again.out.startswith("0 verdicts taken")
    assert fundguard("console", "verify", "--store", store).status == 0


def test_the_list_of_users_keeps_its_words_in_one_line_on_a_tablet(page, store, address, monkeypatch):
    """Django's own list wrapped the roles letter by letter."""
    monkeypatch.setenv("FUNDGUARD_CONSOLE_PASSWORD", PASSWORD)
    made = fundguard("console", "user", "keeper", "--role", "operator", "--store", store)
    assert made.status == 0, made.err
    # Django's pages have no icon of their own, so they are opened apart from the console's.
    context = page.context.browser.new_context(base_url=address, viewport={"width": 820, "height": 1180})
    users = context.new_page()
    users.set_default_timeout(60_000)
    users.goto("/login/")
    users.fill("#id_username", "keeper")
    users.fill("#id_password", PASSWORD)
    users.click("main button")
    users.goto("/admin/console/user/")
    heights = "cells => cells.map(c => c.offsetHeight / parseFloat(getComputedStyle(c).fontSize))"
    tall = users.eval_on_selector_all("#result_list td.field-last_login", heights)
    assert len(tall) >= 4 and max(tall) < 6, "two lines at most and the padding of the cell"
    widths = "cells => cells.map(c => c.scrollWidth <= c.clientWidth && getComputedStyle(c).whiteSpace)"
    assert set(users.eval_on_selector_all("#result_list td.field-role", widths)) == {"nowrap"}
    assert users.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it fits a tablet"
    context.close()
