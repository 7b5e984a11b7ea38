"""The page for addresses that are none."""

from fastapi import Request
from fastapi.exception_handlers import http_exception_handler
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from graph.console.views import rendered


async def show_missing(request: Request, error: Exception) -> Response:
    """Lead people back; programs hear it as they hear everything."""
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(rendered("missing.html"), status_code=404)
    told = error if isinstance(error, HTTPException) else HTTPException(404)
    return await http_exception_handler(request, told)
