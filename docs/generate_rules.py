"""The audit rules as a page: `python docs/generate_rules.py > docs/rules.md` (or `make docs`)."""

import tempfile
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
from pages import row

import features.rules  # noqa: F401  enters the rules
from claims.synthetic import simulate
from features.rules.declaration import CLEAR, RULES, Parameter, Rule
from features.rules.rule_settings import parameter_text

IDS = tuple(f"R{number:03}" for number in range(1, 131))
# Rules of the numbering without a function yet: id → (Chinese, English, data they would need).
UNWRITTEN = {
    "R007": ("协议中止期间结算", "Settled while the contract was suspended", "contract states and dates"),
    "R025": ("药品限二线", "Second-line drug without a first-line one", "first-line drugs of each drug"),
    "R035": ("互联网医院超支付范围", "Internet hospital outside its scope", "mark of an online visit"),
    "R048": ("集采中选价未落实", "Volume-based price ignored", "selected prices of centralized purchasing"),
    "R051": ("就诊数据非实时上传", "Late upload", "time of upload of a line"),
    "R066": ("数量超医嘱", "Charged more than ordered", "orders with dose, frequency and days"),
    "R067": ("抗菌药物无指征/分级越权", "Antibiotic misuse", "antibiotic classes, titles of prescribers"),
    "R068": (
        "围手术期预防用药",
        "Surgical prophylaxis too long",
        "operations with times and incision classes",
    ),
    "R073": ("药品禁忌/相互作用/老年/妊娠", "Drug safety", "contraindications and pairs of drugs"),
    "R074": ("饮片配伍/超大处方/超量", "Herb safety and size", "grams and doses of a herb prescription"),
    "R076": ("无指征治疗", "Treatment without indication", "indications of treatments"),
    "R077": ("项目禁忌症", "Contraindicated service", "contraindications of services"),
    "R079": ("出院带药超量", "Discharge supply", "mark of discharge medicine, days of supply"),
    "R080": ("医保结算清单异常", "Quality of the settlement list", "settlement lists"),
    "R081": ("诊断编码异常", "Diagnosis not supported", "items that support a diagnosis"),
    "R082": ("手术编码异常", "Operation coding error", "operation codes with their order"),
    "R083": ("诊断与手术不符", "Diagnosis and operation do not match", "diagnoses of each operation"),
    "R096": ("长护服务时空冲突", "Carer in two places", "carer and place of a care service"),
    "R097": ("长护打卡异常", "Clock-in anomaly in long-term care", "clock-ins with coordinates"),
    "R120": ("临产参保高基数", "Late enrolment before birth", "months of contribution and its base"),
    "R121": ("补缴即享", "Arrears paid, then a claim", "kinds and dates of contribution payments"),
    "R122": ("申报人数不符", "Headcount mismatch", "employers' tax and insurance headcounts"),
    "R123": ("待遇集中单位", "Employer heavy on benefits", "contributions by employer"),
    "R124": ("票据重复/无就诊", "Receipt used twice or without a visit", "numbers of receipts"),
    "R125": ("联网后又手工报销", "Claimed online and on paper", "manual reimbursements"),
    "R126": ("经办自办自审", "Operator approves own case", "operators of entry and review"),
    "R127": ("退费异常", "Refund pattern", "refunds with operator and date of inspection"),
}
SUBJECTS = {
    "patient": "patient",
    "prescriber": "prescriber",
    "pharmacy": "pharmacy",
    "hospital": "hospital",
    "place": "hospital or pharmacy",
}
# Columns that say what a row of a knowledge table is about.
KINDS = {"lmt_type", "rela_type"}
# The city that says which data a simulation fills.
PERSONS, SEED = 2_000, 7
HEAD = """\
# Audit rules

Written by `docs/generate_rules.py` from the declarations in `features/rules`; a test keeps it up to date.
Ids R001-R130 are our own numbering of the national rule library (国家医保智能监管规则库, 88 rules in the
edition of 2025; official codes with them) and of published problem lists (医保函〔2025〕2号); a bureau's own
rules begin at R901.

Of {all} rules **{works} work**, {waiting} *need data* and {missing} are *not built yet*. Every built rule is
tested on planted rows and their near misses (`tests/features/rules`). **Data** are the tables and columns
without which a rule is skipped, and named with the reason in `run.json`. A rule *works* when a simulated city
fills all of them; it *needs data* when the city leaves those in **bold** empty and a bureau must bring them.
Rules not built yet say what data they would need.

**Severity** is *clear* (明确违规) where the data alone proves it, else *suspect* (高度可疑). Articles are
those of 《医疗保障基金使用监督管理条例》: our mapping, to be confirmed by the bureau's lawyer; 协议 is the
service agreement. A bureau sets a parameter in `STORE/fundguard.toml`:

```toml
[rules.R084]
maximum_gap_days = 10
```

| rule | 名称 | name | state | data | subject | severity | article | official code |
|---|---|---|---|---|---|---|---|---|
"""
PARAMETERS = """
## Parameters

A date is written as `2025-07-01`. Of the sources, *yingyan* is a public rule file
(github.com/rachelzzz1921/yingyan, not official), *bureau scripts* are supervision queries in public
repositories (github.com/zzh7777/cursorweb, github.com/jsdcdzkj/ybpt).

| rule | parameter | default | unit | source |
|---|---|---|---|---|
"""


def simulated() -> set[str]:
    """Tables, columns (``table.column``) and kinds (``table.column=value``) that a simulated city fills."""
    with tempfile.TemporaryDirectory(prefix="fundguard-docs-") as folder:
        simulate(Path(folder), persons=PERSONS, seed=SEED)
        found = set()
        for path in (Path(folder) / "input").glob("*.parquet"):
            table = pq.read_table(path)
            found.add(path.stem)
            found |= {
                f"{path.stem}.{name}"
                for name in table.column_names
                if pc.any(pc.is_valid(table[name])).as_py()
            }
            found |= {
                f"{path.stem}.{name}={value}"
                for name in KINDS.intersection(table.column_names)
                for value in pc.unique(table[name]).to_pylist()
            }
        return found


def page(filled: set[str]) -> str:
    """The whole page.

    Args:
        filled: tables and columns that there are data for (`simulated`).
    """
    known = sorted({*IDS, *RULES})
    waiting = sum(bool(_absent(entry, filled)) for entry in RULES.values())
    head = HEAD.format(
        all=len(known), works=len(RULES) - waiting, waiting=waiting, missing=len(known) - len(RULES)
    )
    rows = [_row(RULES[rule_id], filled) if rule_id in RULES else _gap(rule_id) for rule_id in known]
    settings = [
        _setting(rule_id, name, parameter)
        for rule_id, entry in sorted(RULES.items())
        for name, parameter in entry.parameters.items()
    ]
    return head + "\n".join(rows) + "\n" + PARAMETERS + "\n".join(settings) + "\n"


def _absent(entry: Rule, filled: set[str]) -> set[str]:
    return {places for places in (*entry.needs, *entry.filled) if not filled.intersection(places.split("|"))}


def _row(entry: Rule, filled: set[str]) -> str:
    absent = _absent(entry, filled)
    data = ", ".join(
        " or ".join(f"**`{place}`**" if places in absent else f"`{place}`" for place in places.split("|"))
        for places in (*entry.needs, *entry.filled)
    )
    return row(
        entry.rule_id, entry.zh, entry.en, "needs data" if absent else "works", data, SUBJECTS[entry.subject],
        "clear" if entry.severity == CLEAR else "suspect", entry.article, entry.official or "",
    )  # fmt: skip


def _gap(rule_id: str) -> str:
    zh, en, data = UNWRITTEN[rule_id]
    return row(rule_id, zh, en, "not built yet", data, "", "", "", "")


def _setting(rule_id: str, name: str, parameter: Parameter) -> str:
    return row(rule_id, f"`{name}`", parameter_text(parameter), parameter.unit, parameter.source)


if __name__ == "__main__":
    print(page(simulated()), end="")
