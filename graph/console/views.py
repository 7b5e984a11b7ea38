"""A part of a page: a template with what it shows, and what people do in it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, cast

from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from nicegui import ui
from nicegui.events import GenericEventArguments

from graph.console.gate import MOUNTED
from graph.console.markdown import safe_html

Act = Callable[[dict[str, Any]], Awaitable[None]]
# A click tells what its nearest `data-act` says; a form tells its fields too. Nothing else leaves the page.
_ON_CLICK: Final = """(event) => {
  const found = event.target.closest("[data-act]");
  if (found && found.tagName !== "FORM" && !found.disabled) { event.preventDefault(); emit({...found.dataset}); }
}"""
_ON_SUBMIT: Final = """(event) => {
  event.preventDefault();
  const form = event.target;
  emit({...form.dataset, ...Object.fromEntries(new FormData(form, event.submitter))});
}"""
# Enter sends and Shift+Enter breaks the line, but not in the middle of a composed character.
_ON_KEY: Final = """(event) => {
  const form = event.target.form;
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && form && event.target.dataset.enter) {
    event.preventDefault(); form.requestSubmit();
  }
}"""


class View:
    """Shows a template, escaped, and hands what people do to `on_act`.

    The browser's purifier takes names from fields that a form has itself: `before`, `title`, `action`.
    """

    def __init__(
        self, template: str, on_act: Act | None = None, *, classes: str = "", live: bool = False
    ) -> None:
        self._template = template
        self._element = ui.html("").classes(f"view {classes}")
        if live:
            self._element.props["aria-live"] = "polite"
        if on_act is not None:
            self._listen(on_act)

    def show(self, **what: Any) -> None:
        """Show it; nothing is sent when nothing changed."""
        said = rendered(self._template, **what)
        if said != self._element.content:
            self._element.set_content(said)

    @property
    def shown(self) -> bool:
        """Whether it was ever shown."""
        return bool(self._element.content)

    def reveal(self) -> None:
        """Bring it to where the reader looks, and the keyboard with it."""
        found = f"getHtmlElement({self._element.id})"
        script = f"{found}.scrollIntoView({{block: 'nearest'}}); {found}.querySelector('button')?.focus()"
        self._element.client.run_javascript(script)

    def _listen(self, on_act: Act) -> None:
        async def acted(event: GenericEventArguments) -> None:
            if isinstance(event.args, dict):
                await on_act(cast("dict[str, Any]", event.args))

        self._element.on("click", acted, js_handler=_ON_CLICK)
        self._element.on("submit", acted, js_handler=_ON_SUBMIT)
        self._element.on("keydown", js_handler=_ON_KEY)


def rendered(template: str, **what: Any) -> str:
    """Write a template; all that it is given is escaped."""
    return _templates().get_template(template).render(**what)


def moment(value: str | None) -> Markup:
    """A moment as people read it; the whole of it when pointed at."""
    if not value:
        return Markup("")
    at = datetime.fromisoformat(value).astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S} UTC", f"{at:%d %b, %H:%M}"
    )


def seconds(value: float | None) -> str:
    """A length of time, as short as it can be said."""
    if value is None:
        return ""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 100 else f"{value / 60:.0f} min"


def money(value: float | None) -> str:
    """Dollars, to the hundredth of a cent."""
    return "" if value is None else f"${value:,.4f}".rstrip("0").rstrip(".") if value else "$0"


def counted(number: int, what: str) -> str:
    """So many of them, as it is said of one and of several."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("graph.console"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"moment": moment, "seconds": seconds, "money": money, "markdown": safe_html}
    made.filters["counted"] = cast("Any", counted)
    made.globals |= {"mounted": cast("Any", MOUNTED)}
    return made
