"""POST /search."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from pipeline.adapters.postgres.api_keys import Principal
from pipeline.adapters.postgres.search import Hit
from serve_app.answers import json_answer, problem_answers
from serve_app.auth import require
from serve_app.bodies import read_model
from serve_app.problems import no_parameters
from serve_app.runtime import Runtime
from serve_app.schemas import SearchAnswer, SearchHit, SearchRequest, links

router = APIRouter(tags=["search"])

_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SearchRequest"}}},
    }
}


@router.post(
    "/search",
    operation_id="searchResumes",
    summary="Search resumes",
    response_model=SearchAnswer,
    responses=problem_answers(400, 401, 403, 408, 413, 415, 422, 429, 503),
    openapi_extra=_BODY,
    dependencies=[Depends(no_parameters)],
)
async def search_resumes(
    request: Request, caller: Annotated[Principal, Depends(require("search"))]
) -> Response:
    """Scope `search`. Hybrid: by meaning (cosine of vectors) and by words (full text), fused by reciprocal
    rank. One hit a resume, and one for equal files, with the section and the lines that matched best."""
    runtime: Runtime = request.app.state.runtime
    wanted = await read_model(request, SearchRequest)
    vector, model = await runtime.embed(wanted.query)
    hits = await runtime.database(
        runtime.services.search.hybrid,
        wanted.query,
        vector,
        model,
        job_post_id=wanted.job_post_id,
        created_after=wanted.filters.created_after,
        created_before=wanted.filters.created_before,
        limit=wanted.limit,
    )
    root_path = request.scope.get("root_path", "")
    return json_answer(SearchAnswer(model=model, items=[_hit(hit, root_path) for hit in hits]))


def _hit(hit: Hit, root_path: str) -> SearchHit:
    return SearchHit(
        id=hit.resume_id,
        score=hit.score,
        similarity=hit.similarity,
        section=hit.section,
        chunk_no=hit.chunk_no,
        line_ids=list(hit.line_ids),
        text=hit.text,
        name=hit.name,
        headline=hit.headline,
        filename=hit.filename,
        job_post_id=hit.job_post_id,
        copies=list(hit.copies),
        links=links(hit.resume_id, root_path),
    )
