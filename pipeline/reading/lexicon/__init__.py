"""Every word that reading knows, as TOML, and how text is folded to find it."""
