"""The search page for people: pages, scripts and a style, nothing from elsewhere."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).resolve().parent.parent / "console"


def mount(app: FastAPI) -> None:
    """Serve the search page at `/`, the description of the API at `/docs`, their parts under `/console/`."""

    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(FOLDER / "index.html", headers={"Cache-Control": "no-cache"})

    @app.get("/docs", include_in_schema=False)
    def docs() -> FileResponse:
        return FileResponse(FOLDER / "docs.html", headers={"Cache-Control": "no-cache"})

    app.mount("/console", StaticFiles(directory=FOLDER), name="console")
