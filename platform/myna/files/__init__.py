"""Files: uploads that can be resumed, made safe, attached to messages, and served to members only."""
