"""Renews the catalogues of all languages from the code; what is new in them waits for its words."""

import sys

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.core.people.languages import Language
from tests.words.found import save, strings, template, written


def main() -> None:
    """Write them, and say what each lacks."""
    said = template()
    for language in Language:
        if language is Language.ENGLISH:
            continue
        catalogue = Catalog(locale=language, charset="utf-8")
        if (path := written(language)).exists():
            with path.open("rb") as old:
                catalogue = read_po(old, locale=language)
        catalogue.update(said, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        save(language, catalogue)
        lacking = [message for message in catalogue if message.id and not all(strings(message))]
        sys.stdout.write(f"{path.name}: {len(catalogue)} sentences, {len(lacking)} without words\n")


if __name__ == "__main__":
    main()
