"""Sources become chunks, chunks become an index, questions become passages with citations."""
