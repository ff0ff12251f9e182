"""A client of `myna.v1` that never loses or doubles a message."""
