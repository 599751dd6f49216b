"""Hospitals, clinics and pharmacies, with what they are good at, and their doctors."""

import numpy as np
import pandas as pd

from benchmarks.blind.geography import Geography

# hosp_lv → (share of hospitals, pull, reach in km, doctors, days of a stay and price against the mean)
LEVELS = {
    "02": (0.03, 30.0, 40.0, 48, 0.85, 1.25),
    "05": (0.10, 16.0, 18.0, 22, 1.0, 1.0),
    "08": (0.40, 9.0, 10.0, 9, 1.15, 0.85),
    "11": (0.47, 5.0, 6.0, 3, 1.1, 0.8),
}
DEPARTMENTS = [
    "internal",
    "cardio",
    "respiratory",
    "surgery",
    "ortho",
    "neuro",
    "oncology",
    "gyn",
    "rehab",
    "eye",
]
SPECIALITIES = ["rehab", "ortho", "eye", "psych", "oncology", "cardio", "tcm"]
LIKED = ["xuesaitong", "bozhi", "montelukast", "shenqi", "plaster"]
FAMILY_NAMES = "安康仁济惠民同德瑞和博爱长青永安福寿华泰益民康宁百姓恒生广济明德春晖"


def _where(rng: np.random.Generator, geo: Geography, n: int, towns: float) -> np.ndarray:
    """Villages where places stand: by people, a share of them in the seats of the districts."""
    v = geo.villages
    weight = v.weight.to_numpy() * np.where(v.seat, towns / max(v.weight[v.seat].sum(), 1e-9), 0)
    weight += v.weight.to_numpy() * np.where(v.seat, 0, (1 - towns) / max(v.weight[~v.seat].sum(), 1e-9))
    return rng.choice(len(v), n, p=weight / weight.sum())


def _stand(geo: Geography, places: pd.DataFrame) -> pd.DataFrame:
    v = geo.villages.iloc[places.village]
    places["x"], places["y"] = v.x.to_numpy(), v.y.to_numpy()
    places["admdvs"] = v.district.to_numpy()
    return places


def hospitals(rng: np.random.Generator, geo: Geography, n: int) -> pd.DataFrame:
    """Hospitals and clinics: level, owner, beds or none, speciality, dialysis; from large to small."""
    counts = [
        max(2, round(n * LEVELS["02"][0])),
        max(5, round(n * LEVELS["05"][0])),
        round(n * LEVELS["08"][0]),
    ]
    level = np.repeat(list(LEVELS), [*counts, n - sum(counts)])
    place = pd.DataFrame({"hosp_lv": level, "kind": "H"})
    place["village"] = np.where(level <= "05", _where(rng, geo, n, 1.0), _where(rng, geo, n, 0.45))
    place["pull"] = np.array([LEVELS[lv][1] for lv in level]) * rng.lognormal(0, 0.45, n)
    place["reach"] = [LEVELS[lv][2] for lv in level]
    place["length"] = np.array([LEVELS[lv][4] for lv in level]) * rng.lognormal(0, 0.06, n)
    place["price"] = [LEVELS[lv][5] for lv in level]
    private = rng.random(n) < np.select([level == "02", level == "05", level == "08"], [0, 0.2, 0.5], 0.7)
    place["biznet"] = np.where(private, rng.choice(["1", "2"], n), "3")
    place["beds"] = (level <= "08") | (rng.random(n) < 0.4)
    special = (level > "02") & private & place.beds & (rng.random(n) < 0.4)
    place["spec"] = np.where(special, rng.choice(SPECIALITIES, n), "general")
    # Habits that differ from house to house, none of them guilty: generosity, love of examinations and of
    # imported materials, slips in coding, forgotten sign-ins.
    place["effort"] = rng.lognormal(0, 0.15, n)
    place["zeal"] = rng.beta(1.6, 3.0, n)
    place["dear"] = rng.beta(1.6, 3.5, n)
    place["slips"] = rng.beta(1.5, 20, n)
    place["unsigned"] = rng.beta(1.3, 14, n)
    place["dialysis"] = np.arange(n) < counts[0] + 3
    return _stand(geo, place)


def pharmacies(rng: np.random.Generator, geo: Geography, n: int, hospital: pd.DataFrame) -> pd.DataFrame:
    """Pharmacies; a fifth stand beside a hospital, two fifths belong to one of several chains."""
    place = pd.DataFrame({"kind": "P", "village": _where(rng, geo, n, 0.6)})
    beside = rng.random(n) < 0.2
    at = rng.choice(len(hospital), n, p=hospital.pull / hospital.pull.sum())
    place["village"] = np.where(beside, hospital.village.to_numpy()[at], place.village)
    place["beside"] = np.where(beside, at, -1)
    place["pull"] = rng.lognormal(0, 0.5, n) * np.where(beside, 2.0, 1.0)
    place["reach"] = 4.0
    chain = rng.integers(0, 6, n)
    place["chain"] = np.where(rng.random(n) < 0.4, chain, -1)
    place["price"] = rng.uniform(0.97, 1.06, n)
    place["scanning"] = np.clip(rng.beta(30, 1.2, n), 0.7, 1)
    # Sales that never reach the bureau's records, repeats of a code by a slip, offers at other prices.
    place["unrecorded"] = rng.beta(1.0, 40, n)
    place["repeats"] = rng.beta(1.0, 400, n)
    place["offers"] = rng.uniform(0.01, 0.12, n)
    return _stand(geo, place)


def join(rng: np.random.Generator, hospital: pd.DataFrame, pharmacy: pd.DataFrame) -> pd.DataFrame:
    """All places in one frame, hospitals first, with codes and names."""
    place = pd.concat([hospital, pharmacy], ignore_index=True)
    for flag in ("beds", "dialysis"):
        place[flag] = place[flag].eq(True)
    number = rng.permutation(90_000)[: len(place)] + 10_000
    place["code"] = [f"{k}{a}{i:05d}" for k, a, i in zip(place.kind, place.admdvs, number, strict=True)]
    chains = place.loc[place.chain >= 0].groupby("chain").code.min()
    # Approved beds against what the hospital fills; a crowded one has too few.
    place["bed_share"] = 1.0
    place["parent"] = place.chain.map(chains)
    word = ["".join(rng.choice(list(FAMILY_NAMES), 2)) for _ in range(len(place))]
    kind = np.select(
        [place.kind == "P", place.hosp_lv == "02", place.hosp_lv == "05", place.beds],
        ["大药房", "市医院", "区医院", "卫生院"],
        "诊所",
    )
    private = place.beds & place.biznet.ne("3")
    place["name"] = [f"{w}{'医院' if p else k}" for w, k, p in zip(word, kind, private, strict=True)]
    return place


def doctors(rng: np.random.Generator, place: pd.DataFrame) -> pd.DataFrame:
    """Doctors: where (`inst`), department, popularity; `other` is a second place of practice, -1 for most."""
    hospital = place[place.kind == "H"]
    size = np.array([LEVELS[lv][3] for lv in hospital.hosp_lv])
    size = np.maximum(2, np.round(size * rng.lognormal(0, 0.2, len(size)))).astype(int)
    inst = np.repeat(hospital.index.to_numpy(), size)
    n = len(inst)
    dept = np.array(DEPARTMENTS)[(np.arange(n) - np.repeat(np.cumsum(size) - size, size)) % len(DEPARTMENTS)]
    doc = pd.DataFrame({"inst": inst, "dept": dept, "popular": rng.gamma(1.5, 1, n), "other": -1})
    # Everybody has a drug he likes, most only a little.
    doc["likes"] = rng.integers(0, len(LIKED), n)
    doc["liking"] = rng.beta(0.7, 9, n)
    second = rng.random(n) < 0.03
    doc.loc[second, "other"] = rng.choice(hospital.index, second.sum())
    doc.loc[doc.other == doc.inst, "other"] = -1
    region = place.admdvs.to_numpy()[inst]
    doc["code"] = [f"D{r}{i:06d}" for r, i in zip(region, rng.permutation(n) + 100_000, strict=True)]
    return doc
