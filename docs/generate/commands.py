"""The commands, each with what it takes, from its declaration."""

from collections.abc import Iterator

import click

from docs.generate.markdown import code, table
from frontsim.cli.main import COMMANDS, EXAMPLES, frontsim, prose_of


def command_list() -> str:
    """List each command's purpose, with a link to its section."""
    return table(
        ["command", "does"], ([f"[`frontsim {name}`](#frontsim-{name})", each.help] for name, each in COMMANDS.items())
    )


def commands() -> str:
    """Every command, with what it takes."""
    return "\n".join(_command(name, command) for name, command in walk(frontsim, "frontsim"))


def walk(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group with its whole name, those of groups in groups too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{prefix} {name}", command
        if isinstance(command, click.Group):
            yield from walk(command, f"{prefix} {name}")


def _command(name: str, command: click.Command) -> str:
    # click keeps a command's help option from the first context that asks for it, so this one knows -h as ours does
    context = click.Context(command, info_name=name, **frontsim.context_settings)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    parts = [f"## {name}\n", f"```text\n{usage}\n```\n", f"{_paragraphs(prose_of(command))}\n"]
    if examples := EXAMPLES.get(name.removeprefix("frontsim "), ()):
        parts.append("```console\n" + "\n".join(examples) + "\n```\n")
    options = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    rows = [[_option(each), (each.get_help_record(context) or ("", ""))[1]] for each in options]
    if rows:
        parts.append(table(["option", "means"], rows))
    return "\n".join(parts)


def _option(option: click.Option) -> str:
    names = code([*option.opts, *option.secondary_opts])
    if option.is_flag:
        return names
    if isinstance(option.type, click.Choice) and option.metavar is None:
        return f"{names} {code(map(str, option.type.choices))}"
    metavar = option.metavar or {"integer range": "N", "integer": "N", "float": "N"}.get(option.type.name)
    return f"{names} {metavar or option.type.name.upper()}"


def _paragraphs(text: str) -> str:
    """A help text without its line ends; click's marks for preformatted text are dropped."""
    blocks = text.replace("\b\n", "").replace("\f", "").split("\n\n")
    return "\n\n".join(" ".join(block.split()) for block in blocks)
