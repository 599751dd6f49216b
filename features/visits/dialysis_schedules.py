"""Dialysis against the patient's own schedule (M28)."""

import ibis
from ibis import _

from features.visits.codelists import DIALYSIS
from features.visits.timestamps import calendar_days
from features.windows import YEAR

DAYS_A_WEEK = 7
# More than three sessions a week are unusual (M28, R099).
SESSIONS_A_WEEK = 3
# Sessions are added now and then where more than this share of the weeks, and so many of them, have one too
# many: an extra session for water, or after a holiday, is rarer. Own starting values.
EXTRA_SHARE, EXTRA_WEEKS = 0.1, 3


def off_schedule(base: ibis.Table, days: ibis.Table) -> ibis.Table:
    """Sessions of the last year of patients to whose schedule sessions are added now and then: mdtrt_id,
    off_schedule (1).

    Whoever needs four sessions a week has four in nearly all weeks, so a patient is held against his own
    median week at the place (three sessions at least). A session that is put off or brought forward leaves a
    short week beside a long one, and treatment begins and ends irregularly: only weeks between two whole
    ones count. What is left are weeks with an added session, as where sessions are invented.

    Args:
        base: visits (`visit_base`).
        days: lines by item and day (`item_days`).
    """
    patient = ["psn_no", "fixmedins_code"]
    sessions = days.filter(days.serv_type == DIALYSIS, days.cnt > 0).select("mdtrt_id", "day")
    lately = base.filter(base.days_ago <= YEAR).select("mdtrt_id", *patient)
    sessions = sessions.inner_join(lately, "mdtrt_id")
    weeks = sessions.group_by(*patient, week=sessions.day.truncate("W")).aggregate(n=_.day.nunique())
    usual = weeks.group_by(*patient).aggregate(usual=ibis.greatest(_.n.median(), float(SESSIONS_A_WEEK)))
    weeks = weeks.inner_join(usual, patient)
    weeks = weeks.mutate(whole=weeks.n >= weeks.usual)
    in_turn = ibis.window(group_by=patient, order_by="week")
    weeks = weeks.mutate(
        before=calendar_days(weeks.week.lag().over(in_turn), weeks.week),
        after=calendar_days(weeks.week, weeks.week.lead().over(in_turn)),
        whole_before=weeks.whole.lag().over(in_turn),
        whole_after=weeks.whole.lead().over(in_turn),
    )
    inner_weeks = weeks.filter(_.before == DAYS_A_WEEK, _.after == DAYS_A_WEEK, _.whole_before, _.whole_after)
    added = inner_weeks.group_by(*patient).aggregate(weeks=_.count(), extra=(_.n > _.usual).sum())
    added = added.filter(_.extra >= EXTRA_WEEKS, _.extra > EXTRA_SHARE * _.weeks)
    return sessions.semi_join(added, patient).select("mdtrt_id", off_schedule=1).distinct()
