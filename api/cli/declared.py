"""
The commands as a table says them (`commands.json`): names, words, arguments and options.

So a command is shown, completed and read from what was typed without what it works with: its module
is imported when it runs. `python -m tests.support.command_table` writes the table from what the
modules declare; a test holds it to them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from importlib import import_module
from importlib.resources import files
from inspect import Parameter, Signature
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

SINGLE = ("demo", "serve", "find", "follow", "mirror", "monitor", "openapi")
"""Commands that are a function of that name, in the module of that name."""

NOUNS = (
    *("keys", "events", "evidence", "witness", "policy", "tlog", "parties", "contracts", "rights"),
    *("ask", "licences", "revenue", "disputes", "report", "import", "law", "audit", "operate"),
)
"""Commands that have commands: `app`, in the module of that name."""

MODULES = {name: f"api.cli.{name}" for name in (*SINGLE, *NOUNS)} | {
    "import": "api.cli.imports",
    "report": "api.cli.reporting",
}
"""Where each command is; `import` is a word of Python's own, and reports are what others make."""

KINDS = {each.__name__: each for each in (bool, datetime, float, int, Path, str)}
"""The kinds of what is typed, by their names in the table."""

TABLE = "commands.json"

Table = Mapping[str, Any]


class Commands(Mapping[str, Any]):
    """The commands of a group, each made when it is asked for; `words` lead to the group."""

    def __init__(self, table: Table, words: tuple[str, ...] = ()) -> None:
        self._table, self._words = table, words

    def __getitem__(self, name: str) -> Any:
        said, words = self._table[name], (*self._words, name)
        return _group(said, words) if "commands" in said else _command(said, words)

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def said(self) -> Iterator[tuple[str, str]]:
        """Yield each name with what the command does."""
        return ((name, _first(said["help"])) for name, said in self._table.items())


class _Group(TyperGroup):
    """A group that makes no command to list it, and reads no option where none is typed."""

    commands: Any
    _options = True

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read what was typed; typer would import pydantic to find that no option was."""
        self._options = not args or args[0].startswith("-")
        try:
            return super().parse_args(ctx, args)
        finally:
            self._options = True

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options that may have been typed."""
        return super().get_params(ctx) if self._options else []

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the names, and what each does."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([*self.commands.said()])


class CommandLine(_Group):
    """The group of all commands."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = Commands(json.loads((files(__package__) / TABLE).read_bytes()))


def _group(said: Table, words: tuple[str, ...]) -> TyperGroup:
    group = _Group(
        name=words[-1],
        help=said["help"],
        short_help=_first(said["help"]),
        epilog=said.get("epilog"),
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.commands = Commands(said["commands"], words)
    return group


def _command(said: Table, words: tuple[str, ...]) -> Any:
    def run(context: typer.Context, **given: Any) -> None:
        callback_of(words, context.obj or import_module)(**given)

    taken = {each["name"]: parameter_of(each) for each in said["parameters"]}
    taken["context"] = Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context)
    run.__signature__ = Signature([*taken.values()])  # type: ignore[attr-defined]  # read by typer
    run.__annotations__ = {name: each.annotation for name, each in taken.items()}
    made = typer.Typer(add_completion=False, rich_markup_mode=None)
    made.command(words[-1], help=said["help"], short_help=_first(said["help"]))(run)
    return typer.main.get_command(made)


def _first(words: str) -> str:
    """Return the first paragraph, which says in a list what a command does."""
    return words.partition("\n\n")[0].replace("\n", " ")


def callback_of(words: tuple[str, ...], load: Callable[[str], ModuleType]) -> Any:
    """Return the function that is a command; `load` imports its module, as a process has it."""
    noun, *within = words
    module = load(MODULES[noun])
    if not within:
        return vars(module)[noun]
    app = vars(module)["app"]
    for name in within[:-1]:
        app = next(each.typer_instance for each in app.registered_groups if each.name == name)
    return next(each.callback for each in app.registered_commands if each.name == within[-1])


def parameter_of(said: Table) -> Parameter:
    """Return an argument or an option as the table says it."""
    more = {name: value for name, value in said.items() if name not in _OF_ITS_OWN}
    told: Any = typer.Option(*said["flags"], **more) if "flags" in said else typer.Argument(**more)
    kind: Any = KINDS[said["kind"]] if "kind" in said else Literal[tuple(said["choices"])]
    kind = list[kind] if "many" in said else kind
    kind = kind | None if "optional" in said else kind
    return Parameter(
        said["name"],
        Parameter.KEYWORD_ONLY,
        annotation=Annotated[kind, told],
        default=said.get("default", Parameter.empty),
    )


_OF_ITS_OWN = frozenset(
    ("name", "alias", "flags", "kind", "choices", "many", "optional", "default")
)
"""What the table says that is no word of typer's for an argument or an option."""
