"""The item catalogue `hilist_b`: about 300 drugs, services and consumables with their limits.

Codes have the shapes of the national item codes, services carry their real ones; names are plain, prices are
list prices in yuan of the kind a prefecture pays.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.random import Generator

# Chronic diseases of the special outpatient scheme: registration code, diagnosis, name, share.
CHRONIC = pd.DataFrame(
    [
        ("M03900", "I10.x00", "高血压", 0.38),
        ("M01600", "E11.900", "糖尿病", 0.27),
        ("M04600", "I25.101", "冠心病", 0.14),
        ("M04801", "I69.300", "脑卒中后遗症", 0.08),
        ("M05300", "J44.900", "慢阻肺", 0.06),
        ("M01701", "B18.103", "慢性乙肝", 0.04),
        ("M06900", "M06.900", "类风湿关节炎", 0.03),
    ],
    columns=["code", "icd", "disease", "share"],
)
DRUGS_PER_DISEASE = 7  # the last one of each disease is dear: easily resold (scheme M05, M19)

# (use, name, charge type of national data dictionary, list type, how many, prices from-to).
FAMILIES = (
    ("lab", "检验项目", "04", "201", 48, 8, 110),
    ("exam", "检查项目", "03", "201", 20, 18, 160),
    ("treatment", "治疗项目", "05", "201", 28, 8, 90),
    ("surgery", "手术项目", "06", "201", 14, 900, 4800),
    ("consumable", "一次性耗材", "08", "301", 14, 4, 90),
    ("implant", "植入耗材", "08", "301", 10, 700, 5600),
    ("shelf_drug", "西药", "09", "101", 34, 8, 52),
    ("shelf_patent", "中成药", "11", "102", 30, 10, 72),
    ("ward_drug", "注射用药", "09", "101", 26, 12, 190),
    ("chemo_drug", "抗肿瘤药", "09", "101", 8, 280, 980),
    ("herb", "中药饮片", "10", "103", 10, 8, 40),
)

# (code, name, use, charge type, price, most a day, exclusive group, service type)
NAMED = (
    ("001102000010000", "普通门诊诊查费", "register", "02", 12, 1, None, None),
    ("001102000050000", "住院诊查费(日)", "round", "02", 22, 1, None, None),
    ("001109000010000", "普通病房床位费(日)", "bed", "01", 38, 1, "BED", None),
    ("001109000030000", "监护病房床位费(日)", "icu_bed", "01", 110, 1, "BED", None),
    ("001201000030000", "Ⅰ级护理(日)", "nursing_1", "07", 32, 1, "NURSE", None),
    ("001201000040000", "Ⅱ级护理(日)", "nursing_2", "07", 20, 1, "NURSE", None),
    ("001201000050000", "Ⅲ级护理(日)", "nursing_3", "07", 12, 1, "NURSE", None),
    ("001201000130000", "动静脉置管护理", "treatment", "07", 18, 2, None, None),
    ("003106030010000", "呼吸机辅助呼吸(小时)", "hourly", "05", 14, 24, None, None),
    ("003107010220000", "心电监测(小时)", "hourly", "05", 4, 24, None, None),
    ("003107010280000", "血氧饱和度监测(小时)", "hourly", "05", 3, 24, None, None),
    ("003110000060000", "血液透析", "dialysis", "05", 390, 1, "DIALYSIS", "1"),
    ("003110000100000", "血液灌流", "perfusion", "05", 460, 1, "DIALYSIS", "1"),
    ("003110000110000", "连续性血液净化(小时)", "crrt", "05", 75, 24, "DIALYSIS", "1"),
    ("002503020030000", "糖化血红蛋白测定", "lab", "04", 60, 1, None, None),
    ("003402000240000", "平衡功能训练", "rehab", "05", 30, 2, None, "3"),
    ("003402000210000", "减重支持系统训练", "rehab", "05", 42, 2, None, "3"),
    ("003402000390000", "康复评定", "rehab", "05", 55, 1, None, "3"),
    ("002103000010000", "X线计算机体层(CT)平扫", "scan", "03", 210, 3, None, "2"),
    ("002103000020000", "X线计算机体层(CT)增强扫描", "scan", "03", 330, 3, None, "2"),
    ("002102000010000", "磁共振平扫", "scan", "03", 420, 2, None, "2"),
    ("002102000020000", "磁共振增强扫描", "scan", "03", 560, 2, None, "2"),
    ("002203010010000", "彩色多普勒超声常规检查", "exam", "03", 95, 4, None, None),
    ("003107010010000", "常规心电图检查", "exam", "03", 20, 3, None, None),
    ("002503990010000", "生化检验组合", "panel", "04", 96, 1, None, None),
    ("XB03XAC100B002010100001", "重组人促红素注射液", "epo", "09", 38, None, None, None),
    ("XV08ABD061B002010100002", "碘海醇注射液", "contrast", "09", 96, None, None, None),
    ("002501010010000", "血红蛋白测定", "haemoglobin", "04", 6, 1, None, None),
    ("C0301311110000901230000001", "空心纤维透析器", "dialyser", "08", 165, 1, None, None),
)

# Items that only one sex or age can need: (use, place in the family, name, sex, lowest, highest age).
LIMITED = (
    ("shelf_patent", 0, "益母草颗粒", "2", None, None),
    ("shelf_patent", 1, "前列舒通胶囊", "1", 18, None),
    ("shelf_drug", 0, "小儿氨酚黄那敏颗粒", None, None, 14),
    ("ward_drug", 0, "小儿复方氨基酸注射液", None, None, 18),
    ("lab", 1, "宫颈液基薄层细胞学检查", "2", None, None),
    ("lab", 2, "前列腺特异性抗原测定", "1", 40, None),
    ("surgery", 0, "子宫肌瘤剔除术", "2", None, None),
)

# Least days between two of an item, and the most that a person is paid for an item a year (yuan).
CYCLES = {"康复评定": 14}
YEAR_CAPS = {"平衡功能训练": 1_500.0}
NEVER_PAID = 2  # last herbs of their family that the fund does not pay


@dataclass(frozen=True)
class Limits:
    """By item: whether it is limited at all, to whom, and the item of the same use that is not."""

    any: np.ndarray
    sex: np.ndarray
    age_low: np.ndarray
    age_high: np.ndarray
    substitute: np.ndarray


@dataclass(frozen=True)
class Catalogue:
    """Items by number. `items` holds the published columns beside the generator's own: use, disease, dear."""

    items: pd.DataFrame

    @cached_property
    def _uses(self) -> dict[str, np.ndarray]:
        return {str(use): rows.to_numpy() for use, rows in self.items.groupby("use").groups.items()}

    def of(self, *uses: str) -> np.ndarray:
        """Numbers of the items with one of these uses."""
        return np.concatenate([self._uses[use] for use in uses])

    def one(self, use: str) -> int:
        """Number of the first item with this use."""
        return int(self._uses[use][0])

    @cached_property
    def limits(self) -> "Limits":
        """Limits by sex and age of every item."""
        items = self.items
        last = items.groupby("use").use.transform(lambda use: use.index[-1])
        limited = items[["sex", "age_low", "age_high"]].notna().any(axis=1)
        return Limits(
            limited.to_numpy(),
            items.sex.fillna("").to_numpy(dtype=object),
            items.age_low.to_numpy(),
            items.age_high.to_numpy(),
            last.to_numpy(),
        )

    @cached_property
    def disease_drugs(self) -> np.ndarray:
        """Item numbers by disease (row) and place in its list; the last column is the dear drug."""
        drugs = self.items[self.items.disease >= 0].sort_values(["disease", "dear"], kind="stable")
        return drugs.index.to_numpy().reshape(len(CHRONIC), DRUGS_PER_DISEASE)


def build(rng: Generator) -> Catalogue:
    """The catalogue of a city; limits and ceilings as a rule engine would read them."""
    items = pd.concat([_named(), _families(rng), _chronic(rng)], ignore_index=True)
    items["list_type"] = items.list_type.fillna("201")
    items["level"] = rng.choice(["1", "2", "3"], len(items), p=[0.52, 0.42, 0.06])
    # Beds, nursing and dialysis are in scope everywhere, and so are registered chronic drugs.
    items.loc[
        items.use.isin(["bed", "round", "dialysis", "dialyser", "chronic_drug", "register"]), "level"
    ] = "1"
    items.loc[items.index[items.use == "herb"][-NEVER_PAID:], "level"] = "3"
    capped = rng.random(len(items)) < np.where(items.list_type == "201", 0.9, 0.5)
    items["ceiling"] = (items.price * 1.6).round(1).where(capped)
    _limit(items)
    return Catalogue(items)


def _named() -> pd.DataFrame:
    columns = ["code", "name", "use", "charge", "price", "max_day", "group", "service"]
    named = pd.DataFrame(list(NAMED), columns=columns)
    list_type = named.charge.map({"08": "301", "09": "101"}).fillna("201")
    return named.assign(disease=-1, dear=False, list_type=list_type)


def _families(rng: Generator) -> pd.DataFrame:
    frames = []
    for number, (use, name, charge, list_type, size, low, high) in enumerate(FAMILIES):
        prices = np.exp(np.linspace(np.log(low), np.log(high), size)).round(1)
        frames.append(
            pd.DataFrame(
                {
                    "code": [_code(list_type, number, place) for place in range(size)],
                    "name": [f"{name}{place + 1:02d}" for place in range(size)],
                    "use": use,
                    "charge": charge,
                    "list_type": list_type,
                    "price": rng.permutation(prices),
                    "days_per_unit": rng.choice([3, 4, 5, 7, 7, 10], size)
                    if use.startswith("shelf")
                    else np.nan,
                    "disease": -1,
                    "dear": False,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _chronic(rng: Generator) -> pd.DataFrame:
    size = len(CHRONIC) * DRUGS_PER_DISEASE
    place = np.arange(size) % DRUGS_PER_DISEASE
    dear = place == DRUGS_PER_DISEASE - 1
    days = rng.choice([7, 14, 14, 28], size)
    price = np.where(dear, rng.uniform(110, 240, size), rng.uniform(1.0, 4.2, size) * days)
    return pd.DataFrame(
        {
            "code": [_code("101", 40 + n // DRUGS_PER_DISEASE, n % DRUGS_PER_DISEASE) for n in range(size)],
            "name": [f"{CHRONIC.disease[n // DRUGS_PER_DISEASE]}用药{p + 1}" for n, p in enumerate(place)],
            "use": "chronic_drug",
            "charge": "09",
            "list_type": "101",
            "price": price.round(1),
            "days_per_unit": np.where(dear, 14, days),
            "disease": np.arange(size) // DRUGS_PER_DISEASE,
            "dear": dear,
        }
    )


def _code(list_type: str, family: int, place: int) -> str:
    """A code of the national shape: X 23 characters, Z 20, T 10, consumable 27, service 15 digits."""
    letter = chr(ord("A") + family % 26)
    shapes = {
        "101": f"X{letter}{place % 90 + 10:02d}{letter}BA{family * 20 + place:03d}A0010101{place + 2180:05d}",
        "102": f"Z{letter}01AA{letter}{place:04d}0101{family * 100 + place:05d}",
        "103": f"T{family * 1000 + place:09d}",
        "201": f"0025{family:02d}{place:04d}00000",
        "301": f"C{family:04d}{place:05d}00901230000000001",
    }
    return shapes[list_type]


def _limit(items: pd.DataFrame) -> None:
    items["cycle"] = items.name.map(CYCLES)
    items["year_cap"] = items.name.map(YEAR_CAPS)
    items["sex"], items["age_low"], items["age_high"] = None, np.nan, np.nan
    for use, place, name, sex, low, high in LIMITED:
        row = items.index[items.use == use][place]
        items.loc[row, ["name", "sex", "age_low", "age_high"]] = [name, sex, low, high]
