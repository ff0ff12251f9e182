"""The server's side of bots: who they are, what they hear, and how it reaches them."""
