from frontsim.payloads.schema.reading.contradiction import Contradiction, NotASchema


def test_a_refusal_names_keyword_and_path() -> None:
    """The path is also the key of the field that is wrong."""
    refusal = Contradiction("type", "#/properties/price/type", "nothing is both").refusal()

    assert "type at #/properties/price/type: nothing is both" in str(refusal)
    assert ["#/properties/price/type"] == list(refusal.fields)


def test_what_is_no_schema_is_refused_as_such() -> None:
    """The text says what was expected."""
    assert str(NotASchema("$ref", "#", "it leads outside").refusal()).startswith("expected a JSON Schema that stands")
