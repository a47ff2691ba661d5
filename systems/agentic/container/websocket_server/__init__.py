"""The WebSocket server that keeps clients' connections in a container (AGENTIC-01.7)."""
