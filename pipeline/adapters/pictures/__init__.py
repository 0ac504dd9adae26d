"""Pictures as documents: PNG, JPEG, TIFF."""
