"""Words that others wrote, as cards show them: whole, and harmless."""

import pytest

from bot.cards.languages.speech import speaking
from bot.cards.wording import any_of, clean, decimal_text
from bot.core.people.languages import Language


@pytest.mark.parametrize(
    ("written", "in_markdown", "in_code", "plain"),
    [
        ("Ferien am See (2).mp4", *("Ferien am See (2).mp4",) * 3),
        ("IMG_1234.HEIC", r"IMG\_1234.HEIC", "IMG_1234.HEIC", "IMG_1234.HEIC"),
        ("****.png", r"\*\*\*\*.png", "****.png", "****.png"),
        ("a`b``c", r"a\`b\`\`c", "aˋbˋˋc", "a`b``c"),
        (r"C:\new", r"C:\\new", r"C:\new", r"C:\new"),
        ("~~||a||~~", r"\~\~\|\|a\|\|\~\~", "~~||a||~~", "~~||a||~~"),
        ("@everyone", "@\u200beveryone", "@\u200beveryone", "@everyone"),
        ("@\u200beveryone", "@\u200beveryone", "@\u200beveryone", "@everyone"),
        ("<@1> <#2>", "\\<@\u200b1> \\<#2>", "<@\u200b1> <#2>", "<@1> <#2>"),
        ("<:x:1>", r"\<:x:1>", "<:x:1>", "<:x:1>"),
        ("<a:x:1>", r"\<a:x:1>", "<a:x:1>", "<a:x:1>"),
        ("<t:1:R>", r"\<t:1:R>", "<t:1:R>", "<t:1:R>"),
        ("[a](b)", r"\[a\]\(b)", "[a](b)", "[a](b)"),
        ("https://a.example", r"https:\//a.example", "https://a.example", "https://a.example"),
        (" a\n\t# b\u2028c ", *("a # b c",) * 3),
        ("gpj.\u202egnp\u202c", *("gpj.gnp",) * 3),
        ("a\u200b\u2060\ufeff\u00adb", *("ab",) * 3),
        ("👩‍🚀 🫨", *("👩‍🚀 🫨",) * 3),
        ("é ü ß 漢字 שלום", *("é ü ß 漢字 שלום",) * 3),
        ("\u200b\n", *("",) * 3),
    ],
)
def test_what_somebody_has_written_is_shown_as_it_is(
    written: str, in_markdown: str, in_code: str, plain: str
) -> None:
    assert clean(written) == in_markdown
    assert clean(written, within="code") == in_code
    assert clean(written, within="plain") == plain


@pytest.mark.parametrize(
    ("written", "shown"),
    [("abcde", "abcde"), ("abcdef", "abcd…"), ("ab***", r"ab\*…"), ("a_b_c", r"a\_b…")],
)
def test_what_is_too_long_ends_in_dots_and_in_nothing_half(written: str, shown: str) -> None:
    assert clean(written, 5) == shown


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        (Language.ENGLISH, "2.5"),
        (Language.GERMAN, "2,5"),
        (Language.SPANISH, "2,5"),
        (Language.FRENCH, "2,5"),
    ],
)
def test_a_decimal_has_the_mark_of_its_language(language: Language, shown: str) -> None:
    with speaking(language):
        assert decimal_text(2.46) == shown
        assert decimal_text(1234.0) == "1234"
        assert decimal_text(0) == "0"


@pytest.mark.parametrize(
    ("parts", "said"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a or b or c")]
)
def test_what_can_be_chosen_is_told_one_by_one(parts: list[str], said: str) -> None:
    assert any_of(parts) == said
