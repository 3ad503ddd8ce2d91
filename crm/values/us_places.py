"""States and territories with the zone most of their people live in, and the zones a person may choose instead."""

ABROAD = "ZZ"

_EASTERN, _CENTRAL = "America/New_York", "America/Chicago"
_MOUNTAIN, _PACIFIC = "America/Denver", "America/Los_Angeles"

# Where a state has two zones this is the larger one; the form asks for the zone beside it.
STATES: dict[str, tuple[str, str]] = {
    "AL": ("Alabama", _CENTRAL),
    "AK": ("Alaska", "America/Anchorage"),
    "AZ": ("Arizona", "America/Phoenix"),
    "AR": ("Arkansas", _CENTRAL),
    "CA": ("California", _PACIFIC),
    "CO": ("Colorado", _MOUNTAIN),
    "CT": ("Connecticut", _EASTERN),
    "DE": ("Delaware", _EASTERN),
    "DC": ("District of Columbia", _EASTERN),
    "FL": ("Florida", _EASTERN),
    "GA": ("Georgia", _EASTERN),
    "HI": ("Hawaii", "Pacific/Honolulu"),
    "ID": ("Idaho", "America/Boise"),
    "IL": ("Illinois", _CENTRAL),
    "IN": ("Indiana", "America/Indiana/Indianapolis"),
    "IA": ("Iowa", _CENTRAL),
    "KS": ("Kansas", _CENTRAL),
    "KY": ("Kentucky", _EASTERN),
    "LA": ("Louisiana", _CENTRAL),
    "ME": ("Maine", _EASTERN),
    "MD": ("Maryland", _EASTERN),
    "MA": ("Massachusetts", _EASTERN),
    "MI": ("Michigan", "America/Detroit"),
    "MN": ("Minnesota", _CENTRAL),
    "MS": ("Mississippi", _CENTRAL),
    "MO": ("Missouri", _CENTRAL),
    "MT": ("Montana", _MOUNTAIN),
    "NE": ("Nebraska", _CENTRAL),
    "NV": ("Nevada", _PACIFIC),
    "NH": ("New Hampshire", _EASTERN),
    "NJ": ("New Jersey", _EASTERN),
    "NM": ("New Mexico", _MOUNTAIN),
    "NY": ("New York", _EASTERN),
    "NC": ("North Carolina", _EASTERN),
    "ND": ("North Dakota", _CENTRAL),
    "OH": ("Ohio", _EASTERN),
    "OK": ("Oklahoma", _CENTRAL),
    "OR": ("Oregon", _PACIFIC),
    "PA": ("Pennsylvania", _EASTERN),
    "RI": ("Rhode Island", _EASTERN),
    "SC": ("South Carolina", _EASTERN),
    "SD": ("South Dakota", _CENTRAL),
    "TN": ("Tennessee", _CENTRAL),
    "TX": ("Texas", _CENTRAL),
    "UT": ("Utah", _MOUNTAIN),
    "VT": ("Vermont", _EASTERN),
    "VA": ("Virginia", _EASTERN),
    "WA": ("Washington", _PACIFIC),
    "WV": ("West Virginia", _EASTERN),
    "WI": ("Wisconsin", _CENTRAL),
    "WY": ("Wyoming", _MOUNTAIN),
    "AS": ("American Samoa", "Pacific/Pago_Pago"),
    "GU": ("Guam", "Pacific/Guam"),
    "MP": ("Northern Mariana Islands", "Pacific/Saipan"),
    "PR": ("Puerto Rico", "America/Puerto_Rico"),
    "VI": ("U.S. Virgin Islands", "America/St_Thomas"),
    ABROAD: ("Outside the United States", ""),
}

ZONES: dict[str, str] = {
    _EASTERN: "Eastern",
    _CENTRAL: "Central",
    _MOUNTAIN: "Mountain",
    "America/Phoenix": "Arizona",
    _PACIFIC: "Pacific",
    "America/Anchorage": "Alaska",
    "Pacific/Honolulu": "Hawaii",
    "America/Puerto_Rico": "Atlantic (Puerto Rico, Virgin Islands)",
    "Pacific/Guam": "Guam and Northern Marianas",
    "Pacific/Pago_Pago": "American Samoa",
    "America/Toronto": "Canada: Toronto",
    "America/Vancouver": "Canada: Vancouver",
    "America/Mexico_City": "Mexico City",
    "America/Bogota": "Bogotá, Lima",
    "America/Sao_Paulo": "São Paulo",
    "Europe/London": "London, Dublin",
    "Europe/Berlin": "Berlin, Madrid, Paris, Rome",
    "Asia/Jerusalem": "Jerusalem",
    "Asia/Dubai": "Dubai",
    "Asia/Kolkata": "India",
    "Asia/Manila": "Manila",
    "Asia/Tokyo": "Tokyo",
    "Australia/Sydney": "Sydney",
}

# Zones of the United States that people call by the name of a larger one.
CALLED_AS: dict[str, str] = {
    **dict.fromkeys(("America/Detroit", "America/Kentucky/Louisville", "America/Kentucky/Monticello"), _EASTERN),
    **{
        f"America/Indiana/{place}": _EASTERN
        for place in ("Indianapolis", "Marengo", "Petersburg", "Vevay", "Vincennes", "Winamac")
    },
    **dict.fromkeys(("America/Fort_Wayne", "America/Indianapolis", "America/Louisville"), _EASTERN),
    **dict.fromkeys(("US/Eastern", "US/East-Indiana", "US/Michigan"), _EASTERN),
    **dict.fromkeys(("America/Indiana/Knox", "America/Indiana/Tell_City", "America/Menominee"), _CENTRAL),
    **{f"America/North_Dakota/{place}": _CENTRAL for place in ("Beulah", "Center", "New_Salem")},
    "US/Central": _CENTRAL,
    **dict.fromkeys(("America/Boise", "US/Mountain"), _MOUNTAIN),
    "US/Arizona": "America/Phoenix",
    "US/Pacific": _PACIFIC,
    **{f"America/{place}": "America/Anchorage" for place in ("Juneau", "Metlakatla", "Nome", "Sitka", "Yakutat")},
    "US/Alaska": "America/Anchorage",
    "US/Hawaii": "Pacific/Honolulu",
    "America/St_Thomas": "America/Puerto_Rico",
    "Pacific/Saipan": "Pacific/Guam",
}

# First three digits of ZIP codes that lie, as a whole, in the smaller zone of their state (49 CFR part 71; USPS areas).
# Areas that are themselves split are left out: then the form keeps asking.
ZIP_ZONES: dict[str, str] = {
    **dict.fromkeys(("325",), _CENTRAL),  # Florida: Pensacola
    **dict.fromkeys(("463", "464", "476", "477"), _CENTRAL),  # Indiana: Gary, Evansville
    **dict.fromkeys(("420", "421", "422", "423", "424"), _CENTRAL),  # Kentucky: Paducah, Bowling Green, Owensboro
    **dict.fromkeys(("374", "376", "377", "378", "379"), _EASTERN),  # Tennessee: Chattanooga, Knoxville
    **dict.fromkeys(("577",), _MOUNTAIN),  # South Dakota: Rapid City
    **dict.fromkeys(("693",), _MOUNTAIN),  # Nebraska: Alliance
    **dict.fromkeys(("798", "799", "885"), _MOUNTAIN),  # Texas: El Paso
    **dict.fromkeys(("835", "838"), _PACIFIC),  # Idaho: Lewiston, Coeur d'Alene
}

STATE_CHOICES = [(code, name) for code, (name, _zone) in STATES.items()]


def zone_choices() -> list[tuple[str, str]]:
    """Return every zone that a lead can have: those offered on the form, and those that only a state brings along."""
    by_state = {zone: zone.rpartition("/")[2].replace("_", " ") for _name, zone in STATES.values() if zone}
    return list((by_state | ZONES).items())


def zone_of_zip(digits: str) -> str:
    """Return the IANA zone of a ZIP code that lies in the smaller zone of its state; "" for all others."""
    return ZIP_ZONES.get(digits[:3], "")


def zone_of_state(code: str, *, otherwise: str) -> str:
    """Return the IANA zone of a state or territory; `otherwise` for an unknown code and for people abroad."""
    return STATES.get(code, ("", ""))[1] or otherwise
