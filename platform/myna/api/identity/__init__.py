"""Signing in, people, roles, providers and applications over HTTP."""
