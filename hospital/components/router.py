"""The router as a process: before subgraphs over the network, and what is no GraphQL passed on to accounts."""

from starlette.applications import Starlette

from hospital.components.settings import ComponentSettings
from hospital.names import NAMES
from hospital.problems import CannotDo
from hospital.supergraph import SUPERGRAPH
from router.app import create_app
from router.auth import TokenChecker
from router.jwks import HttpJwksSource
from router.settings import RouterSettings
from router.supergraph import read_supergraph
from router.transports.session import HttpSession
from router.transports.signatures import NoKey, Signer
from router.transports.stack import remote_transport
from subgraphs.accounts.front_page.page import front_page
from subgraphs.accounts.rules import AUDIENCE
from subgraphs.kernel.settings import Settings

_OF_ACCOUNTS = ("/oauth", "/.well-known")


def router_component(settings: Settings, components: ComponentSettings, given: RouterSettings) -> Starlette:
    """Raises CannotDo."""
    accounts = components.url("accounts")
    passed_on = dict.fromkeys(_OF_ACCOUNTS, accounts) | given.passthrough
    router_settings = given.model_copy(update={"passthrough": passed_on})
    session, signer = HttpSession(router_settings.connections), _signer(router_settings)
    urls = {name: f"{components.url(name)}/graphql" for name in NAMES}
    transport = remote_transport(urls, router_settings, session, signer)
    keys = HttpJwksSource(f"{accounts}/.well-known/jwks.json", session, signer=signer, pause_seconds=1.0)
    return create_app(
        read_supergraph(SUPERGRAPH.read_text("utf-8")),
        transport,
        router_settings,
        token_checker=TokenChecker(keys, issuer=settings.public_url, audience=AUDIENCE),
        mounts={"/": front_page(router_settings.path)},
        on_shutdown=[session.aclose],
        signer=signer,
    )


def _signer(settings: RouterSettings) -> Signer:
    if settings.callers is None:
        raise CannotDo("HOSPITAL_CALLERS is not set: `hospital keys` makes the file that it names.")
    try:
        return Signer("router", settings.callers)
    except NoKey as error:
        raise CannotDo(f"HOSPITAL_CALLERS: {error}") from None
