"""The full-text index on both databases."""
