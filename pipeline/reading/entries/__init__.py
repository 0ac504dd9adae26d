"""A section's entries, and which of their words is the title, the employer, the place."""
