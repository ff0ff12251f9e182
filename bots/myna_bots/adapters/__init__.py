"""Third-party libraries behind the ports."""
