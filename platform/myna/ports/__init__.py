"""What the core needs from the outside: one Protocol per port, each with a contract suite that runs on every backend."""
