"""The same work by FastAPI, Celery and Redis: what bulk ingestion is compared with.

The stages, the adapters and the tables are the service's own; what differs is who drives them. A producer unpacks
the archive, stores the members and enqueues a task for each; prefork workers, the model loaded once in each, take
one task at a time from its file to its saved profile (`acks_late`, a prefetch of 1, one thread for embedding).
A task that waits for Textract or Gemini keeps its worker.

Redis comes from Debian (`apt-get install redis-server`) and is started here on a free port; the Python packages are
the extra `bench`: `pip install --constraint constraints.txt --editable '.[bench]'`.

    python -m benchmarks.celery_baseline [--n 100] [--vendors] [--processes 2]
"""
