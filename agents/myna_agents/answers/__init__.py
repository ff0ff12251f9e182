"""How an answer is made of passages, and held to what they say."""
