"""The modules that know a database, a network or a framework; one for each backend of a port."""
