"""The console's own tables."""

from console.models.audit_entries import AuditEntry, AuditHead
from console.models.inspections import Attachment, Event, Inspection, State
from console.models.users import User

__all__ = ["Attachment", "AuditEntry", "AuditHead", "Event", "Inspection", "State", "User"]
