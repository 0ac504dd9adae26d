"""The front: an upload is stored, gets its row and its task. `uvicorn --factory benchmarks.celery_baseline.api:api`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import FastAPI, HTTPException, UploadFile

from benchmarks.celery_baseline.app import process
from benchmarks.storing import store
from pipeline.adapters.postgres.applications import Applications
from pipeline.orchestration import wiring
from pipeline.settings import load_settings


def api() -> FastAPI:
    """Two routes: upload, and what became of it."""
    settings = load_settings()
    engine = wiring.database(settings, name="api", pool_size=4)
    objects, applications = wiring.object_store(settings), Applications(engine)
    front = FastAPI(title="Baseline")

    @front.post("/resumes", status_code=202)
    def upload(file: UploadFile) -> dict[str, str]:
        (id_,) = store(engine, objects, [(file.filename or "", file.file.read())])
        process.delay(str(id_))
        return {"id": str(id_)}

    @front.get("/resumes/{id_}")
    def show(id_: UUID) -> dict[str, Any]:
        found = applications.get(id_)
        if found is None:
            raise HTTPException(404, "no such resume")
        return {"id": str(id_), "status": found.status, "profile": found.profile}

    return front
