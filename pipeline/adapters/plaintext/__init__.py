"""Plain text (.txt)."""
