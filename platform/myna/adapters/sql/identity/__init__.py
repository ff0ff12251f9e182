"""Accounts, sign-ins, providers and applications on both databases."""
