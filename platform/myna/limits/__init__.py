"""How much of what anybody may do in how much time, and what it costs to ask for more."""
