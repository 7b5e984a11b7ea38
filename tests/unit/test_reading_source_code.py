import time

import pytest

from dagster_kb.readers.code_languages import LANGUAGES
from dagster_kb.readers.reading import read_document
from dagster_kb.readers.source_code import read_source_code
from tests.doubles.sample_documents import PYTHON


def paths(suffix: str, text: str) -> list[str]:
    parsed = read_source_code(text.encode(), LANGUAGES[suffix])
    assert parsed.text == text
    return [" > ".join(one.heading_path) for one in parsed.blocks]


@pytest.mark.parametrize(("suffix", "text", "expected"), [
    (".py", PYTHON, ["", "keep", "Gateway", "Gateway > ask", "Gateway > refuse", ""]),
    (".js", "import x;\nexport const go = async () => {};\nexport default class A {\n  b() {}\n}\n",
     ["", "go", "A", "A > b"]),
    (".ts", "interface A { a: string }\nnamespace N {\n  export function f() {}\n}\n", ["A", "N", "N > f"]),
    (".tsx", "export function App() { return <div/> }\n", ["App"]),
    (".go", "package main\n\n// Do does.\nfunc (t *T) Do(x int) error { return nil }\n", ["", "(t *T) Do"]),
    (".rs", "impl Display for P {\n  fn fmt(&self) -> R { todo!() }\n}\nmod m { fn a() {} }\n",
     ["Display for P", "Display for P > fmt", "m", "m > a"]),
    (".java", "package a.b;\n@Entity\npublic class Foo {\n  public int m() { return 1; }\n}\n",
     ["", "Foo", "Foo > m"]),
    (".c", "#include <a.h>\nstatic int *add(int a)\n{\n  return 0;\n}\n", ["", "add"]),
    (".h", "namespace a {\nclass K { int m() { return 1; } };\n}\nint K::z() { return 1; }\n",
     ["a", "a > K", "a > K > m", "K::z"]),
    (".cs", "namespace A.B {\n  public class C {\n    void M() {}\n  }\n}\n", ["A.B", "A.B > C", "A.B > C > M"]),
    (".rb", "module A\n  class B\n    def m; end\n  end\nend\n", ["A", "A > B", "A > B > m"]),
    (".php", "<?php\nclass B {\n  function m() {}\n}\nfunction f() {}\n", ["", "B", "B > m", "f"]),
    (".scala", "object O {\n  def f(x: Int) = x\n}\n", ["O", "O > f"]),
    (".sh", "# says\nsay() {\n  echo\n}\nsay\n", ["say", ""]),
    (".kt", "package a\n\n/** d */\ndata class P(val x: Int)\n\nfun go(): Int = 1\n", ["", "P", "go"]),
    (".sql", "-- t\ncreate table if not exists a.t (x int);\ncreate or replace view v as select 1;\n", ["a.t", "v"]),
    (".tf", 'resource "x" "main" {\n}\n', ["x main"]),
])  # fmt: skip
def test_headings_are_the_names_of_what_is_defined(suffix: str, text: str, expected: list[str]):
    assert paths(suffix, text) == expected


def test_a_comment_and_its_decorators_stay_with_a_function():
    parsed = read_source_code(PYTHON.encode(), LANGUAGES[".py"])
    text = parsed.text[parsed.blocks[1].start : parsed.blocks[1].end]
    assert text.startswith("# How long a token is kept.\n@cache\ndef keep")
    ask = parsed.text[parsed.blocks[3].start : parsed.blocks[3].end]
    assert ask.startswith("    def ask(")


def test_offsets_count_characters_not_bytes():
    text = '"""Größe, 文字 👨."""\n\n\ndef größe():\n    return "ß"\n\n\ndef zwei():\n    pass\n'
    parsed = read_source_code(text.encode(), LANGUAGES[".py"])
    assert [text[one.start : one.end].split("\n")[0] for one in parsed.blocks] == [
        text.split("\n")[0], "def größe():", "def zwei():"
    ]  # fmt: skip


def test_functions_are_chunks_of_their_own():
    found = read_document("a.py", PYTHON.encode(), count_tokens=lambda text: len(text.split()))
    assert ("Gateway", "refuse") in [one.heading_path for one in found.chunks]


@pytest.mark.parametrize("suffix", [".py", ".rs", ".cpp", ".scala", ".ts", ".rb", ".lua"])
@pytest.mark.parametrize(
    "unit", ["[", "(a", "class A {\n", "def f():\n ", '"', "a = 1\n", "if x {", "/*", "{}"]
)
def test_hostile_programs_take_bounded_time(suffix: str, unit: str):
    data = (unit * (30_000 // len(unit))).encode()
    began = time.thread_time()
    read_source_code(data, LANGUAGES[suffix])
    assert time.thread_time() - began < 3
