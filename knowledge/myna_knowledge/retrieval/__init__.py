"""From a question to passages, and how sure they may be."""
