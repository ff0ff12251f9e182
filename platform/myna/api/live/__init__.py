"""The protocol `myna.v1`: WebSocket, Server-Sent Events, long poll and commands."""
