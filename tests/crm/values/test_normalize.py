"""What people type, made safe."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.values import normalize
from tests.properties import unhurried


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ana  María ", "Ana María"),
        ("Eve\r\nBcc: all@example.org", "Eve Bcc: all@example.org"),
        ("N\x00UL", "NUL"),
        ("\u202eelpmaxE\u202c", "elpmaxE"),
        ("A\u2028B\x85C\x0bD", "A B C D"),
        ("{{7*7}}", "{{7*7}}"),
        ("O'Neil-Sørensen", "O'Neil-Sørensen"),
        ("李小龙", "李小龙"),
        ("e\u0301", "é"),
        ("\u200b\u2066\ufeff", ""),
        ("\u2800\u2800", ""),
        ("\u200d \u00ad\u3164\ufe0f", ""),
        ("A\u2800\u2800B", "A B"),
        ("\x1b[31mRed", "[31mRed"),
        ("👩\u200d⚕\ufe0f", "👩\u200d⚕\ufe0f"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_one_line(typed: str, kept: str) -> None:
    assert normalize.one_line(typed) == kept


@unhurried
@given(st.text())
def test_one_line_is_one_line_and_stays_so(text: str) -> None:
    line = normalize.one_line(text)

    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.category(letter) == "Cc" for letter in line)
    assert unicodedata.is_normalized("NFC", line)
    assert normalize.one_line(line) == line


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ana.M@EXAMPLE.org ", "Ana.M@example.org"),
        ("Ana@BÜCHER.example", "Ana@bücher.example"),
        ("Ana@XN--bcher-kva.example", "Ana@bücher.example"),
        ("ana@straße.example", "ana@straße.example"),
        ("ana@xn--strae-oqa.example", "ana@straße.example"),
        ("ana@strasse.example", "ana@strasse.example"),
        ("ana@xn--.example", "ana@xn--.example"),
        ("ana@" + "ü" * 400, "ana@" + "ü" * 400),
        ("nobody", "nobody"),
        ("", ""),
    ],
)
def test_email_address(typed: str, kept: str) -> None:
    assert normalize.email_address(typed) == kept


def test_spellings_of_an_address() -> None:
    assert normalize.spellings("Ana@example.org") == ["Ana@example.org"]
    both = ["ana@bücher.example", "ana@xn--bcher-kva.example"]
    assert [normalize.spellings(one) for one in both] == [both, both]


@unhurried
@given(st.text())
def test_an_address_stays_as_it_was_made(text: str) -> None:
    made = normalize.email_address(text)
    assert normalize.email_address(made) == made


@pytest.mark.parametrize(
    ("address", "expected"), [("a@example.org", True), ("a@localhost", False), ("a@[127.0.0.1]", False)]
)
def test_is_public_domain(address: str, expected: bool) -> None:
    assert normalize.is_public_domain(address) is expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("José", "Jose", True),
        ("Nguyễn", "NGUYEN", True),
        ("Jose\u0301", "José", True),
        ("Zoë Anne-Marie", "zoe annemarie", True),
        ("राम", "रीमा", False),
        ("राम", "राम ", True),
        ("มานี", "มานะ", False),
        ("แก้ว", "แกว", False),
        ("مُحَمَّد", "مِحْمَد", False),
        ("דָּוִד", "דּוֹד", False),
        ("かな", "がな", False),
        ("葛", "葛\U000e0100", True),
    ],
)
def test_only_latin_marks_do_not_count_in_a_name(one: str, other: str, same: bool) -> None:
    assert (normalize.name_key(one) == normalize.name_key(other)) is same
