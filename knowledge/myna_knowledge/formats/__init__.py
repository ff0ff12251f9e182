"""Readers of binary and tabular formats. Binary ones run in a process of their own, see `isolated`."""
