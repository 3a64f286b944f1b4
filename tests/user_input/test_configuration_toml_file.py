import pytest

from frontsim.errors import BadInput, Unusable
from frontsim.user_input.configuration import parsed_toml, read_toml


def refuse(_):
    raise BadInput("count: expected a whole number, got 'x'")


def test_a_file_is_read_as_the_caller_says(tmp_path):
    (tmp_path / "a.toml").write_text("count = 3")
    assert 3 == read_toml(tmp_path / "a.toml", lambda document: document["count"])


@pytest.mark.parametrize(
    ("text", "of", "told"),
    [
        (None, dict, "expected a case that can be read, got No such file or directory"),
        (b"=", dict, "expected TOML, got"),
        (b"\xff", dict, "expected TOML, got"),
        (b"", refuse, "count: expected a whole number, got 'x'"),
    ],
)
def test_every_error_names_the_file(tmp_path, text, of, told):
    """The file cannot be read, is no TOML, or says what its reader refuses."""
    file = tmp_path / "a.toml"
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(Unusable) as refused:
        read_toml(file, of, expected="a case")
    assert f"{file}: {told}" in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 150 + "]" * 150,
        "a = " + "[" * 100_000,
        "a." * 100_000 + "a = 1",
        "[" + '"a" . ' * 100_000 + "a]",
        "a = " + "{a = " * 150 + "1" + "}" * 150,
    ],
)
def test_what_is_nested_a_hundred_deep_is_refused(text):
    """At once: tomllib takes minutes for a key of 100,000 parts."""
    with pytest.raises(Unusable, match=r"x\.toml: expected TOML that is nested less than 100 deep"):
        parsed_toml(text.encode(), "x.toml")


def test_more_than_a_megabyte_is_refused(tmp_path):
    (tmp_path / "x.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(Unusable, match=r"x\.toml: expected TOML of at most 1,000,000 bytes"):
        read_toml(tmp_path / "x.toml", dict)
    assert {} == parsed_toml(b"#" * 1_000_000, "x.toml")
