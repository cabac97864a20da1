"""What a hospital looks at before a domain answers, and what it says where that is not as it should be."""

from typing import Protocol

from hospital.problems import CannotDo
from subgraphs.records.codes import NoCodes


class KeepsKeys(Protocol):
    async def fits_the_secret(self) -> bool: ...


class KnowsCodes(Protocol):
    async def fill_codes(self) -> None: ...


async def check_secret(accounts: KeepsKeys) -> None:
    """Raises CannotDo for another than this hospital was made with."""
    if not await accounts.fits_the_secret():
        raise CannotDo(
            "HOSPITAL_SECRET_KEY (where it is not set, the file secret-key in the data folder) is not the one that this"
            " hospital was made with: put that back."
        )


async def fill_codes(records: KnowsCodes) -> None:
    """Raises CannotDo where there is no list of them and none was ever taken."""
    try:
        await records.fill_codes()
    except NoCodes as error:
        raise CannotDo(str(error)) from None
