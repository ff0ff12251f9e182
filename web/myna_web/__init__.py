"""Myna."""
