"""Poison in what git keeps beside bytes: names, links, and settings that would run programs."""

from collections.abc import Iterator

Family = Iterator[tuple[str, str | bytes, bytes, str] | tuple[str, str | bytes, bytes, str, str]]
PAGE = b"# Named\n\nWords under a strange name: %s.\n"
NO_COMMIT = b"0123456789012345678901234567890123456789"


def names() -> Family:
    strange: dict[str, str | bytes] = {
        "255 bytes": "n" * 252 + ".md",
        "900 bytes deep": "/".join(["d" * 100] * 8) + "/deep.md",
        "4096 bytes deep": "/".join(["e" * 200] * 20) + "/deep.md",
        "newline": "new\nline.md",
        "tab": "tab\there.md",
        "escape": "esc\x1b[31m.md",
        "emoji": "\U0001f4a3.md",
        "dash": "-rf.md",
        "two dashes": "--force.md",
        "dots": "...md",
        "percent": "%00 %2e%2e%2f.md",
        "backslash": "..\\..\\up.md",
        "absolute": "C:\\Windows\\a.md",
        "device": "CON.md",
        "spaces": "  spaces  .md",
        "quotes": "'\"`$(touch poisoned).md",
        "glob": "*[a-z]?.md",
        "colon": ":(top)magic.md",
        "template": "{{ 7*7 }} ${x} %s.md",
        "rtl": "\u202egpj.md",
        "combining": "e\u0301.md",
        "composed": "\u00e9.md",
        "not UTF-8": b"caf\xe9.md",
        "surrogate": b"half\xed\xa0\x80.md",
        "case twin": "Twin.md",
        "other case twin": "twin.md",
        "shout": "SHOUT.MD",
        "two suffixes": "archive.tar.gz.md",
        "sql": "'; drop table kb.documents; --.md",
        "html": "<script>alert(1)</script>.md",
    }
    for about, name in strange.items():
        yield "names", name, PAGE % about.encode(), "" if "bytes" in about else _fate(name)
    yield "names", ".hidden.md", PAGE % b"hidden", "ignored"
    yield "names", "sub/.hidden/page.md", PAGE % b"hidden folder", "ignored"
    yield "names", "no suffix", PAGE % b"no suffix", "ignored"
    yield "names", "wrong.suffix", PAGE % b"suffix", "ignored"


def _fate(name: str | bytes) -> str:
    if isinstance(name, str) and name.startswith("."):
        return "ignored"  # hidden
    return "published" if isinstance(name, str) else "quarantined"


def links(outside: str) -> Family:
    for about, target in {
        "file": "good-0.md", "folder": "..", "itself": "link itself.md", "outside": outside,
        "up and out": "../../../../../../../../etc/passwd", "proc": "/proc/self/environ",
        "device": "/dev/zero", "nothing": "not/there.md", "ring one": "link ring two.md",
        "ring two": "link ring one.md", "empty": "x", "long": "/".join(["y" * 200] * 20),
    }.items():  # fmt: skip
        yield "symbolic links", f"link {about}.md", target.encode(), "quarantined", "120000"
    yield "symbolic links", "linked folder", outside.encode(), "quarantined", "120000"
    yield "submodules", "module", NO_COMMIT, "quarantined", "160000"
    yield "submodules", "module.md", NO_COMMIT, "quarantined", "160000"
    pointer = (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"
    )
    for suffix in ("md", "pdf", "txt", "bin"):
        yield "LFS pointers", f"pointer.{suffix}", pointer, "quarantined"
    yield "modes", "executable.md", b"#!/bin/sh\ntouch poisoned\n", "published", "100755"
    yield "sizes", "21 MB of zeros.md", b"\0" * (21 * 1024 * 1024), "quarantined"
    yield "sizes", "21 MB of zeros.pdf", b"%PDF-1.4\n" + b"\0" * (21 * 1024 * 1024), "quarantined"


def same_twice() -> Family:
    for name in ("one", "two"):
        yield (
            "same twice",
            f"same id {name}.md",
            f"---\nid: 7\n---\n# Same id {name}\n".encode(),
            "published",
        )
        yield "same twice", f"same bytes {name}.md", b"# The very same\n\nBytes.\n", "published"
        yield (
            "same twice",
            f"same title {name}.md",
            f"---\ntitle: T\n---\nWords {name}\n".encode(),
            "published",
        )
    yield (
        "same twice",
        "same chunk.md",
        b"# A\n\nSame.\n\n# A\n\nSame.\n\n# A\n\nSame.\n" * 50,
        "published",
    )


def git_settings(outside: str) -> Family:
    attributes = (
        b"*.md filter=evil diff=evil merge=evil ident\nsmudged.md working-tree-encoding=UTF-16\n"
        b"* export-subst\n"
    )
    yield "git settings", ".gitattributes", attributes, "ignored"
    module = f'[submodule "module"]\n path = module\n url = file://{outside}\n update = !touch poisoned\n'
    yield "git settings", ".gitmodules", module.encode(), "ignored"
    yield (
        "git settings",
        "smudged.md",
        b"# Smudged\n\n$Id$ as git has it, $Format:%H$.\n",
        "published",
    )
