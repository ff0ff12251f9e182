"""Conversations, seats, messages, files and search over HTTP."""
