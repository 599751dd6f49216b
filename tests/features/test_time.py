"""What happens on the night's day or later changes no fact and no measure of the night."""

import pandas as pd
import pytest

from tests.features.town import SUBJECTS, Town, all_measures, facts_on
from tests.tiny import World

LATER = ["2024-12-31 00:00:00", "2024-12-31 23:59:59", "2025-02-03 10:00:00"]


def test_town() -> World:
    raise NotImplementedError
