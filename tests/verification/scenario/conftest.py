"""Wiring: a scenario of the user's own."""

import pytest

OPENING = 'breaks = "All is well."\nholds = "It stays so."\n'


@pytest.fixture
def scenario_file(tmp_path):
    def write(text, opening=OPENING):
        file = tmp_path / "mine.toml"
        file.write_text(opening + text)
        return file

    return write
