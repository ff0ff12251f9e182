"""The OpenAI-compatible surface: each agent is a model, with its knowledge and its rules."""
