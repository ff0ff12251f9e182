"""Versions of agents: drafted, judged, published, compared and rolled back."""
