"""More than 150 files that hurt: each is named, made here, and says what has to become of it.

They are committed by `git fast-import`, which takes names that no file system would.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.doubles import poison_archives, poison_links, poison_markup, poison_texts

Made = bytes | Callable[[], bytes]
HEAVY = frozenset({
    "flood 100 k headings.md", "flood setext.md", "flood reference definitions.md", "flood 4 MB line.md",
    "flood 4 MB word.md", "flood nested lists.md", "flood front matter again and again.md",
    "flood emphasis 1 MB.md", "flood 1 M headings.md", "flood table of one row.md", "flood escapes.md",
    "flood fence never closed.md", "flood references to nothing.md", "flood backticks.md",
    "flood 50 MB line.md", "flood 19 MB line.md", "yaml scalar of 20 MB.md", "office far cell.xlsx",
    "pdf double bomb.pdf", "pdf deflate bomb.pdf", "pdf words bomb.pdf", "office media bomb.docx",
    "office many parts.docx", "office row bomb.xlsx", "table many rows.csv", "table many columns.csv",
    "code one line.js",
})  # fmt: skip
"""Each takes a second or more of a processor, made, read and indexed; others hurt in the same ways."""


@dataclass(frozen=True)
class Poison:
    """A file; `fate` is "published", "unpublished", "quarantined", "ignored", or nothing where both are right."""

    kind: str
    name: bytes
    content: Made
    fate: str = ""
    mode: str = "100644"

    @property
    def heavy(self) -> bool:
        return self.name.decode(errors="replace") in HEAVY

    def data(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content()


def corpus(outside: str) -> list[Poison]:
    """Make them all; `outside` is a file that none of them may bring in."""
    found = list(_all(outside))
    names = [one.name for one in found]
    assert len(names) == len(set(names)), "two poisons of one name"
    assert sum(one.heavy for one in found) == len(HEAVY)
    return found


def _all(outside: str) -> Iterator[Poison]:
    for family in (
        poison_texts.encodings(), poison_texts.unicode_tricks(), poison_texts.front_matter(),
        poison_texts.yaml_bombs(), poison_texts.empty(), poison_markup.floods(),
        poison_markup.pages(outside), poison_markup.restructured(outside), poison_markup.tables(),
        poison_markup.notebooks(), poison_markup.code(), poison_archives.binaries(),
        poison_archives.office(outside), poison_archives.pdfs(outside), poison_links.names(),
        poison_links.links(outside), poison_links.same_twice(), poison_links.git_settings(outside),
    ):  # fmt: skip
        for kind, name, content, fate, *mode in family:
            raw = name.encode() if isinstance(name, str) else name
            yield Poison(kind, raw, content, fate, *mode)


def fast_import(poisons: list[Poison], folder: str) -> Iterator[bytes]:
    """Write the stream that makes one commit of them on top of what is there."""
    yield b"commit refs/heads/main\ncommitter T <t@example.org> 1700000000 +0000\ndata 6\npoison\n"
    yield b"from refs/heads/main^0\n"
    for one in poisons:
        path = quoted(folder.encode() + b"/" + one.name)
        data = one.data()
        if one.mode == "160000":
            yield b"M 160000 " + data + b" " + path + b"\n"
        else:
            yield b"M %s inline %s\ndata %d\n" % (one.mode.encode(), path, len(data))
            yield data
            yield b"\n"


def quoted(path: bytes) -> bytes:
    """Quote as git does, so that any byte can be in a name."""
    plain = {ord("\\"): b"\\\\", ord('"'): b'\\"', ord("\n"): b"\\n"}
    return b'"' + b"".join(
        plain.get(one, b"%c" % one if 32 <= one < 127 else b"\\%03o" % one) for one in path
    ) + b'"'  # fmt: skip
