"""Customers out of a file: read, checked against the ledger, stored as one batch that can be taken back. See docs/decisions/0014-import.md."""
