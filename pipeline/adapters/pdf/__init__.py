"""PDFs, by PDFium."""
