import pytest
from hypothesis import given
from hypothesis import strategies as some

from subgraphs.kernel.email_address import compared, email_address, may_be_address
from subgraphs.kernel.errors import InvalidInput, Refused

ANY_TEXT = some.text(some.characters(exclude_categories=[]), max_size=40)


@given(ANY_TEXT | some.builds("{}@{}.{}".format, ANY_TEXT, ANY_TEXT, ANY_TEXT))
def test_an_address_is_kept_in_one_form_or_refused(text):
    try:
        kept = email_address(text)
    except Refused:
        return
    assert email_address(kept) == kept == text.strip()
    assert compared(kept) == compared(text)
    assert may_be_address(kept)
    assert kept.encode()


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "a@", "@b.cd", "a b@c.de", "a@b@c.de", "a@b.cd\0", "a\0@b.cd", "a\ud800@b.cd", "a\u200b@b.cd"),
        *(
            "a@b",
            "a@b.",
            "a@.cd",
            "a@b..cd",
            "<a@b.cd>",
            "a@b.cd,c@d.ef",
            '"a"@b.cd',
            "a@b.cd\u2028c",
            "a@b.cd\nBcc: c",
        ),
        *("x" * 65 + "@b.cd", "a@" + "x" * 64 + ".cd", "a@" + 50 * "abcd." + "abc"),
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(InvalidInput) as caught:
        email_address(text, "email")
    assert caught.value.problems[0].field == ("email",)


@pytest.mark.parametrize("text", ["O'Brien+x@mail.example.com", "अ@उदाहरण.भारत", "x" * 64 + "@b.cd", " a@b-c.de\n"])
def test_what_may_be_an_address_is_taken_as_it_is_written(text):
    assert email_address(text) == text.strip()


@pytest.mark.parametrize(("text", "may_be"), [("a" * 254, True), ("a" * 255, False), ("a\0", False), ("é", True)])
def test_what_is_too_long_or_cannot_be_printed_is_not_looked_for(text, may_be):
    assert may_be_address(text) is may_be
