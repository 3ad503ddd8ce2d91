# ruff: noqa: E501 - data, kept as wide as it is
"""What people, programs and attackers type where a name was expected. Written for this project, by kind."""

CONTROL = [chr(code) for code in [*range(0x00, 0x20), *range(0x7F, 0xA0)]] + [
    "a\x00b",
    "a\rb",
    "a\nb",
    "a\r\nb",
    "\x1b[31mred",
]
BIDI = [f"abc{chr(code)}def" for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]
INVISIBLE = [chr(code) * 3 for code in (0x00AD, 0x034F, 0x115F, 0x180E, 0x200B, 0x200C, 0x200D, 0x2060, 0x3164, 0xFEFF)]
SPACES = [f"a{chr(code)}b" for code in (0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x3000)]
SCRIPTS = """José Núñez|Zoë O’Neil|Đặng Thị|Владимир|Ελένη|محمد|שרה|王芳|김민준|さくら|ไพลิน|अनिता|தமிழ்|ქართული|Հայկ|አማርኛ|ខ្មែរ|
İstanbul|ı|ß|Ǆ|ﬁne|Ⅷ|①②③|𝒜𝒷𝒸|𝟙𝟚𝟛|ＡＢＣ|ａｂｃ""".replace("\n", "").split("|")
MARKS = ["e" + "\u0301" * count for count in (1, 2, 10, 50)] + ["Z̷̢a̵l̸g̴o̶" * 4, "\u0301", "\u20dd", "क्‍ष", "a\u0336b\u0336"]
EMOJI = ["😀", "👩🏽‍⚕️", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇺🇸🇲🇽", "1️⃣", "☎️", "🦴" * 80, "\U0001f3fb", "\u200d👩"]
LETTERS_ALIKE = ["раураl", "аdmin", "Μaria", "Ѕample", "ⅼeft", "rnaria", "0OlI1", "ехample.org"]
TEMPLATES = """{{7*7}}|{% now 'Y' %}|{{ request }}|{# x #}|${7*7}|#{7*7}|<%= 7*7 %>|{{constructor.constructor('x')()}}|
%(name)s|%s%s%s%n|{0}|{name!r}|{private_link}|{private_code}|$PATH|`id`|$(id)|[[x]]|@{x}|~{x}""".replace(
    "\n", ""
).split("|")
SQL = """' OR 1=1 --|'; DROP TABLE crm_lead; --|" OR ""="|1; SELECT pg_sleep(1)|' UNION SELECT NULL--|admin'--|\\'; --|%27|
$$x$$|E'\\\\x00'|1e309|0x41|';COPY x TO PROGRAM 'id';--|ILIKE '%'|_%_|\\|\\\\""".replace("\n", "").split("|")
MARKUP = """<script>alert(1)</script>|<img src=x onerror=alert(1)>|"><svg onload=alert(1)>|javascript:alert(1)|<!-- x -->|
]]>|&lt;b&gt;|&#x3c;|&amp;amp;|<b|</form>|<input name=state value=XX>|<style>*{display:none}</style>|' autofocus onfocus=x '|
<a href="//evil.example">x</a>|<math><mi>|<plaintext>|<noscript>|\u003cscript\u003e|<ſcript>""".replace("\n", "").split(
    "|"
)
HEADERS = """a\r\nBcc: x@example.org|a\nSubject: x|a%0d%0aSet-Cookie: x=1|x@example.org,y@example.org|"a" <x@example.org>|
=?utf-8?b?eA==?=|a;b|a@b@c.example.org|x@[127.0.0.1]|x@localhost|@example.org|x@|"x y"@example.org|x@exa mple.org|
x@-a.example.org|x@a..example.org|.x@example.org|x.@example.org|x+tag@example.org|x@xn--bcher-kva.example.org|
x@bücher.example.org|пример@пример.example.org|x@example.org\x00|MAILER-DAEMON@example.org""".replace("\n|", "|").split(
    "|"
)
PATHS = """../../etc/passwd|..\\..\\boot.ini|/dev/null|C:\\CON|file:///etc/passwd|http://169.254.169.254/|//example.org|~root|
a/b|a\\b|.|..|.htaccess|NUL|aux.txt|%2e%2e%2f|\\\\host\\share|data:text/html,x|ldap://x|gopher://x""".replace(
    "\n", ""
).split("|")
NUMBERS = """0|-0|-1|1e9|1e309|-1e309|NaN|Infinity|0x10|010|1_000|1,000|1.000,5|١٢٣|१२३|½|²|٫|99999999999999999999|
2147483648|-2147483649|9223372036854775808|1.7976931348623157e309|0.1+0.2""".replace("\n", "").split("|")
DATES = """2026-02-30|0000-00-00|9999-12-31|10000-01-01|-0001-01-01|13/45/2026|00/2026|29/02/2025|2026-W01|now|yesterday|
1.1.1900|١/١/٢٠٢٦|2026-11-23T00:00:00Z|2026−11−23|02/29/2024|1/1/1""".replace("\n", "").split("|")
PHONES = """+|++1|+1|+1212555|+121255501000000000000|(212|212)555|555-CALL-NOW|+1 212 555 0100 ext. 9|tel:+12125550100|
+999999999999|٢١٢٥٥٥٠١٠٠|＋１２１２５５５０１００|2125550100\u202e|911""".replace("\n", "").split("|")
FORMATS = """{"a":1}|[1,2]|null|true|undefined|None|NULL|=1+1|+1+1|-1+1|@SUM(A1)|=cmd|' /C calc'!A0|\t=1|a,b;c|"a""b"|
<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>|a: &b|!!python/object:x|---""".replace(
    "\n", ""
).split("|")
WORDS = [
    "constructor",
    "__proto__",
    "hasOwnProperty",
    "toString",
    "length",
    "id",
    "pk",
    "save",
    "delete",
    "none",
    "unsure_A1",
]
LONG = [
    "x" * 79,
    "x" * 80,
    "x" * 81,
    "x" * 254,
    "x" * 255,
    "x" * 10_000,
    "é" * 5_000,
    "a " * 5_000,
    "👩🏽‍⚕️" * 500,
    "<" * 5_000,
]
BYTES = [
    b"\xff",
    b"\xfe\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xf5\x80\x80\x80",
    b"abc\x80",
    b"%ff%fe",
    b"\xe2\x28\xa1",
]

TEXTS: list[str] = [
    *(
        text
        for kind in (CONTROL, BIDI, INVISIBLE, SPACES, SCRIPTS, MARKS, EMOJI, LETTERS_ALIKE, TEMPLATES)
        for text in kind
    ),
    *(text for kind in (SQL, MARKUP, HEADERS, PATHS, NUMBERS, DATES, PHONES, FORMATS, WORDS, LONG) for text in kind),
]
