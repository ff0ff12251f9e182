"""Tickets and the service desk over HTTP."""
