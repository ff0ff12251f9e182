"""The bot platform's surfaces over HTTP and WebSocket."""
