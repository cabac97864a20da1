"""The command that makes the keys of all callers."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from hospital.folder import write_privately
from hospital.names import NAMES, ROUTER
from hospital.problems import CannotDo
from subgraphs.kernel.signatures import BadKeyring, Keyring

_SECRET_BYTES = 32


def keys(
    file: Annotated[Path, typer.Argument(help="Where to write them; HOSPITAL_CALLERS names it.")],
) -> None:
    """Makes keys for all callers; where there are some, new ones sign from now on and the last ones are still taken."""
    known = _known_keys(file) if file.exists() else {}
    id = f"{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(4)}"
    made = {caller: _with_new_key(known.get(caller, {}), id) for caller in (ROUTER, *NAMES)}
    try:
        write_privately(file, orjson.dumps(made, option=orjson.OPT_INDENT_2).decode() + "\n")
    except OSError as error:
        raise CannotDo(f"{file} cannot be written ({error.strerror}).") from None
    typer.echo(f"{file}: {len(made)} callers sign with {id} from now on.")


def _known_keys(file: Path) -> dict[str, dict[str, str]]:
    try:
        Keyring(file)
    except BadKeyring as error:
        raise CannotDo(f"{error} Nothing was changed.") from None
    known: dict[str, dict[str, str]] = orjson.loads(file.read_bytes())
    return known


def _with_new_key(known: dict[str, str], id: str) -> dict[str, str]:
    last = list(known.items())[:1]
    return {id: secrets.token_urlsafe(_SECRET_BYTES), **dict(last)}
