"""The wire: HTTP routes, the WebSocket, SSE and long poll."""
