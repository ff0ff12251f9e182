"""The log on both databases: the commit transaction, its statements, and reads."""
