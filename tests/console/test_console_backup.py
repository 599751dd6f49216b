"""What was backed up while the console ran is there again after a restore."""

import shutil

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections

from claims.errors import InputError, StoreError
from console.attached_files import attached, content_of
from console.audit import faults
from console.backup import backup, restore
from console.case_work import opened
from console.models import Attachment, AuditEntry, Inspection
from console.options import options, secret_key
from console.run_reader import last_run
from console.subject_lists import subject_row
from tests.console.made_run import FIRST


@pytest.fixture
def kept(user, tmp_path):
    boss, run = user("supervisor"), last_run()
    inspection = opened(run, subject_row(run, "patient", FIRST), boss)
    attached(inspection, boss, SimpleUploadedFile("a.txt", b"twelve prescriptions"))
    file = tmp_path / "backup.tar.gz"
    backup(file)
    return file


def test_everything_is_there_again(kept):
    secret, entries = secret_key(), AuditEntry.objects.count()
    connections.close_all()
    aside = options().home.with_name("aside")
    options().home.rename(aside)
    try:
        restore(kept)
        assert secret_key() == secret and Inspection.objects.get().subject_id == FIRST
        assert content_of(Attachment.objects.get()) == b"twelve prescriptions"
        assert AuditEntry.objects.count() == entries and faults() == []
        modes = {path.stat().st_mode & 0o077 for path in (options().home, *options().home.rglob("*"))}
        assert modes == {0}
    finally:
        connections.close_all()
        shutil.rmtree(options().home, ignore_errors=True)
        aside.rename(options().home)


def test_a_backup_is_for_its_owner_alone_and_overwrites_nothing(kept):
    assert kept.stat().st_mode & 0o777 == 0o600
    with pytest.raises(StoreError, match="there already"):
        backup(kept)


def test_a_console_that_is_there_is_not_overwritten(kept):
    with pytest.raises(StoreError, match="holds a console already"):
        restore(kept)
    assert Inspection.objects.count() == 1


def test_another_file_is_no_backup(tmp_path):
    other = tmp_path / "other.tar.gz"
    other.write_bytes(b"no tar")
    connections.close_all()
    aside = options().home.with_name("aside")
    options().home.rename(aside)
    try:
        with pytest.raises(InputError, match="no backup"):
            restore(other)
    finally:
        shutil.rmtree(options().home, ignore_errors=True)
        aside.rename(options().home)
