"""What an agent makes of a conversation: who is spoken to, what is wanted, what is only small talk. Pure."""
