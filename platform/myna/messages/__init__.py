"""Messages on their one road, and what is done to them before and after."""
