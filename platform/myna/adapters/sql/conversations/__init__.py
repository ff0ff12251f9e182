"""Conversations, seats, and what hangs on messages, on both databases."""
