"""The whole loop against a real API server."""
