"""What the verify stage is made of: evidence, arithmetic over dates, and the document's own block."""
