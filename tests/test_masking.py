"""No secret in anything that is shown: what is masked, and what stays."""

import shlex

import pytest

from frontsim.errors import BadInput
from frontsim.masking import CommandLine, masked, masked_command, masked_errors, masked_words, secrets_shown

SECRETS = [
    ("http://user:hunter2@shop:1/hook", "http://***@shop:1/hook"),
    ("https://hunter2@shop/hook", "https://***@shop/hook"),
    ("HTTPS://u:p%40hunter2@shop", "HTTPS://***@shop"),
    (
        "GET http://shop/e?X-Amz-Signature=hunter2&all=1: got 500",
        "GET http://shop/e?X-Amz-Signature=***&all=***: got 500",
    ),
    (
        "GET http://shop/e?X-Amz-Credential=hunter2&all=1: got 500",
        "GET http://shop/e?X-Amz-Credential=***&all=***: got 500",
    ),
    (
        "GET http://shop/e?X-Amz-Security-Token=hunter2&all=1: got 500",
        "GET http://shop/e?X-Amz-Security-Token=***&all=***: got 500",
    ),
    ("http://shop/e?hunter2", "http://shop/e?***"),
    ("http://shop/e#access_token=hunter2", "http://shop/e#***"),
    ("http://shop/e;jsessionid=hunter2/x", "http://shop/e;jsessionid=***"),
    ("https://hooks.example/T0/hunter2hunter2hunter2", "https://hooks.example/T0/***"),
    ("postgresql://me:hunter2@shop/db", "postgresql://me:***@shop/db"),
    ("postgresql://me:hunter2/@#@shop/db", "postgresql://me:***@shop/db"),
    ("redis://:hunter2@shop/0", "redis://:***@shop/0"),
    ("mssql+pyodbc://sa:hunter2@shop/db?driver=x", "mssql+pyodbc://sa:***@shop/db?driver=***"),
    ("amqps://me:hunter2@shop", "amqps://me:***@shop"),
    ("Server=shop;User Id=sa;Password=hunter2;", "Server=shop;User Id=sa;Password=***;"),
    ("AccountName=a;AccountKey=hunter2;", "AccountName=a;AccountKey=***;"),
    ("SharedAccessKey=hunter2", "SharedAccessKey=***"),
    ("Pwd=hunter2", "Pwd=***"),
    ("host=shop password='hunter2 x' dbname=a", "host=shop password=*** dbname=a"),
    ("PGPASSWORD=hunter2 psql", "PGPASSWORD=*** psql"),
    ("export STRIPE_KEY=hunter2", "export STRIPE_KEY=***"),
    ('MY_SECRET="hunter2 a"', "MY_SECRET=***"),
    ("AWS_SECRET_ACCESS_KEY=hunter2", "AWS_SECRET_ACCESS_KEY=***"),
    ("GITHUB_TOKEN=hunter2", "GITHUB_TOKEN=***"),
    ("curl -H 'Authorization: Bearer hunter2' x", "curl -H 'Authorization: Bearer ***' x"),
    ("curl -H 'authorization: hunter2' x", "curl -H 'authorization: ***' x"),
    ("curl -H 'x-api-key: hunter2' x", "curl -H 'x-api-key: ***' x"),
    ("curl -H 'Ocp-Apim-Subscription-Key: hunter2'", "curl -H 'Ocp-Apim-Subscription-Key: ***'"),
    ("curl -H 'Cookie: a=hunter2; b=hunter2'", "curl -H 'Cookie: ***'"),
    ("Set-Cookie: a=hunter2; Path=/", "Set-Cookie: ***"),
    ("Proxy-Authorization: Basic hunter2", "Proxy-Authorization: Basic ***"),
    ("X-Auth-Token: hunter2", "X-Auth-Token: ***"),
    ("curl -u user:hunter2 x", "curl -u *** x"),
    ("curl --user 'user:hunter2' x", "curl --user *** x"),
    ("mysql -h shop -phunter2 db", "mysql -h shop -p*** db"),
    ("get --token hunter2 e", "get --token *** e"),
    ("get --api-key 'hunter2 x' e", "get --api-key *** e"),
    ("get --db-password=hunter2 e", "get --db-password=*** e"),
    ('{"token": "hunter2", "a": 1}', '{"token": "***", "a": 1}'),
    ('{"clientSecret":"hunter2"}', '{"clientSecret":"***"}'),
    ("{'api_key': 'hunter2'}", "{'api_key': \"***\"}"),
    ('{"password": "a\\"hunter2"}', '{"password": "***"}'),
    ("got eyJhbGciOiJI.hunter2.hunter2 here", "got *** here"),
    ("key AKIAIOSFODNN7EXAMPLE", "key ***"),
    ("ghp_hunter2hunter2hunter2", "***"),
    ("xoxb-hunter2-hunter2", "***"),
    ("sk_live_hunter2hunter2", "***"),
    ("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----", "***"),
]


PARAMETERS = [
    "token", "code", "sig", "signature", "key", "api_key", "apikey", "access_token", "auth", "sas", "pass", "jwt",
    "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "client_secret", "anything",
]  # fmt: skip


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_query_shows_its_names(name: str):
    """Values of a query are secrets by default: no list of names is whole."""
    text = f"GET http://shop/e?{name}=hunter2&all=1: got 500"
    assert f"GET http://shop/e?{name}=***&all=***: got 500" == masked(text)


@pytest.mark.parametrize(("text", "shown"), SECRETS)
def test_secrets_are_masked(text: str, shown: str):
    """Alone and within a sentence, once and again."""
    assert "hunter2" not in shown
    assert shown == masked(text)
    assert shown == masked(shown)
    assert "hunter2" not in masked(f"expected {text}\ngot {text}")


@pytest.mark.parametrize(
    "text",
    [
        "http://shop:8500/a@b mailto:me@shop at 10:15",
        "--observe-key saleId --auth strict",
        '{"statusCode": 404, "key": "saleId"}',
        "GET http://127.0.0.1:8400/_sim/faults/0b3f6d5c-1c8e-4c55-9b0e-6a1f0c9d2e11: got 404",
        "http://127.0.0.1:8500/hook/{event}",
        "http://shop/hook?type={event}",
        "Authorization: expected printable ASCII characters",
        "expected the header Authorization: Bearer with the token (--token)",
        "the token of /_sim comes from --token)",
        "sqlite:///tmp/effects-2026-01-01.db",
        "frontsim serve --db frontsim.db --seed 1234567890123456789",
    ],
)
def test_what_is_no_secret_stays(text: str):
    """Ids, options, paths and our own words."""
    assert text == masked(text)


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("./show-effects", "./show-effects"),
        ("PGPASSWORD=hunter2 psql -c 'select 1'", "psql ***"),
        ("curl -u a:hunter2 http://shop", "curl ***"),
        ("'an open quote hunter2", "'an ***"),
        ("A=hunter2", "***"),
        ("", "***"),
    ],
)
def test_commands_show_their_program(command: str, shown: str):
    """Arguments and variables may hold anything."""
    assert shown == masked_command(command)


def test_our_own_command_line():
    """Commands are options of ours, in both ways of writing."""
    words = [
        "verify",
        "--observe-cmd",
        "psql hunter2",
        "--receiver-cmd=run hunter2",
        "--receiver",
        "http://a?b=hunter2",
    ]
    shown = ["verify", "--observe-cmd", "psql ***", "--receiver-cmd=run ***", "--receiver", "http://a?b=***"]
    assert shown == masked_words(words)


PLANTED = "tr0ub4dor"
COMMAND = CommandLine(
    (
        "frontsim",
        "verify",
        "--receiver",
        "http://shop/hook",
        "--observe-cmd",
        f"psql postgres://me:{PLANTED}@db/shop -c 'select id from sales'",
        f"--receiver-cmd=env PGPASSWORD={PLANTED} ./serve --port 8500 {PLANTED}",
        "--seed",
        "7",
    )
)


def test_a_command_line_is_whole_on_a_terminal():
    """It can be copied, but for its secrets: by name, by form, and wherever the value of one stands."""
    shown = COMMAND.on_terminal()
    assert PLANTED not in shown
    assert "-c '\"'\"'select id from sales'\"'\"''" in shown
    assert "./serve --port 8500 ***'" in shown
    assert shown.endswith(" --seed 7  # --show-secrets shows what *** hides")


def test_a_secret_of_the_environment_is_masked_by_its_value(monkeypatch):
    """A shell has put it into the line."""
    monkeypatch.setenv("SHOP_TOKEN", PLANTED)
    assert PLANTED not in CommandLine(("frontsim", "verify", "--observe-cmd", f"./effects {PLANTED}")).on_terminal()


def test_a_report_shows_programs_alone():
    """Others read it."""
    shown = COMMAND.in_report()
    assert "--observe-cmd 'psql ***' '--receiver-cmd=env ***' --seed 7" in shown
    assert shown.endswith("  # --show-secrets shows what *** hides")


def test_a_command_line_without_secrets_has_no_hint():
    """It is the line as it was typed, everywhere."""
    line = CommandLine(("frontsim", "verify", "--receiver", "http://shop/hook", "--observe-cmd", "./effects"))
    text = "frontsim verify --receiver http://shop/hook --observe-cmd ./effects"
    assert (text, text) == (line.on_terminal(), line.in_report())


def test_a_command_line_with_its_secrets_shown():
    """At the user's own desk it is the line as it was typed."""
    with secrets_shown(True):
        assert shlex.join(COMMAND.words) == COMMAND.on_terminal() == COMMAND.in_report()


def test_at_the_users_own_desk():
    """`--show-secrets` masks nothing, until the block ends."""
    with secrets_shown(True):
        assert ("http://a?b=c", "psql c") == (masked("http://a?b=c"), masked_command("psql c"))
    assert "http://a?b=***" == masked("http://a?b=c")


def test_an_error_is_masked_on_its_way_out():
    """It stays the error that it was, with all that it carries."""
    with pytest.raises(BadInput) as caught, masked_errors():
        raise BadInput("got http://a:hunter2@x", {"url": ["wrong"]})
    assert ("got http://***@x", {"url": ["wrong"]}) == (str(caught.value), caught.value.fields)


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    ["x", "x-", "-", "--", "a.", "mysql ", "password", "://", "'", '"token"', "eyJ", "KEY", "A_", "-----BEGIN "],
)
def test_a_long_text_is_masked_in_time_in_proportion_to_its_length(piece):
    """A job's output or an answer may be of any form: at a cost of length times length this test would not end."""
    text = piece * (50_000 // len(piece))
    assert masked(f"{text} password=hunter2").endswith(("password=***", "***"))
