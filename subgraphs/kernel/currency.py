"""Currencies, and into how many decimals each is divided (ISO 4217): 2 unless it is named here."""

import re

_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD CLF IQD JOD KWD LYD OMR TND UYW"
WHOLE_UNITS, _MORE_THAN_TWO = frozenset(_WHOLE.split()), frozenset(_THOUSANDTHS.split())
_CODE = re.compile(r"[A-Z]{3}", re.ASCII)


def known_currency(code: str) -> str:
    """The code of a currency that amounts can be kept in. Raises ValueError for any other."""
    if _CODE.fullmatch(code) is None:
        raise ValueError(f"{code!r} is not the code of a currency, such as INR")
    if code in _MORE_THAN_TWO:
        raise ValueError(f"{code} is divided into more than two decimals, and amounts are kept with two")
    return code


def decimals(currency: str) -> int:
    """Those of the minor unit: 2 for INR (paise), 0 for JPY."""
    return 0 if currency in WHOLE_UNITS else 2
