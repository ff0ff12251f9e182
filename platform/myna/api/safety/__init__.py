"""Moderation, intrusion detection and privacy over HTTP."""
