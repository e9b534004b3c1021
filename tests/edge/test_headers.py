"""Which headers pass, whatever is sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from salesbridge.edge.gateway.headers import HOP, PASSED, back, further, onwards

CLAIMS = [
    b"authorization", b"cookie", b"x-junifer-x-apikey", b"x-junifer-x-username", b"x-forwarded-for", b"forwarded",
    b"host", b"x-real-ip", b"via", b"proxy-authorization", b"x-remote-user", b"connection", b"te", b"transfer-encoding",
    b"upgrade", b"set-cookie", b"server", b"www-authenticate", b"x-forwarded-host", b"keep-alive", b"trailer",
]  # fmt: skip
others = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20).map(str.encode)
names = st.sampled_from([*CLAIMS, *sorted(PASSED)]) | others
values = st.text("abc,; -=", max_size=12).map(str.encode)
pairs = st.lists(st.tuples(names, values), max_size=15)


@given(pairs, st.lists(st.sampled_from([*CLAIMS, b"x-on-behalf-of"]).map(bytes.decode), max_size=4))
def test_nothing_that_says_who_calls_is_passed_on(given_pairs, policy):
    passed = {name for name, _ in onwards(given_pairs, further(policy))}
    assert passed <= PASSED | {b"x-on-behalf-of", b"x-remote-user", b"set-cookie", b"server", b"www-authenticate"}
    assert passed.isdisjoint(HOP | {b"authorization", b"cookie", b"host", b"forwarded", b"via", b"x-junifer-x-apikey"})


@given(pairs)
def test_nothing_of_one_connection_is_passed_in_either_direction(given_pairs):
    named = {word.strip().lower() for name, value in given_pairs if name == b"connection" for word in value.split(b",")}
    for passed in (onwards(given_pairs), back(given_pairs, lambda value: value)):
        kept = {name for name, _ in passed}
        assert kept.isdisjoint(HOP)
        assert kept.isdisjoint(named - {b"content-length"})


@given(pairs)
def test_no_cookie_and_no_name_of_the_inside_comes_back(given_pairs):
    kept = {name for name, _ in back(given_pairs, lambda value: value)}
    assert kept.isdisjoint({b"set-cookie", b"server", b"via", b"www-authenticate", b"forwarded"})
    assert not any(name.startswith((b"x-forwarded-", b"x-junifer-")) for name in kept)


@given(pairs)
def test_what_passes_passes_unchanged_and_in_order(given_pairs):
    passed = onwards(given_pairs)
    assert passed == [pair for pair in given_pairs if pair in passed]


def test_a_location_that_leads_elsewhere_is_left_out():
    assert back([(b"location", b"x"), (b"etag", b"1")], lambda _: None) == [(b"etag", b"1")]
