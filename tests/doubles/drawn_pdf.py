"""PDFs as people's programs lay them out: a body in one or two columns, titles and numbers at the edges."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.doubles.sample_documents import pdf_document

HEIGHT = 842
LEFT, SECOND_LEFT = 72, 320


@dataclass(frozen=True)
class DrawnLine:
    words: str
    size: float = 11
    bold: bool = False
    gap: float = 1.4
    """To the next line, in heights of the letters."""


@dataclass(frozen=True)
class DrawnColumn:
    left: float
    lines: Sequence[DrawnLine]
    lower: float = 0
    """How much lower than the page's first line it begins."""


@dataclass(frozen=True)
class DrawnPage:
    body: Sequence[DrawnLine]
    right: Sequence[DrawnLine] = ()
    """A second column."""
    columns: Sequence[DrawnColumn] = ()
    """Further ones."""
    header: str = ""
    footer: str = ""
    top: float = 760
    small: float = 9
    """Size of the letters at the edges."""
    pictures: Sequence[tuple[float, float, float, float]] = field(default=())
    """Left, bottom, width and height of each."""


def drawn(pages: Sequence[DrawnPage]) -> bytes:
    return pdf_document([_drawing(page) for page in pages])


def plain(*words: str) -> DrawnPage:
    """Lines of one size, one below the other, as a script writes them that knows no margins."""
    return DrawnPage([DrawnLine(one) for one in words], top=780)


def _drawing(page: DrawnPage):
    def draw(canvas) -> None:
        for left, bottom, width, height in page.pictures:
            canvas.drawImage(_grey(), left, bottom, width=width, height=height)
        canvas.setFont("Helvetica", page.small)
        canvas.drawString(LEFT, HEIGHT - 40, page.header)
        _column(canvas, page.body, LEFT, page.top)
        _column(canvas, page.right, SECOND_LEFT, page.top)
        for one in page.columns:
            _column(canvas, one.lines, one.left, page.top - one.lower)
        canvas.setFont("Helvetica", page.small)
        canvas.drawCentredString(297, 34, page.footer)

    return draw


def _column(canvas, lines: Sequence[DrawnLine], left: float, top: float) -> None:
    for line in lines:
        canvas.setFont("Helvetica-Bold" if line.bold else "Helvetica", line.size)
        canvas.drawString(left, top, line.words)
        top -= line.size * line.gap


def _grey():
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    return ImageReader(Image.new("L", (60, 80), 200))
