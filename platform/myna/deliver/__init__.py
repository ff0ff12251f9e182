"""Delivery: from a committed event to every session that may see it, bounded in memory and in commit order."""
