"""Poison in text: how it is encoded, what is in it that nobody sees, and its front matter."""

from collections.abc import Callable, Iterator

Family = Iterator[tuple[str, str | bytes, bytes | Callable[[], bytes], str]]
WORDS = "# Title\n\nWords that can be read, ünïcode and all.\n"


def encodings() -> Family:
    invalid = {
        "lone continuation": b"\x80", "lone lead": b"\xc3", "overlong slash": b"\xc0\xaf",
        "overlong in three": b"\xe0\x80\xaf", "overlong in four": b"\xf0\x80\x80\xaf",
        "above the last": b"\xf4\x90\x80\x80", "lead F5": b"\xf5\x80\x80\x80", "byte FE": b"\xfe",
        "byte FF": b"\xff", "high surrogate": b"\xed\xa0\x80", "low surrogate": b"\xed\xbf\xbf",
        "surrogate pair": b"\xed\xa0\xbd\xed\xb8\x80", "three cut to two": b"\xe2\x82",
        "four cut to three": b"\xf0\x9f\x98", "windows-1252": "„Größe“".encode("windows-1252"),
        "latin-1": "naïve café".encode("latin-1"), "shift-jis": "日本語".encode("shift-jis"),
    }  # fmt: skip
    for about, hurt in invalid.items():
        name = f"utf8 {about}.md"
        yield "invalid UTF-8", name, b"# Title\n\nbefore " + hurt + b" after\n", "quarantined"
    yield "invalid UTF-8", "utf8 cut at the end.md", b"# Title\n\nend " + b"\xe2\x82", "quarantined"
    for code in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        mark = "\ufeff".encode(code)
        yield "other encodings", f"{code} with mark.md", mark + WORDS.encode(code), "quarantined"
        yield "other encodings", f"{code} bare.md", WORDS.encode(code), "quarantined"
    yield "other encodings", "ebcdic.md", WORDS.replace("ü", "u").encode("cp500", "replace"), ""
    yield "other encodings", "utf-7.md", WORDS.encode("utf-7"), "published"
    yield "other encodings", "utf-8 with mark.md", b"\xef\xbb\xbf" + WORDS.encode(), "published"
    yield "other encodings", "two marks.md", b"\xef\xbb\xbf" * 2 + WORDS.encode(), "published"
    for about, data in {
        "first": b"\0# Title\n", "within": b"# Title\n\na\0b\n", "last": b"# Title\n\nwords\0",
        "only": b"\0" * 5000, "in a text.txt": b"words\0words", "in a table.csv": b"a,b\n1,\0\n",
        "in code.py": b"x = '\0'\n", "in a page.html": b"<p>a\0b</p>",
    }.items():  # fmt: skip
        name = f"nul {about}" if "." in about else f"nul {about}.md"
        yield "NUL", name, data, "" if name.endswith("html") else "quarantined"


def unicode_tricks() -> Family:
    tricks = {
        "rtl": "# \u05db\u05d5\u05ea\u05e8\u05ea\n\n\u05de\u05d9\u05dc\u05d9\u05dd.\n",
        "bidi override": "# T\n\nsafe \u202etxt.exe\u202c and \u2066isolated\u2069.\n",
        "bidi unclosed": "# T\n\n" + "\u202e\u2067" * 5000 + "words\n",
        "zero width": "# T\u200b\n\npass\u200bword\u2060 \ufeffwords\u200d.\n",
        "only zero width": "\u200b\u200c\u200d\u2060\ufeff" * 100,
        "tag characters": "# T\n\nwords"
        + "".join(chr(0xE0000 + ord(c)) for c in "ignore all")
        + "\n",
        "variation selectors": "# T\n\nwords"
        + "".join(chr(0xE0100 + n) for n in range(200))
        + "\n",
        "noncharacters": "# T\n\nwords \ufdd0 \ufffe \uffff \U0010ffff.\n",
        "private use": "# T\n\nwords \ue000 \U000f0000.\n",
        "combining flood": "# T\n\ne" + "\u0301" * 100_000 + " words\n",
        "zalgo": "# T\n\n" + "".join(c + "\u0336\u0489\u035d" * 30 for c in "words " * 50) + "\n",
        "emoji family": "# T\n\n" + "\U0001f468\u200d\U0001f469\u200d\U0001f467 " * 10_000 + "\n",
        "one long emoji": "# T\n\n" + "\U0001f468\u200d" * 50_000 + "\n",
        "ansi escapes": "# T\n\n\x1b[2J\x1b[31mwords\x1b[0m \x1b]0;title\x07 end\n",
        "control characters": "# T\n\n"
        + "".join(map(chr, [*range(1, 9), *range(14, 32)]))
        + " words\n",
        "odd line ends": "# T\u2028\u2029\x85\x0b\x0cwords\r\rmore\r\n\n\rend",
        "confusables": "# \u0410dmin\n\np\u0430ypal w\u043erds\n",
        "hangul jamo": "# T\n\n" + "\u1100\u1161\u11a8" * 20_000 + "\n",
        "ligature flood": "# T\n\n" + "\ufdfa" * 20_000 + "\n",
    }
    for about, text in tricks.items():
        fate = "" if about in ("only zero width",) else "published"
        yield "unicode tricks", f"{about}.md", text.encode(), fate


def _front(yaml: str) -> bytes:
    return f"---\n{yaml}\n---\n\n# Title\n\nWords below wrong front matter.\n".encode()


def front_matter() -> Family:
    wrong = [
        "title: [a]", "title: {a: b}", "version: [1]", "version: {a: 1}", "status: [draft]",
        "status: {a: b}", "agent_id: [a]", "agent_id: {a: b}", "agent_id: somebody_else",
        "tags: {a: b}", "tags: [[a]]", "tags: [{a: b}]", "purpose: [a]", "purpose: {a: b}",
        "effective: soon", "effective: [2026-01-01]", "effective: 2026-02-30", "expires: 31.12.2026",
        "expires: {a: b}", "effective: 2026-02-01\nexpires: 2026-01-01",
        "effective: 2026-01-01\nexpires: 2026-01-01", "audience:", "audience: []", "audience: {a: b}",
        "audience: 'a, b'", "audience: [[a]]", "audiences: [hr]", "- a\n- b", "just words", "42", "'text'",
        "[a, b]", "a", "title: a: b", "a: 'open", "{{ template }}", "title: {{ page }}", "? [a]\n: b",
        "a: b\x07", 'a: "\\0"', 'a: "\\ud800"', "a: b\n--- c", "\ta: b", "a: @b", "a: `b`", "%YAML 9.9",
        "title: " + "x" * 501, "tags: [" + ",".join(f"t{n}" for n in range(101)) + "]",
    ]  # fmt: skip
    for number, yaml in enumerate(wrong):
        yield "wrong front matter", f"front {number:02}.md", _front(yaml), "quarantined"
    yield "wrong front matter", "front open.md", b"---\ntitle: never closed\n\n# T\n", "quarantined"
    yield "wrong front matter", "front open at once.md", b"---", "quarantined"


def yaml_bombs() -> Family:
    laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "\n".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]" for n in range(9)
    )
    bombs = {
        "billion laughs": laughs,
        "one alias": "a: &x b\nc: *x",
        "merge keys": "base: &base {a: 1}\nmine:\n  <<: *base",
        "alias to itself": "a: &a [*a]",
        "open brackets": "a: " + "[" * 100_000,
        "open braces": "a: " + "{a: " * 30_000,
        "questions": "? " * 60_000,
        "dashes": "- " * 60_000,
        "deep by indent": "\n".join(" " * n + f"k{n}:" for n in range(400)),
        "many keys": "\n".join(f"k{n}: v" for n in range(20_000)),
        "duplicate keys": "acl: private\nacl: public",
        "duplicate title": "title: a\ntitle: b",
        "python tag": "a: !!python/object/apply:os.system ['touch /tmp/poisoned']",
        "python name": "a: !!python/name:os.system",
        "binary tag": "a: !!binary aGFsbG8=",
        "own tag": "a: !Ref b",
        "long scalar": "a: '" + "x" * 400_000 + "'",
    }
    for about, yaml in bombs.items():
        yield "YAML bombs", f"yaml {about}.md", _front(yaml), "quarantined"
    yield (
        "YAML bombs",
        "yaml scalar of 6 MB.md",
        lambda: _front("a: " + "x" * 6_000_000),
        "quarantined",
    )
    yield (
        "YAML bombs",
        "yaml scalar of 20 MB.md",
        lambda: _front("a: " + "x" * 20_000_000),
        "quarantined",
    )
    guessed = "a: NO\nb: 012\nc: 12:30:45\nd: 2001-02-30\ne: 0x1f\nf: .inf\ng: 1e400"
    yield "YAML bombs", "yaml guessed types.md", _front(guessed), "published"


def empty() -> Family:
    for about, data in {
        "empty": b"",
        "blank": b" \t\n\r\n\x0c\n",
        "only a mark": b"\xef\xbb\xbf",
    }.items():
        yield "empty", f"{about}.md", data, "quarantined"
    yield "empty", "only front matter.md", b"---\ntitle: t\n---\n", "unpublished"
    yield "empty", "only front matter, unended.md", b"---\ntitle: t\n---", "unpublished"
    for suffix in ("txt", "html", "rst", "csv", "pdf", "docx", "pptx", "xlsx", "ipynb", "py"):
        yield "empty", f"nothing.{suffix}", b"", "quarantined"
    yield "empty", "only a comment.md", b"<!-- nobody sees this -->\n", ""
    yield "empty", "only a rule.md", b"***\n", ""
    yield "empty", "only an image.md", b"![](x.png)\n", ""
    yield "empty", "only a heading.md", b"# Heading\n", "published"
