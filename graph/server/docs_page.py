"""The page that shows the API: Swagger UI from our own wheel, so it opens without the internet. `/docs`."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, Response

from graph.server.border import BorderRoute
from graph.server.errors import ApiError

router = APIRouter(include_in_schema=False, route_class=BorderRoute)
ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}
# No validator: its badge would tell a stranger's server where this one is. Keys are not kept by the browser.
SHOWN: Final = {
    "docExpansion": "none",
    "defaultModelsExpandDepth": 0,
    "defaultModelExpandDepth": 3,
    "filter": True,
    "validatorUrl": None,
    "persistAuthorization": False,
}
_INLINE: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Every route, with examples, and a button to try it."""
    page = _page(request.app.title, request.scope.get("root_path", ""))
    return HTMLResponse(page, headers={"Content-Security-Policy": _policy(page)})


@router.get("/docs/{asset}")
async def docs_asset(asset: str) -> Response:
    """What the page is made of."""
    kind = ASSETS.get(asset)
    if kind is None:
        raise ApiError(404, "there is no such part of the page", hint="see /docs")
    found = Path(str(files("fastapi_offline"))) / "static" / asset
    return FileResponse(found, media_type=kind, headers={"Cache-Control": "max-age=3600"})


@cache
def _page(title: str, root: str) -> str:
    shown = get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json",
        title=f"{title}: the API",
        swagger_js_url=f"{root}/docs/swagger-ui-bundle.js",
        swagger_css_url=f"{root}/docs/swagger-ui.css",
        swagger_favicon_url=f"{root}/docs/favicon.png",
        swagger_ui_parameters=dict(SHOWN),
    )
    return bytes(shown.body).decode()


def _policy(page: str) -> str:
    """Its one inline script is known by its digest; its library sets styles on what it draws."""
    digests = " ".join(f"'sha256-{_digest(one)}'" for one in _INLINE.findall(page))
    return (
        f"default-src 'none'; script-src 'self' {digests}; style-src 'self' 'unsafe-inline'"
        "; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
        "; form-action 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
