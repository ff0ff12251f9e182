"""From a source to sections: fetched, read, cut."""
