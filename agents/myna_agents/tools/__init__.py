"""What agents can do besides answering: actions declared by schema and tools of MCP servers, with rights and confirmation."""
