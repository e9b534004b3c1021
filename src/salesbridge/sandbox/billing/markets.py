"""What differs between the markets: places, phones, currency, zone, identifiers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Town:
    """A place: town, region, and the postcode with ``#`` for a digit and ``@`` for a letter."""

    name: str
    region: str
    postcode: str
    localities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Market:
    """A retail market of the seed.

    ``phone`` and ``mobile`` are patterns in which ``#`` is a digit; ``supplies`` lists (identifier type, service
    type) of an account's first and second service point.
    """

    code: str
    locale: str
    zone: str
    currency: str
    towns: tuple[Town, ...]
    phones: tuple[str, ...]
    mobiles: tuple[str, ...]
    freephone: str
    supplies: tuple[tuple[str, str], tuple[str, str]]
    services: tuple[str, ...]
    company_number: str


GB = Market(
    code="GB",
    locale="en_GB",
    zone="Europe/London",
    currency="GBP",
    towns=(
        Town("London", "Greater London", "SW## #@@", ("Battersea", "Clapham", "Streatham")),
        Town("Manchester", "Greater Manchester", "M## #@@", ("Didsbury", "Chorlton")),
        Town("Leeds", "West Yorkshire", "LS# #@@", ("Headingley", "Roundhay")),
        Town("Bristol", "Bristol", "BS# #@@", ("Clifton", "Bedminster")),
        Town("Birmingham", "West Midlands", "B## #@@", ("Edgbaston", "Moseley")),
        Town("Glasgow", "Glasgow City", "G## #@@", ("Partick",)),
        Town("Cardiff", "South Glamorgan", "CF## #@@", ("Canton", "Roath")),
        Town("Norwich", "Norfolk", "NR# #@@", ("Eaton",)),
        Town("Truro", "Cornwall", "TR# #@@"),
        Town("King's Lynn", "Norfolk", "PE## #@@"),
    ),
    phones=("020 7946 0###", "0113 496 0###", "+44 161 496 0###"),
    mobiles=("07700 900###", "+44 7700 900###", "07700900###"),
    freephone="0808 157 0###",
    supplies=(("MPAN", "Electricity"), ("MPRN", "Gas")),
    services=("Electricity", "Gas", "Water"),
    company_number="0#######",
)

AU = Market(
    code="AU",
    locale="en_AU",
    zone="Australia/Sydney",
    currency="AUD",
    towns=(
        Town("Sydney", "NSW", "20##", ("Newtown", "Glebe", "Marrickville")),
        Town("Newcastle", "NSW", "23##", ("Merewether",)),
        Town("Melbourne", "VIC", "30##", ("Brunswick", "Fitzroy", "Footscray")),
        Town("Geelong", "VIC", "32##", ("Belmont",)),
        Town("Brisbane", "QLD", "40##", ("Paddington", "Toowong")),
        Town("Adelaide", "SA", "50##", ("Norwood", "Unley")),
        Town("Hobart", "TAS", "70##", ("Battery Point",)),
        Town("Canberra", "ACT", "26##", ("Braddon", "Dickson")),
    ),
    phones=("(02) 5550 ####", "(03) 5550 ####", "+61 7 5550 ####"),
    mobiles=("0491 57# ###", "+61 491 57# ###"),
    freephone="1800 160 4##",
    supplies=(("NMI", "Electricity"), ("NMI", "Electricity")),
    services=("Electricity", "Gas"),
    company_number="## ### ### ###",
)

NZ = Market(
    code="NZ",
    locale="en_NZ",
    zone="Pacific/Auckland",
    currency="NZD",
    towns=(
        Town("Auckland", "Auckland", "10##", ("Ponsonby", "Mount Eden", "Ōtāhuhu")),
        Town("Wellington", "Wellington", "60##", ("Te Aro", "Karori", "Newtown")),
        Town("Christchurch", "Canterbury", "80##", ("Riccarton", "Sumner")),
        Town("Hamilton", "Waikato", "32##", ("Chartwell",)),
        Town("Tauranga", "Bay of Plenty", "31##", ("Pāpāmoa",)),
        Town("Whangārei", "Northland", "01##", ("Kensington",)),
        Town("Dunedin", "Otago", "90##", ("Mornington", "St Kilda")),
        Town("Invercargill", "Southland", "98##", ("Windsor",)),
    ),
    phones=("09 555 ####", "04 555 ####", "+64 3 555 ####"),
    mobiles=("021 555 ####", "027 555 ####", "+64 21 555 ####"),
    freephone="0800 555 ###",
    supplies=(("ICP", "Electricity"), ("ICP", "Gas")),
    services=("Electricity", "Gas"),
    company_number="94290#######",
)

MARKETS = {market.code: market for market in (GB, AU, NZ)}
