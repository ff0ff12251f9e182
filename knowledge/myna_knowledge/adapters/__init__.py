"""What stands behind the ports: SQL tables, embedding models, vector indexes."""
