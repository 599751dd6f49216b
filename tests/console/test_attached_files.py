"""Files of an inspection: which are taken, how large, under which name, and that none is changed unseen."""

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from console.attached_files import BEGINNINGS, FileRefusedError, attached, content_of
from console.case_work import opened
from console.models import Attachment, Inspection, User
from console.options import options
from console.run_reader import last_run
from console.subject_lists import rows_of
from tests.console.made_run import FIRST

LARGEST = 10_000_000


@pytest.fixture
def keep(user):
    """Keeps a file of one inspection."""
    run = last_run()
    who = user("investigator")
    inspection = opened(run, rows_of(run, [("patient", FIRST)])["patient", FIRST], who)

    def kept(name: str, content: bytes) -> Attachment:
        return attached(inspection, who, SimpleUploadedFile(name, content))

    return kept


@pytest.mark.parametrize("ending", BEGINNINGS)
def test_a_file_is_taken_only_if_it_begins_as_its_ending_says(keep, ending):
    every = {begin for begins in BEGINNINGS.values() for begin in begins}
    right = BEGINNINGS[ending] or (b"two, words\n",)
    for begin in right:
        kept = keep(f"EVIDENCE{ending.upper()}", begin + b" more")
        assert content_of(kept) == begin + b" more" and kept.size == len(begin) + 5
    for begin in every - set(right):
        # Text may begin with anything, but holds no zero byte.
        with pytest.raises(FileRefusedError):
            keep(f"evidence{ending}", begin + b"\0 more")
    assert Attachment.objects.count() == len(right)


def test_no_beginning_is_that_of_another_kind_of_file():
    office = {".xlsx": ".docx", ".xls": ".doc", ".jpg": ".jpeg"}
    for ending, begins in BEGINNINGS.items():
        like = [other for other in BEGINNINGS if other != ending and set(BEGINNINGS[other]) & set(begins)]
        assert like in ([], [office.get(ending)], [k for k, v in office.items() if v == ending])


@pytest.mark.parametrize("size, taken", [(0, False), (1, True), (LARGEST, True), (LARGEST + 1, False)])
def test_a_file_has_ten_million_bytes_at_most(keep, size, taken):
    assert options().attachment_mb == 10
    if taken:
        assert keep("list.csv", b"x" * size).size == size
    else:
        with pytest.raises(FileRefusedError):
            keep("list.csv", b"x" * size)
    kept = list(options().attachments.iterdir()) if options().attachments.exists() else []
    assert len(kept) == Attachment.objects.count() == taken


def test_what_a_browser_says_of_the_size_is_not_believed(keep):
    class Smaller(SimpleUploadedFile):
        size = property(lambda self: 5, lambda self, value: None)

    inspection, who = Inspection.objects.get(), User.objects.get()
    with pytest.raises(FileRefusedError):
        attached(inspection, who, Smaller("list.csv", b"x" * (LARGEST + 1)))
    assert attached(inspection, who, Smaller("list.csv", b"x" * LARGEST)).size == LARGEST


@pytest.mark.parametrize(
    "given, name",
    [
        ("C:\\Users\\anna\\清单.csv", "清单.csv"),
        ("../../etc/list.csv", "list.csv"),
        ("a" * 146 + ".csv", "a" * 146 + ".csv"),
        # What is too long keeps its ending.
        ("b" + "a" * 146 + ".csv", "a" * 146 + ".csv"),
    ],
)
def test_a_name_is_cut_to_its_last_part(keep, given, name):
    kept = keep(given, b"text")
    assert kept.name == name and len(name) <= Attachment._meta.get_field("name").max_length
    assert (options().attachments / str(kept.pk)).exists(), "its file is named by nothing that was given"


def test_what_was_changed_is_not_given_out_and_what_was_not_is(keep):
    kept, other = keep("list.csv", b"one"), keep("list.csv", b"one")
    assert kept.sha256 == other.sha256 == hashlib.sha256(b"one").hexdigest()
    path = options().attachments / str(kept.pk)
    path.chmod(0o600)
    path.write_bytes(b"two")
    with pytest.raises(FileNotFoundError, match="is not what was kept"):
        content_of(kept)
    assert content_of(other) == b"one"


def test_a_file_without_room_leaves_no_attachment(keep, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("console.attached_files.os.fsync", full)
    with pytest.raises(OSError):
        keep("list.csv", b"one")
    assert not Attachment.objects.exists() and Inspection.objects.get().events.count() == 1
    monkeypatch.undo()
    assert keep("list.csv", b"one").size == 3
