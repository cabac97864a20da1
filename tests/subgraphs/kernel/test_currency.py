"""Currencies that amounts can be kept in."""

import pytest

from subgraphs.kernel.currency import decimals, known_currency


def test_most_have_two_decimals_and_some_have_none():
    assert {code: decimals(known_currency(code)) for code in ("INR", "USD", "JPY", "KRW")} == {
        "INR": 2,
        "USD": 2,
        "JPY": 0,
        "KRW": 0,
    }


@pytest.mark.parametrize("code", ["KWD", "inr", "RUPEES", "", "₹₹₹", "IN"])
def test_one_of_three_decimals_and_what_is_none_are_refused(code):
    with pytest.raises(ValueError, match=r"currency|decimals"):
        known_currency(code)
