"""The walk: every byte that leaves the server, as people who may not see it."""
