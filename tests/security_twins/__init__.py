"""Hostile documents and their clean twins, made in pairs: what is added must leave the profile as it was."""
