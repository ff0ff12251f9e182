"""What keeps a knowledge base right: gaps, drafts, contradictions, stale and unused sources, and what a change would do."""
