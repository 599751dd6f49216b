"""What was backed up while the console ran is there again after a restore."""

import tarfile

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction

from claims.errors import InputError, StoreError
from console.attached_files import attached, content_of
from console.audit import faults
from console.backup import backup, restore
from console.case_work import opened
from console.models import Attachment, AuditEntry, Inspection
from console.options import Options, options, secret_key
from console.run_reader import last_run
from console.subject_lists import subject_row
from tests.console.console_server import SERVER
from tests.console.made_run import FIRST


@pytest.fixture
def kept(user, tmp_path):
    boss, run = user("supervisor"), last_run()
    inspection = opened(run, subject_row(run, "patient", FIRST), boss)
    attached(inspection, boss, SimpleUploadedFile("a.txt", b"twelve prescriptions"))
    file = tmp_path / "backup.tar.gz"
    backup(file)
    return file


def test_everything_is_there_again(kept, nothing_there):
    assert not options().home.exists()
    restore(kept)
    assert secret_key() == settings.SECRET_KEY and Inspection.objects.get().subject_id == FIRST
    assert content_of(Attachment.objects.get()) == b"twelve prescriptions"
    # Two users and their rights, an inspection, an attachment; all in a chain that is whole.
    assert AuditEntry.objects.filter(action__in=("opened", "attached")).count() == 2 and faults() == []
    modes = {path.stat().st_mode & 0o077 for path in (options().home, *options().home.rglob("*"))}
    assert modes == {0}
    # The database refuses changes as before.
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.all().update(username="another")


def test_a_backup_is_for_its_owner_alone_and_overwrites_nothing(kept):
    assert kept.stat().st_mode & 0o777 == 0o600
    with pytest.raises(StoreError, match="there already"):
        backup(kept)


def test_a_console_that_is_there_is_not_overwritten(kept):
    with pytest.raises(StoreError, match="already exists" if SERVER else "holds a console already"):
        restore(kept)
    assert Inspection.objects.count() == 1


def test_another_file_is_no_backup(tmp_path, nothing_there):
    other = tmp_path / "other.tar.gz"
    other.write_bytes(b"no tar")
    with pytest.raises(InputError, match="no backup"):
        restore(other)


@pytest.mark.parametrize("name, kind", [("../outside", tarfile.REGTYPE), ("link", tarfile.SYMTYPE)])
def test_a_file_that_would_reach_outside_is_refused(kept, nothing_there, tmp_path, name, kind):
    changed = tmp_path / "changed.tar.gz"
    with tarfile.open(kept) as good, tarfile.open(changed, "w:gz") as out:
        for member in good:
            out.addfile(member, good.extractfile(member) if member.isfile() else None)
        more = tarfile.TarInfo(name)
        more.type, more.linkname = kind, str(tmp_path)
        out.addfile(more)
    with pytest.raises(InputError, match=f"no backup of the console: it holds {name}"):
        restore(changed)
    assert not options().home.exists() and not list(options().home.parent.rglob("outside"))


def test_a_backup_of_the_other_kind_of_database_is_refused(kept, nothing_there, monkeypatch):
    other = {} if SERVER else {"database": "postgresql://nobody@127.0.0.1:1/none"}
    monkeypatch.setattr("console.backup.options", lambda: Options(store=options().store, **other))
    monkeypatch.delenv("FUNDGUARD_CONSOLE_DATABASE", raising=False)
    with pytest.raises(InputError, match="other kind of database"):
        restore(kept)


def test_a_server_that_does_not_answer_is_named(tmp_path, monkeypatch):
    pytest.importorskip("psycopg")
    other = Options(store=options().store, database="postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setattr("console.backup.options", lambda: other)
    with pytest.raises(StoreError, match="pg_dump"):
        backup(tmp_path / "backup.tar.gz")
    assert not (tmp_path / "backup.tar.gz").exists()
