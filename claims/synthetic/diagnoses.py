"""Main diagnoses by department, and the disease groups (`dise_no`) they are settled under."""

import numpy as np
import pandas as pd
from numpy.random import Generator

from claims.synthetic.catalogue import CHRONIC

# ICD-10, department (caty), DRG stem, share within the department, kind.
# Kinds: stay and visit = seen in both settings; symptom = vague, normally outpatient (scheme M04, M12).
DIAGNOSES = pd.DataFrame(
    [
        ("J18.900", "03", "ES2", 3, "ill"),
        ("J06.900", "03", "ES3", 4, "light"),
        ("I10.x00", "03", "FV3", 3, "ill"),
        ("E11.900", "03", "KS1", 3, "ill"),
        ("I25.101", "03", "FR4", 3, "ill"),
        ("I63.900", "03", "BR2", 3, "ill"),
        ("J44.900", "03", "ES1", 2, "ill"),
        ("K29.500", "03", "GZ1", 3, "light"),
        ("N39.000", "03", "LU1", 1, "ill"),
        ("B18.103", "03", "HS2", 1, "ill"),
        ("M06.900", "03", "IT2", 1, "ill"),
        ("R42.x00", "03", "BU2", 1, "symptom"),
        ("R51.x00", "03", "BZ1", 1, "symptom"),
        ("K35.800", "04", "GD2", 3, "ill"),
        ("K40.900", "04", "GE1", 2, "ill"),
        ("K80.200", "04", "HC2", 3, "ill"),
        ("I83.900", "04", "FM1", 1, "ill"),
        ("S52.500", "04", "IF3", 2, "injury"),
        ("S06.000", "04", "BY2", 1, "injury"),
        ("T14.100", "20", "VJ1", 2, "injury"),
        ("R10.400", "20", "GZ2", 2, "symptom"),
        ("J20.900", "20", "ES3", 3, "light"),
        ("H25.900", "10", "CB3", 3, "ill"),
        ("H10.900", "10", "CZ1", 3, "light"),
        ("J32.900", "11", "DT1", 2, "light"),
        ("H81.100", "11", "BU2", 2, "ill"),
        ("L30.900", "13", "JU1", 3, "light"),
        ("B02.900", "13", "SV1", 1, "ill"),
        ("C34.900", "19", "ER1", 2, "ill"),
        ("C16.900", "19", "GR1", 2, "ill"),
        ("M51.202", "21", "IU2", 3, "ill"),
        ("I69.300", "21", "BU1", 2, "ill"),
        ("M17.900", "50", "IU3", 2, "ill"),
        ("M54.500", "50", "IU2", 3, "light"),
        ("J00.x00", "02", "ES3", 5, "light"),
        ("R53.x00", "02", "XS1", 2, "symptom"),
        ("I10.x01", "02", "FV3", 3, "ill"),
        ("Z51.100", "19", "RE1", 0, "chemotherapy"),
        ("N18.001", "03", "LL1", 0, "dialysis"),
        ("O80.000", "05", "OR1", 0, "birth"),
        ("Z34.900", "05", "OZ1", 0, "pregnancy"),
        ("Z00.000", "02", "XS1", 0, "checkup"),
    ],
    columns=["icd", "caty", "stem", "share", "kind"],
)
SEVERITY_MARKS = ("5", "3", "1")  # the last sign of a CHS-DRG group: none, with CC, with MCC
CHRONIC_DIAGNOSIS = pd.Index(DIAGNOSES.icd).get_indexer(CHRONIC.icd)
DIALYSIS_CODE = "M07801"  # special outpatient scheme: maintenance dialysis
GROUPS = [*(stem + mark for stem in DIAGNOSES.stem for mark in SEVERITY_MARKS), *CHRONIC.code, DIALYSIS_CODE]
DIALYSIS_GROUP = len(GROUPS) - 1


def of_kind(*kinds: str) -> np.ndarray:
    """Numbers of the diagnoses of these kinds."""
    return np.flatnonzero(DIAGNOSES.kind.isin(kinds))


def by_department(rng: Generator, caty: np.ndarray, kinds: tuple[str, ...]) -> np.ndarray:
    """A diagnosis for each visit, of the kind its doctor's department sees."""
    chosen = rng.choice(of_kind(*kinds), len(caty))
    for department in np.unique(caty):
        fits = np.flatnonzero(
            (DIAGNOSES.caty == department) & DIAGNOSES.kind.isin(kinds) & (DIAGNOSES.share > 0)
        )
        if len(fits):
            share = DIAGNOSES.share.to_numpy()[fits]
            rows = np.flatnonzero(caty == department)
            chosen[rows] = rng.choice(fits, len(rows), p=share / share.sum())
    return chosen


def stay_group(diagnosis: np.ndarray, severity: np.ndarray) -> np.ndarray:
    """Number of the disease group; severity 0 none, 1 CC, 2 MCC."""
    return np.asarray(np.asarray(diagnosis) * len(SEVERITY_MARKS) + severity)


def chronic_group(disease: np.ndarray) -> np.ndarray:
    """Number of the group of a registered chronic disease (row of CHRONIC)."""
    return len(DIAGNOSES) * len(SEVERITY_MARKS) + np.asarray(disease)
