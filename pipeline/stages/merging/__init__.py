"""How OCR's lines take the place of a page's own."""
