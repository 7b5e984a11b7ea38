"""Which suffix is which language, and what defines something in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_FUNCTIONS: Final = frozenset(
    {
        "function_definition",
        "function_declaration",
        "generator_function_declaration",
        "function_item",
        "function_signature_item",
        "method_declaration",
        "method_definition",
        "method",
        "singleton_method",
        "constructor_declaration",
        "destructor_declaration",
        "operator_declaration",
        "property_declaration",
        "macro_definition",
        "enum_declaration",
        "enum_item",
        "enum_definition",
        "enum_specifier",
        "type_alias_declaration",
        "type_declaration",
        "type_item",
        "struct_item",
        "union_item",
        "record_declaration",
        "delegate_declaration",
        "annotation_type_declaration",
    }
)
_CONTAINERS: Final = frozenset(
    {
        "class_definition",
        "class_declaration",
        "abstract_class_declaration",
        "class_specifier",
        "struct_specifier",
        "struct_declaration",
        "class",
        "module",
        "interface_declaration",
        "internal_module",
        "trait_declaration",
        "trait_definition",
        "object_definition",
        "impl_item",
        "trait_item",
        "mod_item",
        "namespace_definition",
        "namespace_declaration",
    }
)


@dataclass(frozen=True, slots=True)
class Language:
    """A language; without a grammar its definitions are found by their first lines."""

    name: str
    mime: str
    grammar: str = ""
    """Module that brings the grammar; `module:function` where it has several."""


FUNCTIONS: Final = _FUNCTIONS
CONTAINERS: Final = _CONTAINERS

_SUFFIXES: Final[tuple[tuple[str, str, str], ...]] = (
    (".py .pyi", "python", "tree_sitter_python"),
    (".js .jsx .mjs .cjs", "javascript", "tree_sitter_javascript"),
    (".ts .mts .cts", "typescript", "tree_sitter_typescript:language_typescript"),
    (".tsx", "tsx", "tree_sitter_typescript:language_tsx"),
    (".go", "go", "tree_sitter_go"),
    (".rs", "rust", "tree_sitter_rust"),
    (".java", "java", "tree_sitter_java"),
    (".c", "c", "tree_sitter_c"),
    (".h .cc .cpp .cxx .hpp .hh", "c++", "tree_sitter_cpp"),
    (".cs", "csharp", "tree_sitter_c_sharp"),
    (".rb", "ruby", "tree_sitter_ruby"),
    (".php", "php", "tree_sitter_php:language_php"),
    (".scala", "scala", "tree_sitter_scala"),
    (".sh .bash", "shell", "tree_sitter_bash"),
    (".sql", "sql", ""),
    (".kt .kts", "kotlin", ""),
    (".swift", "swift", ""),
    (".dart", "dart", ""),
    (".lua", "lua", ""),
    (".r", "r", ""),
    (".jl", "julia", ""),
    (".pl .pm", "perl", ""),
    (".ps1 .psm1", "powershell", ""),
    (".ex .exs", "elixir", ""),
    (".hs", "haskell", ""),
    (".proto", "protobuf", ""),
    (".graphql", "graphql", ""),
    (".tf", "terraform", ""),
)

LANGUAGES: Final[Mapping[str, Language]] = MappingProxyType(
    {
        suffix: Language(name, f"text/x-{name}", grammar)
        for suffixes, name, grammar in _SUFFIXES
        for suffix in suffixes.split()
    }
)
