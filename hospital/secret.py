"""The secret that a hospital is made with, and what is drawn from it."""

import hmac
from hashlib import sha256

from hospital.folder import DataFolder
from hospital.problems import CannotDo
from subgraphs.kernel.settings import LEAST_SECRET_CHARACTERS, Settings


def secret_of(folder: DataFolder, settings: Settings) -> bytes:
    """Raises CannotDo where the folder's own was cut short."""
    given = settings.secret_key
    secret = folder.secret_key() if given is None else given.get_secret_value().encode()
    if len(secret) < LEAST_SECRET_CHARACTERS:
        raise CannotDo(f"{folder.path / 'secret-key'} was cut short. Put the whole folder back from a backup.")
    return secret


def heads_key(secret: bytes) -> bytes:
    return hmac.new(secret, b"hospital: heads of the audit chain", sha256).digest()
