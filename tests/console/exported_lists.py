"""Lists as the console exports them, read back."""

import io
from typing import Any

import openpyxl
from django.test import Client


def exported(client: Client, kind: str, **query: str) -> list[tuple[Any, ...]]:
    """The rows of an exported list, its heads first."""
    answer = client.get(f"/lists/{kind}/export/", query)
    (sheet,) = openpyxl.load_workbook(io.BytesIO(answer.content))
    return list(sheet.iter_rows(values_only=True))
