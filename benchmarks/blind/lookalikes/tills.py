"""Honest pharmacies that look like M15, M16, M18, M20 and M47."""

import numpy as np

from benchmarks.blind import calendar
from benchmarks.blind.catalogue import number, numbers
from benchmarks.blind.city import City
from benchmarks.blind.life import counter_sales
from benchmarks.blind.plan import DAY
from benchmarks.blind.schemes.tills import customers, purchases, shops
from benchmarks.blind.schemes.wards import from_villages


def market_bus(city: City) -> None:
    """M15: villagers come by bus on market day and queue at one till, never the same, never in one order."""
    rng = city.rng
    for shop in shops(city, city.few(2, 3)):
        village = np.argsort(np.abs(city.km[:, shop] - 12))[:2]
        crowd = city.pick_people(city.count(20, 34, 10), from_villages(city, village, 35, 85))
        day = city.plan.start + np.arange(int(rng.integers(0, 15)), city.plan.days - 2, 15) * DAY
        row, who = np.nonzero(rng.random((len(day), len(crowd))) < 0.35)
        start = day + (rng.normal(9.3, 0.4, len(day)) * 3600).astype("timedelta64[s]")
        time = start[row] + rng.integers(0, 2700, len(row)).astype("timedelta64[s]")
        counter_sales(city, crowd[who], np.full(len(row), shop), time)
        city.excuse("pharmacy", shop, "M15: market days")
        city.excuse("patient", crowd, "M15: market days")


def queue_by_the_hospital(city: City) -> None:
    """M15: beside the city's hospital the queue does not end all morning."""
    rng = city.rng
    for shop in shops(city, 1):
        n = max(300, purchases(city, shop))
        near = from_villages(city, np.flatnonzero(city.km[:, shop] < 20), 20, 85)
        psn = rng.choice(np.flatnonzero(near), n)
        day = city.plan.start + rng.choice(city.plan.days - 2, n, p=_weights(city)) * DAY
        time = day + (rng.normal(10.5, 0.5, n) * 3600).astype("timedelta64[s]")
        counter_sales(city, psn, np.full(n, shop), time)
        city.excuse("pharmacy", shop, "M15: queue beside the hospital")


def _weights(city: City) -> np.ndarray:
    weight = calendar.day_weights(city.plan, "clinic")[: city.plan.days - 2]
    return weight / weight.sum()


def set_price(city: City) -> None:
    """M16: a set for 145 yuan on offer, just under the limit, and really sold."""
    rng = city.rng
    offer = shops(city, 1)[0]
    n = max(10, purchases(city, offer) // 4)
    price = 145 / 2 / 64
    city.add(
        "buys",
        basket=city.new_baskets(n),
        psn=customers(city, offer, n),
        inst=int(offer),
        item=number("bozhi"),
        cnt=2.0,
        time=calendar.moments(rng, city.plan, n, "shop"),
        factor=price / city.places.price.iloc[offer],
    )
    city.excuse("pharmacy", offer, "M16: a set at one price")


def broken_scanner(city: City) -> None:
    """M16: sold without codes for six weeks, while the scanner was away."""
    rng, broken = city.rng, shops(city, 1)[0]
    since = city.plan.start + rng.integers(20, city.plan.days - 60) * DAY
    city.buys.loc[city.buys.inst.eq(broken) & city.buys.time.between(since, since + 42 * DAY), "scan"] = 0
    city.excuse("pharmacy", broken, "M16: scanner broken")


def tonic_shop(city: City) -> None:
    """M18: lives on one tonic, at one price, every pack scanned."""
    rng = city.rng
    for shop in shops(city, 1):
        n = max(12, purchases(city, shop))
        city.add(
            "buys",
            basket=city.new_baskets(n),
            psn=customers(city, shop, n),
            inst=int(shop),
            item=number("ejiao"),
            time=calendar.moments(rng, city.plan, n, "shop"),
            cnt=rng.integers(1, 3, n).astype(float),
            scan=2,
        )
        city.excuse("pharmacy", shop, "M18: shop of one tonic")


def split_packs(city: City) -> None:
    """M20: opens packs and sells strips, each time under the pack's code, marked as split."""
    rng = city.rng
    for shop in shops(city, city.few(1, 2)):
        own = np.flatnonzero((city.buys.inst == shop) & (city.buys.trace < 0))
        strips = own[rng.random(len(own)) < 0.25]
        key = (
            city.buys["item"].to_numpy()[strips] * 1000
            + city.buys.iloc[strips].groupby("item").cumcount().to_numpy() // 4
        )
        _names, pack = np.unique(key, return_inverse=True)
        city.buys.loc[strips, "trace"] = city.new_traces(int(pack.max()) + 1 if len(pack) else 0)[pack]
        city.buys.loc[strips, "split"] = True
        city.buys.loc[strips, "cnt"] = 1.0
        city.excuse("pharmacy", shop, "M20: split packs")


def influenza(city: City) -> None:
    """M47: influenza fills a pharmacy beside a school in December with people who were never there before."""
    rng = city.rng
    for shop in shops(city, city.few(1, 2)):
        n = max(30, purchases(city, shop) // 2)
        psn = rng.choice(np.flatnonzero(from_villages(city, np.flatnonzero(city.km[:, shop] < 20), 3, 60)), n)
        day = np.datetime64("2025-12-04", "s") + rng.integers(0, 26, n) * DAY
        city.add(
            "buys",
            basket=city.new_baskets(n),
            psn=psn,
            inst=int(shop),
            time=calendar.on_day(rng, day, "shop"),
            pooled=True,
            item=rng.choice(numbers(["oseltamivir", "lianhua", "cough"]), n),
            lead=2000.0,
            doctor=city.people.doc.to_numpy()[psn],
        )
        city.excuse("pharmacy", shop, "M47: influenza in December")


ALL = (market_bus, queue_by_the_hospital, set_price, broken_scanner, tonic_shop, split_packs, influenza)
