"""Why a schema has no value: the keyword in the way, and its path."""

from frontsim.errors import BadInput


class Contradiction(Exception):
    """A schema, or one alternative of it, that no value fulfils, or for which none was found.

    Args:
        keyword: the keyword in the way, such as `type`.
        path: its path in the schema, as a URI fragment: `#/properties/price/type`.
        reason: the rest of the sentence.
    """

    def __init__(self, keyword: str, path: str, reason: str) -> None:
        super().__init__(f"{keyword} at {path}: {reason}")
        self.keyword = keyword
        self.path = path

    expected = "a schema that some value fulfils, got one that we can't fulfil"

    def refusal(self) -> BadInput:
        """The error for the user."""
        text = f"expected {self.expected}: {self} (what is read: JSON Schema, draft-04 to 2020-12)"
        return BadInput(text, {self.path: [text]})


class NotASchema(Contradiction):
    """Not a JSON Schema of a known draft, or a reference leaves the file."""

    expected = "a JSON Schema that stands by itself, got something else"
