"""Reading a JSON body strictly: every fault is collected at its path, as Discord reports it."""

import re
from collections.abc import Iterator

from sandbox.discord.wire import ApiError, Fault, Json

Key = str | int


class Form:
    """The faults of one body."""

    def __init__(self) -> None:
        self._errors: Json = {}

    def fail(self, path: tuple[Key, ...], code: str, message: str) -> None:
        """Note a fault of the field at that path."""
        node = self._errors
        for key in path:
            node = node.setdefault(str(key), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def check(self) -> None:
        """ApiError 50035 with everything found, if anything was."""
        if self._errors:
            raise ApiError(Fault.INVALID_FORM, self._errors)


class Fields:
    """One object of a body, read field by field; a wrong field is noted and reads as absent."""

    def __init__(self, form: Form, value: object, path: tuple[Key, ...] = ()) -> None:
        self.form = form
        self.path = path
        self.raw: Json = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            self.fail(None, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")

    def __contains__(self, name: str) -> bool:
        return name in self.raw

    def fail(self, name: str | None, code: str, message: str) -> None:
        """Note a fault of one field, or of the object itself."""
        self.form.fail(self.path if name is None else (*self.path, name), code, message)

    def _get(self, name: str, required: bool) -> object | None:
        value: object | None = self.raw.get(name)
        if value is None and required:
            self.fail(name, "BASE_TYPE_REQUIRED", "This field is required")
        return value

    def text(
        self,
        name: str,
        *,
        required: bool = False,
        least: int = 0,
        most: int = 2000,
        pattern: str | None = None,
    ) -> str | None:
        """A string of `least` to `most` characters that matches the whole pattern."""
        value = self._get(name, required)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fail(name, "STRING_TYPE_CONVERT", "Could not interpret the value as string.")
        elif len(value) > most and not least:
            self.fail(name, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        elif not least <= len(value) <= most:
            self.fail(
                name, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length."
            )
        elif pattern and not re.fullmatch(pattern, value):
            self.fail(name, "STRING_TYPE_REGEX", "String value did not match validation regex.")
        else:
            return value
        return None

    def integer(
        self,
        name: str,
        *,
        required: bool = False,
        least: int = -(2**53),
        most: int = 2**53,
        one_of: tuple[int, ...] = (),
    ) -> int | None:
        """A whole number within bounds; digits in a string count, as with Discord."""
        value = self._get(name, required)
        if value is None:
            return None
        if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,20}", str(value)):
            self.fail(name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
            return None
        number = int(str(value))
        if one_of and number not in one_of:
            self.fail(name, "BASE_TYPE_CHOICES", f"Value must be one of {set(one_of)}.")
        elif number < least:
            self.fail(
                name, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least}."
            )
        elif number > most:
            self.fail(name, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")
        else:
            return number
        return None

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """True or false; the default when absent."""
        value = self._get(name, required=False)
        if not isinstance(value, bool | None):
            self.fail(name, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
        return value if isinstance(value, bool) else default

    def snowflake(self, name: str, *, required: bool = False) -> int | None:
        """An id, as a string of digits (a number is tolerated, as with Discord)."""
        value = self._get(name, required)
        if value is None:
            return None
        if isinstance(value, bool) or not re.fullmatch(r"\d{1,20}", str(value)):
            self.fail(name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
            return None
        return int(str(value))

    def child(self, name: str, *, required: bool = False) -> "Fields | None":
        """The object in that field."""
        value = self._get(name, required)
        return None if value is None else Fields(self.form, value, (*self.path, name))

    def array(
        self, name: str, *, required: bool = False, least: int = 0, most: int = 100
    ) -> list[object] | None:
        """The values of a list of `least` to `most` of them."""
        value = self._get(name, required)
        if value is None:
            return None
        if not isinstance(value, list):
            self.fail(name, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        elif not least <= len(value) <= most:
            self.fail(
                name, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length."
            )
        else:
            return value
        return None

    def children(
        self, name: str, *, required: bool = False, least: int = 0, most: int = 100
    ) -> "Iterator[Fields]":
        """The objects of a list."""
        values = self.array(name, required=required, least=least, most=most) or []
        for index, value in enumerate(values):
            yield Fields(self.form, value, (*self.path, name, index))
