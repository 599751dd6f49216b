"""Attachments: checked when they come, kept apart, given out as files to save and never as pages."""

import hashlib
import os
from pathlib import PurePosixPath

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from console.case_work import commented_with
from console.clock import now
from console.models import Attachment, Inspection, User
from console.options import options

# Ending of the name → how the content begins; text has no beginning of its own but holds no zero byte.
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    ".pdf": (b"%PDF-",),
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".xlsx": (_ZIP,),
    ".docx": (_ZIP,),
    ".xls": (_OLE,),
    ".doc": (_OLE,),
    ".txt": (),
    ".csv": (),
}
_LONGEST_NAME = 150


class FileRefusedError(ValueError):
    """A file is too large, or of a kind that is not taken."""


def attached(inspection: Inspection, user: User, file: UploadedFile) -> Attachment:  # type: ignore[type-arg]
    """Keep a file of an inspection.

    Raises:
        FileRefusedError: it is too large, empty, or no PDF, picture, Office document or text.
    """
    name = PurePosixPath((file.name or "").replace("\\", "/")).name[-_LONGEST_NAME:]
    content = _checked(name, file)
    kept = Attachment(
        inspection=inspection, name=name, size=len(content), user=user, at=now(),
        sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    folder = options().attachments
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / str(kept.pk)
    with transaction.atomic():
        kept.save()
        commented_with(inspection, user, name, str(kept.pk))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
    return kept


def content_of(attachment: Attachment) -> bytes:
    """The content of an attachment.

    Raises:
        FileNotFoundError: the file is gone, or is not what was kept.
    """
    content = (options().attachments / str(attachment.pk)).read_bytes()
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        raise FileNotFoundError(f"attachment {attachment.pk} is not what was kept")
    return content


def _checked(name: str, file: UploadedFile) -> bytes:  # type: ignore[type-arg]
    """The content of a file that may be taken."""
    most = options().attachment_mb * 1_000_000
    if not file.size or file.size > most:
        raise FileRefusedError
    begins = BEGINNINGS.get(PurePosixPath(name).suffix.lower())
    content: bytes = file.read(most + 1)
    if begins is None or len(content) > most:
        raise FileRefusedError
    if begins and not content.startswith(begins):
        raise FileRefusedError
    if not begins and b"\0" in content:
        raise FileRefusedError
    return content
