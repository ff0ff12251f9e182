"""What helps operators beside the agent: drafts, words for a hand-off, marks on wrong answers."""
