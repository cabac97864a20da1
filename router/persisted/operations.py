"""From what a client sent, a text or the id of one, to the text that is run, or a refusal."""

from hashlib import sha256

import structlog
from graphql import GraphQLError

from router.errors import ErrorCode, OperationRefused
from router.metrics import UNLISTED_OPERATIONS
from router.persisted.automatic import AutomaticStore
from router.persisted.safe_list import SafeList
from router.settings import Persisted

log = structlog.get_logger()


class PersistedOperations:
    def __init__(self, settings: Persisted) -> None:
        self._mode = settings.safe_list_mode
        self._list = None if settings.safe_list is None else SafeList(settings.safe_list)
        self._closed = self._mode in ("only", "ids_only")
        automatic = settings.automatic and not self._closed
        self._sent = AutomaticStore(settings.kept, settings.kept_characters) if automatic else None

    @property
    def listed(self) -> SafeList | None:
        return self._list

    def text_of(self, text: str, id_: str | None) -> str:
        """Raises OperationRefused. `text` is empty where the client sent an id alone."""
        named = id_ is not None and not text
        found = self._named(id_ or "") if named else self._checked(text, id_)
        if self._mode != "off":
            self._refuse_unlisted(found, by_id=named)
        return found

    def keep(self, text: str, id_: str | None) -> None:
        """For a text that could be run, so that nothing else takes the place of what could."""
        if id_ is not None and self._sent is not None and (self._list is None or self._list.get(id_) is None):
            self._sent.keep(id_, text)

    def _named(self, id_: str) -> str:
        text = self._list.get(id_) if self._list is not None else None
        if text is None and self._sent is not None:
            text = self._sent.get(id_)
        if text is not None:
            return text
        if self._list is None and self._sent is None:
            raise refusal("PersistedQueryNotSupported", ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED)
        raise refusal("PersistedQueryNotFound", ErrorCode.PERSISTED_QUERY_NOT_FOUND)

    def _checked(self, text: str, id_: str | None) -> str:
        if id_ is None or (self._list is not None and self._list.get(id_) == text):
            return text
        if sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != id_:
            raise refusal(
                "The SHA-256 of 'query' is not the hash that was sent with it.", ErrorCode.PERSISTED_QUERY_HASH_MISMATCH
            )
        return text

    def _refuse_unlisted(self, text: str, *, by_id: bool) -> None:
        if self._mode == "ids_only" and not by_id:
            raise refusal("Send the id of a listed operation, without a text.", ErrorCode.PERSISTED_QUERY_ID_REQUIRED)
        if self._list is None or text in self._list:
            return
        UNLISTED_OPERATIONS.inc()
        if self._closed:
            raise refusal("The operation is not on the safe list.", ErrorCode.QUERY_NOT_IN_SAFE_LIST)
        log.warning("an operation is not on the safe list", sha256=sha256(text.encode("utf-8", "replace")).hexdigest())


def refusal(message: str, code: ErrorCode) -> OperationRefused:
    return OperationRefused([GraphQLError(message)], code)
