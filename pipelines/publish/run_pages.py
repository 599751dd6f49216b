"""Part of the step that publishes: what people read of a run; identifiers are masked here if so set."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from features.measures.catalogue import measures_of
from pipelines.cause_names import cause_names
from pipelines.explain.explanation import Explanation, keys_of
from pipelines.score import Scores
from pipelines.select.selection import Selection
from pipelines.select.worklist import FLOOR
from pipelines.settings import Settings
from reports import (
    disputed_sheet,
    dossier,
    monthly_findings,
    notice,
    overview,
    portrait,
    supervision,
    supervision_sheet,
    worklist_sheet,
    zero_fund_sheet,
)
from reports.masking import Mask
from reports.workbook import write_workbook

_IDS = ("subject_id", "mdtrt_id", "setl_id", "bkkp_sn")
_FETCHED = ("subject_id", "mdtrt_id", "psn_no", "fixmedins_code", "dr_code")


def write_pages(
    folder: Path,
    scores: Scores,
    selection: Selection,
    explanation: Explanation,
    settings: Settings,
    as_of: date,
    salt: str,
) -> None:
    """Write workbook, dossiers, notices, supervision report and overview.

    Args:
        salt: of the pseudonyms, another for every run.
    """
    pages = _Pages(
        folder, scores, selection, explanation, settings, as_of, Mask(explanation.identifiers, salt)
    )
    pages.write_supervision()
    pages.write_overview()
    pages.write_notices()
    pages.write_workbook(pages.write_dossiers())


class _Pages:
    def __init__(
        self,
        folder: Path,
        scores: Scores,
        selection: Selection,
        explanation: Explanation,
        settings: Settings,
        as_of: date,
        mask: Mask,
    ):
        self.folder, self.scores, self.explanation = folder, scores, explanation
        self.listed, self.settings, self.as_of, self.mask = selection.worklist, settings, as_of, mask
        self.language = settings.language
        self.names = explanation.names
        self.totals = monthly_findings.totals(explanation.monthly)

    def write_supervision(self) -> None:
        """The supervision report of the month."""
        monthly = self.explanation.monthly
        supervision.write_supervision(
            self.folder, monthly, self.totals, self._cause_names(), self.as_of, self.language, self.mask
        )

    def _cause_names(self) -> pd.Series:
        """Names of institutions, and in English those of rules and schemes, by id."""
        if self.language == "zh":
            return self.names
        names: pd.Series = pd.concat([self.names, pd.Series(cause_names(self.language))])
        return names

    def write_overview(self) -> None:
        """The overview: what drives the scores, where the money is."""
        driven = {}
        for subject, found in self.explanation.contributions.items():
            families = {column: entry.family for column, (entry, _days) in measures_of(subject).items()}
            if len(found.whole):
                driven[subject] = overview.drivers(found.whole, families)
        # Masked before a label is cut short, because what is left of an identifier could not be recognised.
        disputes = self.mask.columns(self.explanation.disputed, "fixmedins_code")
        text = overview.page(
            driven,
            disputes,
            self.names,
            self.listed,
            self.explanation.sample,
            self.as_of,
            self.language,
        )
        (self.folder / "overview.html").write_text(self.mask(text), encoding="utf-8")

    def write_notices(self) -> None:
        """A sheet for each institution with a dossier, which it can be shown."""
        folder, as_of, settings = self.folder / "notices", self.as_of.isoformat(), self.settings
        form = notice.Form(settings.notice_office, settings.notice_contact, settings.appeal_days)
        folder.mkdir()
        for code, findings in self.explanation.notices:
            name = self.names.get(code, "")
            file = folder / dossier.file_name("notice", self.mask.one(code), self.language)
            attached = file.with_suffix(".xlsx")
            page = notice.page(code, name, findings, as_of, form, self.language, attached.name)
            file.write_text(self.mask(page), encoding="utf-8")
            if len(findings) > notice.LINES:
                masked = self.mask.columns(findings, "mdtrt_id", "bkkp_sn")
                masked = self.mask.texts(masked, *notice.TEXTS)
                notice.write_attachment(attached, masked, as_of, self.language)

    def write_dossiers(self) -> dict[tuple[str, str], str]:
        """The dossiers; returns where each is, from the run's folder."""
        (self.folder / "dossiers").mkdir()
        written = {}
        for found in self.explanation.dossiers:
            dossier.write(self.folder / "dossiers", found, self.mask)
            shown = self.mask.one(found.subject_id)
            name = dossier.file_name(found.subject, shown, self.language)
            written[found.subject, shown] = f"dossiers/{name}"
        return written

    def write_workbook(self, dossiers: dict[tuple[str, str], str]) -> None:
        """`suspects.xlsx`, with links to the dossiers."""
        mask, explanation = self.mask, self.explanation
        listed, sample = (mask.columns(frame, "subject_id") for frame in (self.listed, explanation.sample))
        write_workbook(
            self.folder / "suspects.xlsx",
            self._shown(),
            mask.texts(mask.columns(explanation.evidence, *_IDS), "why", "why_en"),
            mask.columns(explanation.members, "member_id"),
            self.names,
            self.as_of.isoformat(),
            self.language,
            self._sheets(listed, sample, dossiers),
            dossiers=dossiers,
            figures=worklist_sheet.figures(listed, len(sample), self.settings.capacity, self.language),
            random_sample=frozenset(keys_of(sample)),
        )

    def _shown(self) -> pd.DataFrame:
        """The suspects as people see them."""
        shown = self.mask.columns(self.explanation.shown, "subject_id")
        return self.mask.texts(shown, "story_zh", "story_en")

    def _stories(self) -> dict[tuple[str, str], str]:
        """What happened, by subject as it is shown."""
        shown = self._shown()
        with_story = shown[shown[f"story_{self.language}"].notna()]
        return dict(zip(keys_of(with_story), with_story[f"story_{self.language}"], strict=True))

    def _sheets(
        self, listed: pd.DataFrame, sample: pd.DataFrame, dossiers: dict[tuple[str, str], str]
    ) -> list[tuple[Any, ...]]:
        """The sheets beside the lists: the worklist, leads without money, supervision and portraits."""
        names, language, capacity = self.names, self.language, self.settings.capacity
        monthly, graded = (
            self.mask.columns(frame, "fixmedins_code")
            for frame in (self.explanation.monthly, self.explanation.portraits)
        )
        return [
            (worklist_sheet.SHEET_NAMES, worklist_sheet.SHEET_HEADS, worklist_sheet.SHEET_WIDTHS,
             worklist_sheet.sheet_rows(
                 listed, sample, names, capacity, language, self._stories(), dossiers)),
            (disputed_sheet.SHEET_NAMES, disputed_sheet.SHEET_HEADS, disputed_sheet.SHEET_WIDTHS,
             disputed_sheet.sheet_rows(
                 self.mask.columns(self.explanation.to_fetch, *_FETCHED), names, language)),
            (zero_fund_sheet.SHEET_NAMES, zero_fund_sheet.SHEET_HEADS, zero_fund_sheet.SHEET_WIDTHS,
             zero_fund_sheet.sheet_rows(
                 self._shown(), names, FLOOR, language, dossiers,
                 set(map(self.mask.one, self.explanation.judged_visits)))),
            (supervision_sheet.SHEET_NAMES, supervision_sheet.SHEET_HEADS, supervision_sheet.SHEET_WIDTHS,
             supervision_sheet.sheet_rows(
                 self.totals, monthly, self._cause_names(), self.as_of, language)),
            (portrait.SHEET_NAMES, portrait.SHEET_HEADS, portrait.SHEET_WIDTHS,
             portrait.sheet_rows(graded, names, language)),
        ]  # fmt: skip
