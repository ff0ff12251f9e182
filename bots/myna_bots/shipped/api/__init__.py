"""Routes of shipped plugins."""
