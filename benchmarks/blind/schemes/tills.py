"""Schemes at a pharmacy's till and on its shelves."""

import numpy as np
import pandas as pd

from benchmarks.blind import calendar
from benchmarks.blind.catalogue import RESALE, items, number, numbers
from benchmarks.blind.city import FIRST_TRACE, City
from benchmarks.blind.life import fill
from benchmarks.blind.plan import DAY
from benchmarks.blind.schemes.drugs import trade
from benchmarks.blind.schemes.wards import from_villages

# What one purchase may take from the pooled fund's limit in this city.
LIMIT = 150.0


def shops(city: City, n: int) -> np.ndarray:
    """Pharmacies with some trade that are nobody's yet."""
    many = trade(city)
    pharmacy = (city.places.kind == "P").to_numpy()
    return city.pick_places(n, pharmacy & (many >= np.quantile(many[pharmacy], 0.3)))


def customers(city: City, shop: int, n: int) -> np.ndarray:
    """n people drawn from the pharmacy's own customers."""
    return city.rng.choice(city.buys.psn[city.buys.inst == shop].to_numpy(), n)


def purchases(city: City, shop: int) -> int:
    """How many purchases a pharmacy has so far."""
    return int(city.buys.basket[city.buys.inst == shop].nunique())


def card_drawers(city: City) -> None:
    """M15: a drawer full of cards is worked through of an evening, in the order in which they lie."""
    rng, hard = city.rng, city.plan.hard
    for shop in shops(city, city.few(1, 3)):
        cards = city.pick_people(
            city.count(9, 16, 8) if hard else city.count(14, 32, 8),
            from_villages(city, np.flatnonzero(city.km[:, shop] < 25), 25, 85),
        )
        evenings = int(rng.integers(8, 13) if hard else rng.integers(12, 26))
        day = city.plan.start + rng.choice(city.plan.days - 2, evenings, replace=False) * DAY
        size = rng.integers(5, 8, evenings) if hard else rng.integers(8, 15, evenings)
        start = (
            calendar.on_day(rng, day, "shop")
            if hard
            else day + (rng.uniform(20, 21.3, evenings) * 3600).astype("timedelta64[s]")
        )
        row = np.repeat(np.arange(evenings), size)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
        first = rng.integers(0, len(cards), evenings)
        gap = rng.integers(45, 150, len(row)) if hard else rng.integers(16, 50, len(row))
        wait = pd.Series(gap).groupby(row).cumsum().to_numpy().astype("timedelta64[s]")
        item = rng.choice(numbers(["ejiao", "shenqi", "bozhi", "calcium"]), len(row))
        city.add(
            "buys",
            basket=city.new_baskets(len(row)),
            psn=cards[(first[row] + nth) % len(cards)],
            inst=int(shop),
            time=start[row] + wait,
            item=item,
            cnt=rng.integers(1, 4, len(row)).astype(float),
            cert="03",
            free=True,
            scan=rng.choice([0, 1], len(row)),
        )
        city.blame("pharmacy", shop, "M15")
        swiped = np.unique((first[row] + nth) % len(cards))
        city.blame("patient", cards[swiped], "M15")


def empty_swipes(city: City) -> None:
    """M16: purchases just under the limit that no shelf ever lost."""
    rng = city.rng
    for shop in shops(city, city.few(2, 3)):
        n = max(12, round(purchases(city, shop) * city.dose((0.5, 1.0), (0.14, 0.25))))
        psn = customers(city, shop, n)
        item = rng.choice(numbers(["atorvastatin", "clopidogrel", "bozhi", "shenqi", "dapagliflozin"]), n)
        amount = LIMIT * (rng.uniform(0.955, 1.0, n) if not city.plan.hard else rng.uniform(0.8, 1.0, n))
        price = items().price.to_numpy()[item]
        cnt = np.maximum(1, np.round(amount / price))
        city.add(
            "buys",
            basket=city.new_baskets(n),
            psn=psn,
            inst=int(shop),
            time=calendar.moments(rng, city.plan, n, "shop"),
            item=item,
            cnt=cnt,
            factor=amount / (cnt * price) / city.places.price.iloc[shop],
            pooled=True,
            free=True,
            lead=rng.exponential(5000, n) + 300,
            doctor=city.people.doc.to_numpy()[psn],
            recorded=rng.random(n) > city.dose((0.8, 1.0), (0.4, 0.6)),
            scan=0,
        )
        city.blame("pharmacy", shop, "M16")


def goods_as_drugs(city: City) -> None:
    """M18: rice, oil and soap under the code of one tonic, at the price of whatever was in the basket."""
    rng = city.rng
    for shop in shops(city, city.few(1, 3)):
        n = max(12, round(purchases(city, shop) * city.dose((0.5, 1.0), (0.15, 0.25))))
        city.add(
            "buys",
            basket=city.new_baskets(n),
            psn=customers(city, shop, n),
            inst=int(shop),
            time=calendar.moments(rng, city.plan, n, "shop"),
            item=number(rng.choice(["calcium", "liuwei", "danshen"])),
            factor=rng.lognormal(0.6, 0.7, n),
            scan=(rng.random(n) > city.dose((0.7, 0.95), (0.4, 0.6))).astype(int),
        )
        city.blame("pharmacy", shop, "M18")


def reused_codes(city: City) -> None:
    """M20: packs that were sold before: the pharmacy's own codes again, or a dealer's packs months later."""
    rng, hard = city.rng, city.plan.hard
    hoarded = city.buys[city.buys.trace >= FIRST_TRACE]
    for shop in shops(city, city.few(2, 4)):
        own = np.flatnonzero((city.buys.inst == shop) & (city.buys.trace < 0))
        again = own[rng.random(len(own)) < city.dose((0.12, 0.3), (0.04, 0.07))]
        if len(again):
            groups = city.buys.iloc[again].groupby("item").cumcount() // rng.integers(2, 3 if hard else 6)
            key = pd.factorize(pd.MultiIndex.from_arrays([city.buys["item"].to_numpy()[again], groups]))[0]
            city.buys.loc[again, "trace"] = city.new_traces(int(key.max()) + 1)[key]
            city.buys.loc[again, "cnt"] = 1.0
        back = hoarded.sample(
            min(len(hoarded), max(4, int(len(own) * city.dose((0.04, 0.1), (0.01, 0.02))))), random_state=rng
        )
        later = back.time.to_numpy() + rng.integers(50, 150, len(back)) * DAY
        psn = customers(city, shop, len(back))
        city.add(
            "buys",
            basket=city.new_baskets(len(back)),
            psn=psn,
            inst=int(shop),
            time=calendar.on_day(rng, later, "shop"),
            item=back["item"].to_numpy(),
            trace=back.trace.to_numpy(),
            pooled=True,
            lead=4000.0,
            doctor=city.people.doc.to_numpy()[psn],
        )
        city.blame("pharmacy", shop, "M20")


def year_end_rush(city: City) -> None:
    """M47: before the limits lapse in December, members are filled up with drugs for chronic diseases."""
    rng = city.rng
    for shop in shops(city, city.few(1, 2)):
        ill = np.intersect1d(city.buys.psn[city.buys.inst == shop], city.drugs.psn)
        n = max(15, round(purchases(city, shop) * city.dose((0.25, 0.5), (0.12, 0.18))))
        psn = rng.choice(ill, n) if len(ill) else customers(city, shop, n)
        day = np.datetime64("2025-12-06", "s") + rng.integers(0, 25, n) * DAY
        trip = pd.DataFrame(
            {
                "basket": city.new_baskets(n),
                "psn": psn,
                "inst": int(shop),
                "time": calendar.on_day(rng, day, "shop"),
                "gap": rng.uniform(40, 80, n),
                "lead": rng.exponential(4000, n) + 100,
            }
        )
        fill(city, trip, city.drugs)
        dear = rng.random(n) < 0.5
        city.add(
            "buys",
            basket=trip.basket.to_numpy()[dear],
            psn=psn[dear],
            inst=int(shop),
            time=trip.time.to_numpy()[dear],
            item=rng.choice(numbers(RESALE), int(dear.sum())),
            cnt=2.0,
            lead=trip.lead.to_numpy()[dear],
            pooled=True,
            doctor=city.people.doc.to_numpy()[psn[dear]],
        )
        city.blame("pharmacy", shop, "M47")
