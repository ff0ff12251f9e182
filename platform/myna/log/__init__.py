"""The append-only log: what can be written, how a batch is planned, and the group commit that makes it durable."""
