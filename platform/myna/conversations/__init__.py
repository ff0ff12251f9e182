"""Conversations and seats: who may come in, who is in, and what each sees of the whole."""
