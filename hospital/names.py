"""What the domains of the hospital are called: known without importing any."""

NAMES = ("accounts", "patients", "doctors", "appointments", "records", "billing", "notifications", "audit")
MIGRATED_BY = {name: ("kernel", name) for name in NAMES} | {"mailbox": ("hospital.mailbox",)}
"""By database, whose revisions bring it up."""

ROUTER = "router"
"""The caller that is no domain."""
