"""`myna demo`: the main job as a conversation in the terminal, over the public API of a running server."""
