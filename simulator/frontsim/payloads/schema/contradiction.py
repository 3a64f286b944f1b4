"""Why no value can be drawn from a schema: the keyword that stands in the way, and where it is."""

from frontsim.errors import BadInput


class Contradiction(Exception):
    """A schema, or one alternative of it, that no value can fulfil or that we could not fulfil.

    Args:
        keyword: the keyword that stands in the way, `type` say.
        path: where in the schema it is, as a URI fragment: `#/properties/price/type`.
        reason: the rest of the sentence.
    """

    def __init__(self, keyword: str, path: str, reason: str) -> None:
        super().__init__(f"{keyword} at {path}: {reason}")
        self.keyword = keyword
        self.path = path

    expected = "a schema that some value fulfils, got one that we can't fulfil"

    def refusal(self) -> BadInput:
        """The same as the error that a user sees."""
        text = f"expected {self.expected}: {self} (what is read: JSON Schema, draft-04 to 2020-12)"
        return BadInput(text, {self.path: [text]})


class NotASchema(Contradiction):
    """It is no JSON Schema of a draft that we know, or it refers to outside its file."""

    expected = "a JSON Schema that stands by itself, got something else"
