"""Everything in this folder kills processes or breaks what they stand on."""
