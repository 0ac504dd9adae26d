"""What reading consists of: which pages need OCR, and how its lines take their place."""
