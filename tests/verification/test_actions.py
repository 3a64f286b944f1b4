def test_what_the_simulator_refuses_names_file_and_step(receiver, requested, play, tmp_path):
    """A value that its schema refuses, which only playing shows: whose file and which step, not a raw answer."""
    file = tmp_path / "mine.toml"
    steps = '[[step]]\ndo = "drain"\n[[step]]\ndo = "raise"\nevents = ["SaleCreated"]\nset = {total = "much"}\n'
    file.write_text(f'breaks = "A total is a word."\nholds = "It is told."\n{steps}')
    with receiver("reference") as url:
        (played,) = play(requested(url), str(file))
    assert ("unknown", True) == (
        played.judgement.verdict,
        played.judgement.reason.startswith(f"{file}: step 2 (raise): POST "),
    )
