"""What drives resumes: no Ray, no SQLAlchemy; the outside comes in as ports."""
