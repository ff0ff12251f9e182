"""Notices attacks in the stream of requests, tells people of them, and slows, challenges or blocks where they come from."""
