"""A network out of a file: read, checked against what is stored, stored as one batch that can be taken back. See docs/decisions/0015-network-import.md."""
