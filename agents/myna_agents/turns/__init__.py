"""One turn from the lease to the message that ends it."""
