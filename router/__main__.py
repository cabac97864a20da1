"""`python -m router --supergraph FILE --port N`: the router alone, before subgraphs over HTTP."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog
from pydantic import ValidationError
from pydantic_settings import SettingsError
from starlette.applications import Starlette

from router.app import create_app
from router.auth import TokenChecker
from router.jwks import HttpJwksSource
from router.memory import settle_memory
from router.persisted import SafeListBroken
from router.reload import SupergraphFile
from router.server import CannotListen, DrainingServer, address_of, bind, server_config
from router.settings import RouterSettings
from router.supergraph import Supergraph, SupergraphError
from router.transports.session import HttpSession
from router.transports.signatures import NoKey, Signer
from router.transports.stack import remote_transport

PREFIX = "HOSPITAL_ROUTER_"

log = structlog.get_logger()


class CannotStart(Exception):
    """The message says why, in a line."""


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    try:
        run(options)
    except (CannotStart, CannotListen) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


def run(options: argparse.Namespace) -> None:
    settings = with_options(read_settings(), options)
    log_as_json(settings.log_level)
    if unknown := misspelt(RouterSettings):
        log.warning("these variables are none of the router's settings", names=unknown)
    file = SupergraphFile(options.supergraph)
    supergraph = read_first(file)
    if elsewhere := sorted(settings.named_subgraphs() - supergraph.subgraphs.keys()):
        log.warning("settings name subgraphs that the supergraph does not have", names=elsewhere)
    app = standalone(supergraph, file, settings)
    with bind(options.host, options.port) as listener:

        def say_where() -> None:
            url = f"http://{address_of(listener)}{settings.path}"
            log.info("the router listens", url=url, subgraphs=sorted(supergraph.subgraphs))

        config = server_config(app, settings, host=options.host, port=options.port)
        settle_memory()
        signal.signal(signal.SIGTERM, leave)
        with suppress(KeyboardInterrupt):  # raised once more when all is done
            DrainingServer(config, app.state.drain, say_where).run(sockets=[listener])


def leave(*_: object) -> None:
    """Uvicorn raises the signal once more when all is done, which would end this process as if it had failed."""
    sys.exit(0)


def read_first(file: SupergraphFile) -> Supergraph:
    try:
        return file.read()
    except SupergraphError as error:
        raise CannotStart(str(error)) from None


def read_settings() -> RouterSettings:
    try:
        return RouterSettings()
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise CannotStart(f"{variable(problem['loc'])}: {problem['msg'].removeprefix('Value error, ')}.") from None
    except SettingsError as error:
        quoted = str(error).split('"')
        raise CannotStart(f"{variable(tuple(quoted[1:2]))}: this is not JSON.") from None


def variable(place: tuple[int | str, ...]) -> str:
    """How the environment names a setting."""
    name = "__".join(str(step) for step in place).upper()
    return name if name.startswith("HOSPITAL_") else f"{PREFIX}{name}"


def misspelt(settings: type[RouterSettings]) -> list[str]:
    """Variables that look like settings and are none."""
    named = {variable((name,)) for name in settings.model_fields}
    return sorted(each for each in os.environ if each.startswith(PREFIX) and each.split("__")[0] not in named)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m router", description=__doc__)
    options.add_argument("--supergraph", type=Path, required=True, help="a composed supergraph schema")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=4000)
    options.add_argument("--jwks-url", help="where the keys of access tokens are; without it tokens are only passed on")
    options.add_argument("--issuer", help="the issuer that access tokens must name")
    options.add_argument("--audience", help="the audience that access tokens must name")
    return options


def log_as_json(level: str) -> None:
    """From this level on. Tracebacks without the values of variables: those hold tokens and what patients wrote."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )


def with_options(settings: RouterSettings, options: argparse.Namespace) -> RouterSettings:
    """The command line wins over the environment."""
    given = {name: getattr(options, name) for name in ("jwks_url", "issuer", "audience")}
    return settings.model_copy(update={name: value for name, value in given.items() if value is not None})


def standalone(supergraph: Supergraph, file: SupergraphFile, settings: RouterSettings) -> Starlette:
    session, signer = HttpSession(settings.connections), signer_of(settings)
    urls = urls_of(supergraph, settings)
    try:
        return create_app(
            supergraph,
            remote_transport(urls, settings, session, signer),
            settings,
            token_checker=token_checker(settings, session),
            on_shutdown=[session.aclose],
            signer=signer,
            file=file,
            on_reload=lambda new: urls.update(urls_of(new, settings)),
        )
    except SafeListBroken as error:
        raise CannotStart(f"The safe list {settings.persisted.safe_list}: {error}.") from None


def urls_of(supergraph: Supergraph, settings: RouterSettings) -> dict[str, str]:
    return {name: found.url for name, found in supergraph.subgraphs.items() if found.url} | settings.subgraph_urls


def signer_of(settings: RouterSettings) -> Signer | None:
    try:
        return None if settings.callers is None else Signer("router", settings.callers)
    except NoKey as error:
        raise CannotStart(str(error)) from None


def token_checker(settings: RouterSettings, session: HttpSession) -> TokenChecker | None:
    named = [settings.jwks_url, settings.issuer, settings.audience]
    if settings.jwks_url is None or settings.issuer is None or settings.audience is None:
        if any(named):
            raise CannotStart(
                "Tokens are checked only where their keys, issuer and audience are all named: name the rest."
            )
        return None
    return TokenChecker(
        HttpJwksSource(settings.jwks_url, session),
        issuer=settings.issuer,
        audience=settings.audience,
        algorithms=settings.token_algorithms,
        types=settings.token_types,
    )


if __name__ == "__main__":
    main()
