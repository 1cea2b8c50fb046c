"""`techledger import`: public records and agreements, each kind by its own command."""

import typer

from api.cli.import_cuad import cuad
from api.cli.import_inpadoc import inpadoc
from api.cli.import_uspto import uspto

app = typer.Typer(help="Import real public records.", no_args_is_help=True)
app.command("uspto")(uspto)
app.command("inpadoc")(inpadoc)
app.command("cuad")(cuad)
