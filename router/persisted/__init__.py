"""Operations that clients name instead of sending them: by their hash, once sent, or from the operator's safe list."""

from router.persisted.operations import PersistedOperations
from router.persisted.safe_list import SafeList, SafeListBroken

__all__ = ["PersistedOperations", "SafeList", "SafeListBroken"]
