"""Moderation, intrusion detection and privacy on both databases."""
