"""Who is asking: passwords, access tokens and rotating refresh tokens."""
