"""What is said while people are connected: who is there, who types, how far each has read."""
