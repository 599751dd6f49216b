"""What a visit without a bed contains: a consultation, a check-up, a purchase, a refill, a dialysis session.

Means aimed at (yuan, magnitudes 6): outpatient 244, pharmacy 102.
"""

import numpy as np
import pandas as pd
from numpy.random import Generator

from claims.synthetic import diagnoses
from claims.synthetic.clock import HOUR, MINUTE
from claims.synthetic.drafts import Drafts, ragged
from claims.synthetic.lines import poisson_lines, price_lines, with_lines
from claims.synthetic.timeline import is_purchase
from claims.synthetic.world import City


def outpatient(city: City, rng: Generator, visits: pd.DataFrame, weight: np.ndarray | float = 1.0) -> Drafts:
    """A visit to a doctor: fee, perhaps tests, drugs, treatment. `weight` scales how much is done."""
    size = len(visits)
    begin = visits.begin.to_numpy()
    end = begin + rng.integers(15 * MINUTE, 150 * MINUTE, size)
    caty = city.caty(visits.doctor.to_numpy())
    kinds = ("ill", "light", "symptom")
    drawn = diagnoses.by_department(rng, caty, kinds)
    diagnosis = np.where(visits.diagnosis >= 0, visits.diagnosis, drawn)
    visits = visits.assign(end=end, settle=end, diagnosis=diagnosis, department=pd.Categorical(caty))
    much = (
        weight
        * rng.lognormal(-0.1, 0.45, size)
        * np.array([0, 0.75, 1.0, 1.3])[city.grade(visits.place.to_numpy())]
    )
    clinic = (city.places.table.kind != "hospital").to_numpy()[visits.place]

    def during(row: np.ndarray) -> np.ndarray:
        return np.asarray(begin[row] + (rng.random(len(row)) * (end - begin)[row]).astype(int))

    def packs(row: np.ndarray) -> np.ndarray:
        return np.asarray(1 + rng.poisson(0.5 * np.minimum(np.broadcast_to(much, size)[row], 2)))

    fee = price_lines(city, visits, np.arange(size), np.full(size, city.catalogue.one("register")), begin)
    return with_lines(
        visits,
        [
            fee,
            poisson_lines(city, rng, visits, np.where(clinic, 0.3, 2.6) * much, ("lab",), during),
            poisson_lines(city, rng, visits, np.where(clinic, 0.05, 0.5) * much, ("exam",), during),
            poisson_lines(city, rng, visits, np.where(clinic, 0.0, 0.10) * much, ("scan",), during),
            poisson_lines(city, rng, visits, np.where(clinic, 0.8, 0.45) * much, ("treatment",), during),
            poisson_lines(
                city, rng, visits, 1.9 * much**0.5, ("shelf_drug", "shelf_patent", "herb"), during, packs
            ),
        ],
    )


def checkup(city: City, rng: Generator, visits: pd.DataFrame, labs: int, exams: int) -> Drafts:
    """An outpatient morning of tests, the same for everybody who comes."""
    size, begin = len(visits), visits.begin.to_numpy()
    end = begin + rng.integers(HOUR, 3 * HOUR, size)
    visits = visits.assign(
        end=end, settle=end, department=pd.Categorical(city.caty(visits.doctor.to_numpy()))
    )
    tests = city.catalogue.of("lab")
    tests = rng.choice(tests[~city.catalogue.limits.any[tests]], labs, replace=False)
    images = rng.choice(city.catalogue.of("exam"), exams, replace=False)
    package = np.r_[city.catalogue.one("register"), tests, images]
    row = np.repeat(np.arange(size), len(package))
    time = begin[row] + rng.integers(0, HOUR, len(row))
    return Drafts(visits, price_lines(city, visits, row, np.tile(package, size), time))


def purchase(city: City, rng: Generator, visits: pd.DataFrame, mean_items: float = 1.75) -> Drafts:
    """A purchase over the counter: a few boxes of one to four drugs."""
    visits = _at_the_till(rng, visits)
    begin = visits.begin.to_numpy()

    def packs(row: np.ndarray) -> np.ndarray:
        return rng.choice([1, 2, 3, 5], len(row), p=[0.66, 0.22, 0.08, 0.04])

    pool = city.catalogue.of("shelf_drug", "shelf_patent")
    first = np.arange(len(visits))
    one = price_lines(city, visits, first, rng.choice(pool, len(first)), begin, packs(first))
    more = poisson_lines(
        city, rng, visits, mean_items - 1, ("shelf_patent", "shelf_drug"), lambda row: begin[row], packs
    )
    return _without_repeats(with_lines(visits, [one, more]))


def refill(
    city: City,
    rng: Generator,
    visits: pd.DataFrame,
    days: np.ndarray | int,
    disease: np.ndarray | None = None,
    dear: np.ndarray | float = 0.0,
    extra: float = 1.0,
) -> Drafts:
    """Drugs for a registered chronic disease, enough for `days`; at a doctor (med_type 14) or a pharmacy.

    `dear` is the chance that the disease's dear drug is among them, `extra` multiplies the boxes.
    """
    person = visits.person.to_numpy()
    if disease is None:
        disease = city.people.chronic.to_numpy()[person]
    shop = is_purchase(visits.med)
    visits = _at_the_till(rng, visits)
    visits["end"] = visits.begin + np.where(
        shop, visits.end - visits.begin, rng.integers(20 * MINUTE, 2 * HOUR, len(visits))
    )
    visits["settle"] = visits.end
    visits["group"] = diagnoses.chronic_group(disease)
    visits["diagnosis"] = np.where(shop, -1, diagnoses.CHRONIC_DIAGNOSIS[disease])
    visits["department"] = pd.Categorical(np.where(shop, "", city.caty(visits.doctor.to_numpy())))
    row, place = ragged(1 + person % 3)
    listed = city.catalogue.disease_drugs
    # Everybody has his own regimen, one to three of the first six drugs, and keeps to it.
    item = listed[disease[row], (person[row] // 3 + place * (1 + person[row] % 2)) % (listed.shape[1] - 1)]
    with_dear = np.flatnonzero(rng.random(len(visits)) < dear)
    row, item = np.r_[row, with_dear], np.r_[item, listed[disease[with_dear], -1]]
    supply = city.catalogue.items.days_per_unit.to_numpy()[item]
    count = np.maximum(1, np.round(np.broadcast_to(days, len(visits))[row] / supply * extra))
    drugs = price_lines(city, visits, row, item, visits.settle.to_numpy()[row], count)
    fee_at = np.flatnonzero(~shop)
    fee = price_lines(
        city,
        visits,
        fee_at,
        np.full(len(fee_at), city.catalogue.one("register")),
        visits.begin.to_numpy()[fee_at],
    )
    tests = poisson_lines(
        city, rng, visits, np.where(shop, 0.0, 1.6), ("lab", "exam"), lambda row: visits.begin.to_numpy()[row]
    )
    return _without_repeats(with_lines(visits, [fee, drugs, tests]))


def _at_the_till(rng: Generator, visits: pd.DataFrame) -> pd.DataFrame:
    end = visits.begin + rng.integers(20, 240, len(visits))
    return visits.assign(end=end, settle=end)


def _without_repeats(draft: Drafts) -> Drafts:
    lines = draft.lines.drop_duplicates(["visit", "item"], ignore_index=True)
    return Drafts(draft.visits, lines)


def session(city: City, rng: Generator, visits: pd.DataFrame, dialysers: np.ndarray | int = 1) -> Drafts:
    """A dialysis session of about four hours (med_type 14), with its dialyser and now and then a lab test."""
    size = len(visits)
    end = visits.begin + rng.integers(225 * MINUTE, 260 * MINUTE, size)
    renal = diagnoses.of_kind("dialysis")[0]
    visits = visits.assign(
        end=end,
        settle=end + rng.integers(0, 40 * MINUTE, size),
        diagnosis=renal,
        group=diagnoses.DIALYSIS_GROUP,
        department="03",
    )
    visits["department"] = visits.department.astype("category")
    every, begin = np.arange(size), visits.begin.to_numpy()
    used = np.broadcast_to(dialysers, size)
    filters = np.flatnonzero(used > 0)
    kind, dialyser = city.catalogue.one("dialysis"), city.catalogue.one("dialyser")
    return with_lines(
        visits,
        [
            price_lines(city, visits, every, np.full(size, kind), begin),
            price_lines(
                city, visits, filters, np.full(len(filters), dialyser), begin[filters], used[filters]
            ),
            poisson_lines(city, rng, visits, 0.25, ("lab",), lambda row: begin[row]),
        ],
    )
