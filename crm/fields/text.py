"""The fields into which people type, cleaned alike on every form: what cannot be seen is taken out first, and what is
then empty counts as nothing typed."""

from typing import Any, NoReturn

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.values import normalize, telephone

MOST_TYPED = 1_000  # characters of one line, blanks and all, before it is cleaned


def refuse_endless(value: Any, *, most: int = MOST_TYPED) -> None:
    """Refuse (ValidationError) what is too long, before anything else: cleaning takes the longer the longer a text is,
    quadratically so with combining marks."""
    if value and len(str(value)) > most:
        raise ValidationError(_("This is too long. Please write less."), code="max_length")


class LineField(forms.CharField):
    """One line: control and reordering characters are taken out before the length is judged."""

    def to_python(self, value: Any) -> str:
        refuse_endless(value)
        return normalize.one_line(super().to_python(value) or "")


class TextField(forms.CharField):
    """Several lines: control and reordering characters are taken out, the end of a line stays and counts once."""

    def to_python(self, value: Any) -> str:
        refuse_endless(value, most=4 * (self.max_length or MOST_TYPED))
        return normalize.several_lines(super().to_python(value) or "")


class AddressField(forms.EmailField):
    """An e-mail address that a mail can reach: Django's rules, and a domain with a dot. What is before the @ stays as
    typed."""

    default_error_messages = {"invalid": _("Enter a full e-mail address, such as name@example.org.")}

    def to_python(self, value: Any) -> str:
        refuse_endless(value)
        return normalize.email_address(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not normalize.is_public_domain(value):
            raise ValidationError(self.error_messages["invalid"], code="invalid")


class TelephoneField(forms.CharField):
    """A telephone or fax number, however it is written; gives it with its extension as it stands on record
    (crm/values/telephone.py), "" when left empty."""

    widget = forms.TelInput
    default_error_messages = {
        "required": _("Please fill this in."),
        "invalid": _("Enter a phone number with its area code, such as (212) 555-0100. Abroad: begin with +."),
        "country": _("Which country is this number in? Begin with + and the country code, such as +49."),
        "extension": _("This extension is too long. Check it, or leave it out."),
    }

    def to_python(self, value: Any) -> str:
        refuse_endless(value)
        typed = normalize.one_line(super().to_python(value) or "")
        number = telephone.read(typed)
        if typed and not number:
            self._refuse("country" if telephone.lacks_country(typed) else "invalid")
        if len(number) > telephone.LONGEST:
            self._refuse("extension")
        return number

    def _refuse(self, code: str) -> NoReturn:
        raise ValidationError(self.error_messages[code], code=code)

    def prepare_value(self, value: Any) -> Any:
        return telephone.in_words(value) if isinstance(value, str) else value
