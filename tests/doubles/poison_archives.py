"""Poison in files that are no text: programs, archives that unpack to gigabytes, broken PDFs."""

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator

Family = Iterator[tuple[str, str | bytes, bytes | Callable[[], bytes], str]]
_TYPES = "http://schemas.openxmlformats.org"
_W = f"{_TYPES}/wordprocessingml/2006/main"


def binaries() -> Family:
    heads = {
        "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff\xe0",
        "gif": b"GIF89a", "elf": b"\x7fELF\x02\x01\x01", "exe": b"MZ\x90\0", "ole": b"\xd0\xcf\x11\xe0",
        "sqlite": b"SQLite format 3\0", "class": b"\xca\xfe\xba\xbe", "wasm": b"\0asm\x01\0\0\0",
        "mp3": b"ID3\x04\0", "webp": b"RIFF\x10\0\0\0WEBP", "woff": b"wOFF\0\x01\0\0", "rar": b"Rar!\x1a\x07",
        "7z": b"7z\xbc\xaf\x27\x1c", "zstd": b"\x28\xb5\x2f\xfd", "pickle": b"\x80\x04\x95cos\nsystem\n",
    }  # fmt: skip
    for about, head in heads.items():
        yield (
            "binary as Markdown",
            f"binary {about}.md",
            head + bytes(range(256)) * 20,
            "quarantined",
        )
    yield "binary as Markdown", "binary all bytes.md", bytes(range(256)), "quarantined"
    yield "binary as Markdown", "binary gzip.md", gzip.compress(b"# words\n" * 1000), "quarantined"
    yield (
        "binary as Markdown",
        "binary gzip bomb.md",
        lambda: gzip.compress(b"\0" * 50_000_000),
        "quarantined",
    )
    yield "binary as Markdown", "binary tar.md", _tar(), "quarantined"
    yield "binary as Markdown", "binary zip.md", _zip({"a": b"b"}), "quarantined"
    for suffix in ("pdf", "docx", "pptx", "xlsx", "ipynb", "html", "rst", "csv"):
        yield "false suffixes", f"random.{suffix}", bytes(range(255, -1, -1)) * 40, ""
        yield "false suffixes", f"words.{suffix}", b"# Just words\n\nUnder another suffix.\n", ""
    yield "false suffixes", "zip.pdf", _zip({"a": b"b"}), "quarantined"
    yield "false suffixes", "pdf.docx", b"%PDF-1.7\n", "quarantined"
    for suffix in ("zip", "gz", "exe", "png", "bin"):
        yield "not documents", f"bomb.{suffix}", _zip({"a": b"\0" * 1_000_000}), "ignored"


def _tar() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        part = tarfile.TarInfo("../../up.md")
        part.size = 5
        tar.addfile(part, io.BytesIO(b"words"))
    return made.getvalue()


def _zip(parts: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return made.getvalue()


def _word(
    body: str, *, relations: str = "", prolog: str = "", more: dict[str, bytes] | None = None
) -> bytes:
    rel = f"{_TYPES}/officeDocument/2006/relationships"
    package = f"{_TYPES}/package/2006"
    return _zip(
        {
            "[Content_Types].xml": (
                f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
                'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
                'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
            ).encode(),
            "_rels/.rels": (
                f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
                f'Type="{rel}/officeDocument" Target="word/document.xml"/></Relationships>'
            ).encode(),
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}/relationships">{relations}</Relationships>'.encode(),
            "word/document.xml": f'{prolog}<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>'.encode(),
            **(more or {}),
        }
    )  # fmt: skip


def _paragraph(words: str) -> str:
    return f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>"


def office(outside: str) -> Family:
    plain = _paragraph("Words of a plain document.")
    rel = f"{_TYPES}/officeDocument/2006/relationships"
    laughs = "".join(
        f"<!ENTITY {chr(98 + n)} '{('&' + chr(97 + n) + ';') * 10}'>" for n in range(8)
    )
    external = f'<Relationship Id="r9" Type="{rel}/image" Target="file://{outside}" TargetMode="External"/>'
    template = f'<Relationship Id="r8" Type="{rel}/attachedTemplate" Target="http://127.0.0.1:9/x.dotm" TargetMode="External"/>'
    books: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
        "plain.docx": (_word(plain), "published"),
        "external image.docx": (_word(plain, relations=external), ""),
        "remote template.docx": (_word(plain, relations=template), ""),
        "paths.docx": (_word(plain, more={"../../../tmp/poisoned": b"x", "/abs": b"x"}), ""),
        "macro.docx": (_word(plain, more={"word/vbaProject.bin": b"\xd0\xcf\x11\xe0" * 100}), ""),
        "laughs.docx": (_word(_paragraph("&i;"), prolog=f"<!DOCTYPE r [<!ENTITY a 'ha'>{laughs}]>"), "quarantined"),
        "external entity.docx": (
            _word(_paragraph("&x;"), prolog=f"<!DOCTYPE r [<!ENTITY x SYSTEM 'file://{outside}'>]>"), "quarantined"),
        "media bomb.docx": (lambda: _word(plain, more={"word/media/a.png": b"\0" * 300_000_000}), ""),
        "words bomb.docx": (lambda: _word(_paragraph("a" * 100_000_000)), "quarantined"),
        "paragraph bomb.docx": (lambda: _word("<w:p/>" * 6_000_000), ""),
        "many parts.docx": (lambda: _word(plain, more={f"word/p{n}.xml": b"<a/>" for n in range(20_000)}), ""),
        "deep.docx": (_word("<w:tbl><w:tr><w:tc>" * 3_000 + plain), "quarantined"),
        "deep whole.docx": (_word("<w:tbl><w:tr><w:tc>" * 300 + plain + "</w:tc></w:tr></w:tbl>" * 300), ""),
        "deep elements.docx": (_word("<w:p>" * 100_000), "quarantined"),
        "truncated.docx": (_word(plain)[:-60], "quarantined"),
        "half.docx": (_word(plain)[: len(_word(plain)) // 2], "quarantined"),
        "not XML.docx": (_word("<w:p"), "quarantined"),
        "no document.docx": (_zip({"a.txt": b"x"}), "quarantined"),
        "empty archive.docx": (_zip({}), "quarantined"),
        "twice.docx": (_twice(plain), ""),
        "encrypted.docx": (_encrypted(_word(plain)), "quarantined"),
        "wrong sums.docx": (_wrong_sums(_word(plain)), "quarantined"),
        "nested.docx": (lambda: _word(plain, more={"word/embeddings/a.docx": _word(_paragraph("b" * 9_000_000))}), ""),
        "no slides.pptx": (_zip({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b"<p/>"}), "quarantined"),
        "no sheets.xlsx": (_zip({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<w/>"}), "quarantined"),
        "formula.xlsx": (_sheet('<row r="1"><c r="A1"><f>WEBSERVICE("http://127.0.0.1:9")</f><v>1</v></c></row>'), ""),
        "far cell.xlsx": (_sheet('<row r="1048576"><c r="XFD1048576" t="str"><v>far words</v></c></row>'), ""),
        "wrong cell.xlsx": (_sheet('<row r="x"><c r="0A" t="s"><v>99999999</v></c></row>'), ""),
        "row bomb.xlsx": (lambda: _sheet('<row><c t="str"><v>a</v></c></row>' * 1_500_000), ""),
        "cell bomb.xlsx": (lambda: _sheet("<row>" + '<c t="str"><v>a</v></c>' * 1_000_000 + "</row>"), ""),
        "old.docx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000, "quarantined"),
    }  # fmt: skip
    for name, (data, fate) in books.items():
        yield "office files", f"office {name}", data, fate


def _sheet(rows: str) -> bytes:
    main, rel = f"{_TYPES}/spreadsheetml/2006/main", f"{_TYPES}/officeDocument/2006/relationships"
    package, kind = (
        f"{_TYPES}/package/2006",
        "application/vnd.openxmlformats-officedocument.spreadsheetml",
    )
    return _zip(
        {
            "[Content_Types].xml": (
                f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
                'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
                f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>'
            ).encode(),
            "_rels/.rels": (
                f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
                f'Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
            ).encode(),
            "xl/_rels/workbook.xml.rels": (
                f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
                f'Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
            ).encode(),
            "xl/workbook.xml": (
                f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
            ).encode(),
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'.encode(),
        }
    )  # fmt: skip


def _twice(plain: str) -> bytes:
    """One name for two parts: readers differ in which one they take."""
    made = io.BytesIO(_word(plain))
    with zipfile.ZipFile(made, "a") as archive:
        part = zipfile.ZipInfo("word/document2.xml")
        archive.writestr(part, b"<other/>")
    return made.getvalue().replace(b"word/document2.xml", b"word/document.xml\0")


def _encrypted(data: bytes) -> bytes:
    """Set the flag that says so in every header."""
    flagged = bytearray(data)
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = flagged.find(magic)
        while at >= 0:
            flagged[at + place] |= 1
            at = flagged.find(magic, at + 4)
    return bytes(flagged)


def _wrong_sums(data: bytes) -> bytes:
    changed = bytearray(data)
    at = changed.find(b"PK\x01\x02")
    while at >= 0:
        changed[at + 16] ^= 0xFF
        at = changed.find(b"PK\x01\x02", at + 4)
    return bytes(changed)


def _pdf(*objects: bytes, root: int = 1) -> bytes:
    made, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % one for one in places)
    made += b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        root,
        start,
    )
    return bytes(made)


def _stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<</Length %d%s>>\nstream\n" % (len(data), extra) + data + b"\nendstream"


def _page_of(content: bytes, extra: bytes = b"") -> bytes:
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R" + extra + b">>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        content, font,
    )  # fmt: skip


def pdfs(outside: str) -> Family:
    words = b"BT /F 12 Tf 50 700 Td (Words of a plain page.) Tj ET"
    flate = b"/Filter/FlateDecode"
    made: dict[str, tuple[bytes | Callable[[], bytes], str]] = {
        "plain": (_page_of(_stream(words)), "published"),
        "no text": (_page_of(_stream(b"0 0 m 9 9 l S")), "quarantined"),
        "only a head": (b"%PDF-1.7\n", "quarantined"),
        "cut": (_page_of(_stream(words))[:300], ""),
        "deflate bomb": (lambda: _page_of(_stream(zlib.compress(b"0 0 m " * 100_000_000), flate)), ""),
        "double bomb": (
            lambda: _page_of(_stream(zlib.compress(zlib.compress(b" " * 900_000_000)), b"/Filter[/FlateDecode/FlateDecode]")), ""),
        "run length bomb": (lambda: _page_of(_stream(b"\x81 " * 4_000_000, b"/Filter/RunLengthDecode")), ""),
        "words bomb": (lambda: _page_of(_stream(zlib.compress(words * 200_000), flate)), ""),
        "forms in forms": (_forms(), ""),
        "page is its own parent": (_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 99999999>>"), "quarantined"),
        "no pages": (_pdf(b"<</Type/Catalog>>"), "quarantined"),
        "a million pages": (_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1000000/Kids[" + b"3 0 R " * 100_000 + b"]>>",
                                 b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"), ""),
        "deep arrays": (_pdf(b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * 200_000 + b">>", b"<</Type/Pages/Kids[]/Count 0>>"), "quarantined"),
        "deep dictionaries": (_pdf(b"<</A" * 100_000), "quarantined"),
        "ring of xrefs": (b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/Prev 9/Root 1 0 R>>\nstartxref\n9\n%%EOF", "quarantined"),
        "huge box": (_page_of(_stream(words)).replace(b"[0 0 600 800]", b"[0 0 9e9 9e9]"), ""),
        "wrong length": (_page_of(_stream(words)).replace(b"/Length 5", b"/Length 9999995"), ""),
        "script": (_page_of(_stream(words), b"/OpenAction<</S/JavaScript/JS(app.launchURL\\('http://127.0.0.1:9'\\))>>"), "published"),
        "launch": (_page_of(_stream(words), b"/OpenAction<</S/Launch/F(/bin/touch)/Win<</F(poisoned)>>>>"), "published"),
        "outside": (_page_of(b"<</Length 0/F(" + outside.encode() + b")>>\nstream\n\nendstream"), ""),
        "encrypted": (_page_of(_stream(words)).replace(b"trailer\n<<", b"trailer\n<</Encrypt<</Filter/Standard/V 2/R 3/O(" + b"x" * 32 + b")/U(" + b"y" * 32 + b")/P -4/Length 128>>/ID[(a)(b)]"), "quarantined"),
        "polyglot": (b"<!-- " + _page_of(_stream(words)) + b" -->", ""),
        "image bomb": (_image(), ""),
    }  # fmt: skip
    for about, (data, fate) in made.items():
        yield "PDF files", f"pdf {about}.pdf", data, fate


def _forms() -> bytes:
    """Each form draws the next one ten times: ten to the power of nine."""
    forms = [
        _stream(b"/X Do " * 10, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>" % (6 + n))
        for n in range(9)
    ]  # fmt: skip
    last = _stream(b"0 0 m 9 9 l S", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
        _stream(b"/X Do"), *forms, last,
    )  # fmt: skip


def _image() -> bytes:
    picture = _stream(
        zlib.compress(b"\0" * 1_000_000),
        b"/Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/FlateDecode",
    )
    return _pdf(
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>",
        _stream(b"600 0 0 800 0 0 cm /X Do"), picture,
    )  # fmt: skip
