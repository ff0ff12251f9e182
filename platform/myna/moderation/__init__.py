"""Judging before storing, and what people decide about it afterwards."""
