"""One model of a read page: pure Python, no Ray, no vendor, no settings."""
