"""Names and telephone numbers as they are looked for. Every function in a lookup is immutable, so that an index can
hold it."""

from django.db.models import CharField, Transform, Value

from crm.values.telephone import EXTENSION

# Letters that no table of Unicode takes apart into a letter and a mark.
_LIKE, _PLAIN = "ŁłØøĐđĦħŦŧıÐð", "LlOoDdHhTtiDd"
# The marks of Latin letters (the vowels and tones of other scripts stay), blanks, and what stands between parts.
_LEFT_OUT = r"[\u0300-\u036f\s.''’‘ʼ`´‐-―−-]"
_APART = f"normalize(translate(%(expressions)s, '{_LIKE}', '{_PLAIN}'), NFKD)"


@CharField.register_lookup
class Plain(Transform):
    """`name__plain`: without accents, apostrophes, hyphens, blanks and case. José is found as jose, O’Brien as o'brien
    or obrien."""

    lookup_name = "plain"
    output_field = CharField()
    template = f"upper(regexp_replace({_APART}, '{_LEFT_OUT}', '', 'g'))"


def plain(word: str) -> Plain:
    """Return what a word is compared with: worked out where the names are, so that both go by the same letters."""
    return Plain(Value(word, output_field=CharField()))


@CharField.register_lookup
class Number(Transform):
    """`phone__number`: without the extension."""

    lookup_name = "number"
    output_field = CharField()
    template = f"split_part(%(expressions)s, '{EXTENSION}', 1)"
