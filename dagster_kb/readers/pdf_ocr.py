"""Reads pages that are pictures with the program `tesseract`, where the settings ask for it."""

import csv
import io
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from dagster_kb.readers.pdf_lines import Line, PageLines
from kb_contract.errors import BadDocument

_DOTS_PER_INCH: Final = 200
_POINTS_PER_INCH: Final = 72
_LARGEST_SIDE: Final = 5_000
SECONDS_A_PAGE: Final = 60
_WORD: Final = "5"
_SURE: Final = 30.0


@dataclass(frozen=True)
class Tesseract:
    """Knows the languages that pages may be in."""

    languages: str

    def read(self, page: Any) -> PageLines:
        """Return the lines of a page's picture."""
        width, height = page.get_size()
        dots = min(_DOTS_PER_INCH, _LARGEST_SIDE * _POINTS_PER_INCH / max(width, height, 1))
        bitmap = page.render(scale=dots / _POINTS_PER_INCH, grayscale=True)
        try:
            pixels = bitmap.to_numpy()
            picture = b"P5 %d %d 255\n" % (pixels.shape[1], pixels.shape[0]) + pixels.tobytes()
        finally:
            bitmap.close()
        lines = list(_lines(self._run(picture, round(dots)), height, _POINTS_PER_INCH / dots))
        return PageLines(lines, 0.0, height)

    def _run(self, picture: bytes, dots: int) -> str:
        program = shutil.which("tesseract")
        if not program:
            raise BadDocument(
                "PDF_OCR is set, and the program tesseract is not there",
                cure="install it (`apt-get install tesseract-ocr`), or empty PDF_OCR",
            )
        # Its own threads only get into each other's way.
        command = ["env", "OMP_THREAD_LIMIT=1", program, "stdin", "stdout", "-l", self.languages,
                   "--dpi", str(dots), "tsv"]  # fmt: skip
        try:
            done = subprocess.run(
                command, input=picture, capture_output=True, timeout=SECONDS_A_PAGE, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise BadDocument(
                f"OCR of one page takes more than {SECONDS_A_PAGE} s",
                cure="make its pictures smaller, or give it a text layer",
            ) from error
        if done.returncode:
            said = " ".join(done.stderr.decode("utf-8", "replace").split())[:300]
            raise BadDocument(
                f"tesseract failed: {said}",
                cure=f"check that it has the languages {self.languages}: `tesseract --list-langs`",
            )
        return done.stdout.decode("utf-8", "replace")


def _lines(table: str, height: float, scale: float) -> Iterator[Line]:
    rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = (one for one in rows if one["level"] == _WORD and float(one["conf"]) >= _SURE
             and one["text"].strip())  # fmt: skip
    for _, group in groupby(
        words, key=lambda one: (one["block_num"], one["par_num"], one["line_num"])
    ):
        line = list(group)
        tops = [int(one["top"]) for one in line]
        bottoms = [int(one["top"]) + int(one["height"]) for one in line]
        yield Line(
            cells=(" ".join(one["text"] for one in line),),
            left=int(line[0]["left"]) * scale,
            bottom=height - max(bottoms) * scale,
            top=height - min(tops) * scale,
            bold=False,
        )
