"""Signing in with a key or a token of the server's own, and out again."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from graph.console.gate import MOUNTED, SIGN_IN, cookie_of
from graph.console.server_calls import Refused, ServerCalls
from graph.console.views import rendered
from graph.console.visits import COOKIE, VISIT_SECONDS, Visit, Visits

LONGEST: Final = 10_000
Said = Annotated[str, Form(max_length=LONGEST)]


@dataclass(frozen=True)
class SignIn:
    """The three routes that are no pages of NiceGUI: strangers get plain HTML and hold nothing open."""

    server: ASGIApp
    visits: Visits

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route(SIGN_IN, self.show, methods=["GET"])
        router.add_api_route(SIGN_IN, self.sign_in, methods=["POST"])
        router.add_api_route("/sign-out", self.sign_out, methods=["POST"])
        return router

    async def show(self, next: str = "/") -> Response:  # noqa: A002 - the name in the address
        return self._page(_inside(next))

    async def sign_in(
        self,
        request: Request,
        key: Said = "",
        next: Said = "/",  # noqa: A002 - as above
    ) -> Response:
        credential, place = key.strip(), _inside(next)
        try:
            who = await self._who(request, credential)
        except Refused as refusal:
            return self._page(place, refusal)
        token = self.visits.begin(credential, who)
        answer = RedirectResponse(f"{MOUNTED}{place}", status_code=303)
        answer.set_cookie(
            COOKIE,
            token,
            max_age=VISIT_SECONDS,
            path=MOUNTED,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    async def sign_out(self, request: Request) -> Response:
        self.visits.end(cookie_of(request.scope))
        answer = RedirectResponse(f"{MOUNTED}{SIGN_IN}", status_code=303)
        answer.delete_cookie(COOKIE, path=MOUNTED)
        return answer

    async def _who(self, request: Request, credential: str) -> str:
        """Ask the server whether it knows the key; its word is all that counts."""
        if not credential or not credential.isascii() or not credential.isprintable():
            raise Refused(401, "this is no key", "paste it whole, without blanks")
        address = request.client.host if request.client else "nobody"
        calls = ServerCalls(self.server, self.visits, Visit(credential), address)
        return str((await calls.get("/me"))["name"])

    def _page(self, place: str, refusal: Refused | None = None) -> Response:
        page = rendered("sign_in.html", place=place, refusal=refusal)
        wait = str(refusal.more.get("retry_after") or "") if refusal else ""
        headers = {"Retry-After": wait} if wait else None
        return HTMLResponse(page, refusal.status if refusal else 200, headers)


def _inside(place: str) -> str:
    """Only paths of the console are gone on to."""
    inside = place.startswith("/") and not place.startswith(("//", "/\\"))
    return place if inside and place.isprintable() else "/"
