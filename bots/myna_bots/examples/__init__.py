"""Bots to read, run and copy; each is tested. `myna bots new NAME --from EXAMPLE` copies one."""
