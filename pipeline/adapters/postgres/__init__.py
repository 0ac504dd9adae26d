"""PostgreSQL: the queue, the truth, and the search index."""
