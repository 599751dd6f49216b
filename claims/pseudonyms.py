"""Identifiers of persons replaced when they are loaded: HMAC-SHA256 under the operator's key.

Equal identifiers give equal pseudonyms, so nothing that counts or links changes. Without the key nobody can
tell whose a pseudonym is, nor test a guess; the way back is the mapping, a file outside of the store. Numbers
of visits, settlements and lines stay, for papers are pulled by them; so do institutions.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path

import ibis
from ibis import _

from claims.errors import StoreError
from claims.readers import Part, quote
from claims.tables import CODE
from claims.values import parse

# Columns that name a person, in whatever table.
PERSONAL = frozenset(
    {"psn_no", "certno", "tel", "emp_no", "dr_code", "chfpdr_code", "bilg_dr_codg", "phar_code"}
)
# Kinds of subject of an inspection that are persons; free text about them is not kept.
_PERSONS, _FREE_TEXT = ("patient", "prescriber"), "memo"
VARIABLE = "FUNDGUARD_PSEUDONYM_KEY"
# Hexadecimal digits of a pseudonym: among ten million identifiers two are equal with a probability of 1e-15.
DIGITS = 24
_LEAST_KEY = 32
_BLOCK = 64


@dataclass(frozen=True)
class Key:
    """The secret, and where the mapping is kept, if anywhere."""

    secret: bytes
    mapping: Path | None = None

    def __repr__(self) -> str:
        return "Key(…)"

    def pseudonym(self, identifier: str) -> str:
        """The pseudonym of an identifier, as the database makes it."""
        return hmac.new(self.secret, identifier.encode(), hashlib.sha256).hexdigest()[:DIGITS]

    @property
    def fingerprint(self) -> str:
        """Tells keys apart without telling the key."""
        return self.pseudonym("fundguard")[:8]


def read_key(file: Path | None, mapping: Path | None = None) -> Key | None:
    """The key of the environment, else that of a file; None where there is neither.

    Raises:
        StoreError: the file is missing, another user can read it, or the key is shorter than 32 characters.
    """
    given = os.environ.get(VARIABLE)
    if given is None and file is None:
        return None
    text = given if given is not None else _of_file(Path(str(file)))
    if len(text.strip()) < _LEAST_KEY:
        raise StoreError(f"the pseudonym key has fewer than {_LEAST_KEY} characters")
    return Key(text.strip().encode(), mapping)


def _of_file(file: Path) -> str:
    try:
        found = file.stat()
        if found.st_mode & 0o077 or found.st_uid != os.geteuid():
            raise StoreError(f"{file} can be read by others than its owner: chmod 600 it")
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise StoreError(f"the pseudonym key {file} cannot be read") from error


def _pseudonym_argument(_identifier: ibis.Value) -> ibis.Value: ...


_pseudonym = ibis.udf.scalar.builtin(
    _pseudonym_argument, name="fundguard_pseudonym", signature=(("string",), "string")
)


def prepare(con: ibis.BaseBackend, key: Key) -> None:
    """Give a connection the function that makes pseudonyms; it is gone with the connection."""
    secret = hashlib.sha256(key.secret).digest() if len(key.secret) > _BLOCK else key.secret
    block = secret.ljust(_BLOCK, b"\0")
    inner, outer = (quote(bytes(b ^ pad for b in block).hex()) for pad in (0x36, 0x5C))
    within = f"sha256(unhex({inner}) || encode(x))"
    con.raw_sql(
        f"CREATE OR REPLACE TEMP MACRO fundguard_pseudonym(x) AS "
        f"left(sha256(unhex({outer}) || unhex({within})), {DIGITS})"
    )
    con.raw_sql("CREATE TEMP TABLE identifiers (pseudonym VARCHAR, identifier VARCHAR)")


def replaced_identifiers(values: dict[str, ibis.Value]) -> dict[str, ibis.Value]:
    """The columns of a table with pseudonyms instead of identifiers of persons."""
    found = {name: _pseudonym(value) if name in PERSONAL else value for name, value in values.items()}
    if "subject_type" in values:
        person = values["subject_type"].isin(_PERSONS)
        found["subject_id"] = person.ifelse(_pseudonym(values["subject_id"]), values["subject_id"])
        found[_FREE_TEXT] = ibis.null("string")
    return found


def shown(part: Part, rows: ibis.Table) -> dict[str, ibis.Value]:
    """What the quarantine keeps of a row: columns of the contract, with every name of a person replaced."""
    columns = {name: parse(part.cell(rows, name), CODE) for name in part.columns if name != _FREE_TEXT}
    return {
        part.header[part.columns[name]]: _pseudonym(value) if name in PERSONAL | {"subject_id"} else value
        for name, value in columns.items()
    }


def remember(con: ibis.BaseBackend, part: Part, rows: ibis.Table) -> None:
    """Note the identifiers of a part for the mapping."""
    for name in part.columns:
        if name in PERSONAL or name == "subject_id":
            seen = rows.select(identifier=parse(part.cell(rows, name), CODE)).filter(_.identifier.notnull())
            sql = con.compile(seen.distinct())
            con.raw_sql(
                f"INSERT INTO identifiers SELECT fundguard_pseudonym(identifier), identifier FROM ({sql})"
            )


def write_mapping(con: ibis.BaseBackend, mapping: Path) -> None:
    """Add the identifiers of a load to the mapping (``pseudonym``, ``identifier``), for its owner alone."""
    before = f"UNION SELECT * FROM read_parquet({quote(mapping)})" if mapping.exists() else ""
    building = mapping.with_name(f".{mapping.name}.next")
    mapping.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    building.touch(mode=0o600)
    con.raw_sql(
        f"COPY (SELECT * FROM identifiers {before or 'UNION SELECT * FROM identifiers'} ORDER BY 1) "
        f"TO {quote(building)} (FORMAT parquet)"
    )
    building.chmod(0o600)
    building.replace(mapping)
