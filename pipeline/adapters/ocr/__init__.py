"""OCR on this machine, by RapidOCR."""
