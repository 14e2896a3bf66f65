"""Finds the sentences of the code that are said by `tr`, `tr_many` and `mark`, and what is not."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import write_po

from bot.cards.languages import speech
from bot.core.people.languages import Language

ROOT = Path(speech.__file__).parents[3]
SAID_BY = {"tr": 1, "mark": 1, "tr_many": 2}
"""How many sentences each takes, which are its first arguments."""

MOST_CHARS = {
    "label": 80,
    "title": 45,
    "placeholder": 100,
    "description": 100,
    "group_description": 100,
    "choice": 100,
    "menu": 32,
    "field": 45,
}
"""Discord's narrowest limits, by the name under which a sentence is given to discord.py."""

GIVEN_TO: Mapping[tuple[str, str | None], str] = {
    ("Choice", "name"): "choice",
    ("ContextMenu", "name"): "menu",
    ("Label", "text"): "field",
    ("TextInput", "label"): "field",
}
"""Where the name of the keyword does not tell: what is called there, and the keyword."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the code, with its plural where it has one."""

    one: str
    many: str | None
    path: str
    line: int
    given_as: str | None
    """The keyword of the innermost call that it is part of, by a constant's name too."""

    is_called_with: frozenset[str] | None
    """Its facts; `None` where only the caller knows them."""

    @property
    def key(self) -> str | tuple[str, str]:
        return self.one if self.many is None else (self.one, self.many)


def sources() -> Iterator[Path]:
    for package in ("bot", "cogs"):
        yield from sorted((ROOT / package).rglob("*.py"))


def sentences() -> list[Sentence]:
    return [found for path in sources() for found in _in(path)]


def _in(path: Path) -> Iterator[Sentence]:
    tree = ast.parse(path.read_text())
    keywords = _keywords(tree)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if (count := SAID_BY.get(node.func.id)) is None or path.name == "speech.py":
            continue
        said = [_literal(argument) for argument in node.args[:count]]
        if None in said:
            assert node.func.id == "tr", f"{path}:{node.lineno}: give {node.func.id} literals"
            assert not isinstance(node.args[0], ast.JoinedStr), f"{path}:{node.lineno}: an f-string"
            continue
        one, many = said[0], said[1] if count > 1 else None
        assert one is not None
        yield Sentence(
            one,
            many,
            str(path.relative_to(ROOT)),
            node.lineno,
            keywords.get(id(node)),
            _facts(node),
        )


def _keywords(tree: ast.Module) -> dict[int, str]:
    """As what each part of a call's keywords is given; of nested calls the innermost tells."""
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    given: dict[int, str] = {}
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call | ast.ClassDef):
            continue
        called = _called(call)
        for keyword in call.keywords:
            name = "description" if called == "describe" else keyword.arg
            name = GIVEN_TO.get((called, name), name)
            for part in ast.walk(keyword.value):
                found = constants.get(_named(part), part)
                for each in ast.walk(found) if found is not part else [part]:
                    if name and (found is part or name in MOST_CHARS):
                        given[id(each)] = name
    return given


def _called(node: ast.Call | ast.ClassDef) -> str:
    if isinstance(node, ast.ClassDef):
        return node.name
    return node.func.attr if isinstance(node.func, ast.Attribute) else _named(node.func)


def _named(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _facts(call: ast.Call) -> frozenset[str] | None:
    assert isinstance(call.func, ast.Name)
    if call.func.id == "mark" or any(keyword.arg is None for keyword in call.keywords):
        return None
    own = {"count"} if call.func.id == "tr_many" else set()
    return frozenset({keyword.arg for keyword in call.keywords if keyword.arg} | own)


def places(sentence: str) -> frozenset[str]:
    """The facts that a sentence has room for, each with how it is written."""
    return frozenset(
        f"{name}:{spec}" if spec else name
        for _, name, spec, _ in Formatter().parse(sentence)
        if name is not None
    )


def names(sentence: str) -> frozenset[str]:
    return frozenset(place.partition(":")[0] for place in places(sentence))


def template() -> Catalog:
    """All sentences, untranslated."""
    catalogue = Catalog(project="Marionette", charset="utf-8")
    for sentence in sentences():
        catalogue.add(sentence.key, locations=[(sentence.path, 0)])
    return catalogue


def written(language: Language) -> Path:
    return speech.HERE / f"{language}.po"


def save(language: Language, catalogue: Catalog) -> None:
    """Write a language's catalogue, so that it changes only where its words do."""
    head = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    with written(language).open("wb") as file:
        file.write(head.encode())
        write_po(
            file, catalogue, width=100, sort_output=True, omit_header=True, include_lineno=False
        )


def strings(message: Message) -> list[str]:
    """What a language has for it, for each number."""
    said = message.string or ""
    return [said] if isinstance(said, str) else list(said)


def unsaid(path: Path) -> Iterator[tuple[int, str]]:
    """Texts of several words that are neither said in the reader's language nor written for us."""
    tree = ast.parse(path.read_text())
    passed = {id(part) for node in ast.walk(tree) if _is_ours(node) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in passed or not isinstance(node, ast.Constant):
            continue
        if isinstance(node.value, str) and re.search(
            r"[A-Za-z]{2,}[,;:.]? [A-Za-z]{2,}", node.value
        ):
            yield node.lineno, node.value


def _is_ours(node: ast.AST) -> bool:
    """Docstrings, what is logged or raised for us, and what is said already."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Assert):
        return True
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name):
            return node.func.id in SAID_BY
        if isinstance(node.func, ast.Attribute):
            of = node.func.value
            return isinstance(of, ast.Name) and of.id == "log"
    return False
