"""What a text says on its face: its language, its clauses and units, its checkable facts. Pure."""
