"""The service desk around tickets: teams and hours, who is free, what was promised, and what operators write down."""
