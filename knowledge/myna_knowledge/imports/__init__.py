"""What other systems exported, brought into a workspace: people, conversations, prepared replies, articles, documentation."""
