"""The log of every authenticated action: appended to, chained by digests, never rewritten."""

from algotrade.inference.audit_trail.log import AuditLog
from algotrade.inference.audit_trail.record import AuditRecord
from algotrade.inference.audit_trail.trail import AuditTrail
from algotrade.inference.audit_trail.verification import Verification, verify

__all__ = ["AuditLog", "AuditRecord", "AuditTrail", "Verification", "verify"]
