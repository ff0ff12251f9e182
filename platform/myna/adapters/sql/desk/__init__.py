"""Tickets, turns and the service desk on both databases."""
