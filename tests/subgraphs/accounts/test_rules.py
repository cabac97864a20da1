import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.accounts import rules
from subgraphs.kernel.errors import Refused


@given(st.text(max_size=250))
def test_a_password_is_kept_as_it_is_tried_or_refused(text):
    try:
        kept = rules.password(text, "asha.rao@example.com", "password")
    except Refused:
        return
    assert kept == rules.tried_password(text)
    assert 8 <= len(kept) <= 200


@pytest.mark.parametrize("text", ["asha.rao", "ASHA.RAO", "password123", "qwertyuiop", "AaAaAaAaAa", "1" * 30])
def test_what_anybody_tries_first_is_weak(text):
    with pytest.raises(Refused) as caught:
        rules.password(text, "asha.rao@example.com", "password")
    assert caught.value.problems[0].code == "WEAK_PASSWORD"


@pytest.mark.parametrize("text", ["eight ch", "demo-password", "पासवर्ड और भी", "Secret-2026", "🐎🔋🐎🔋🐎🔋🐎🔋"])
def test_no_kinds_of_characters_are_asked_for(text):
    assert rules.password(text, "asha.rao@example.com", "password")
