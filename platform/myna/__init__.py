"""Myna's conversation core and server: users, conversations, messages, delivery, rights."""

__version__ = "0.1.0"
