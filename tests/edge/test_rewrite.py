"""Links are turned wherever the stream is cut, and nothing else is."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesbridge.edge.gateway.rewrite import Links

OURS = "https://edge.example/api/junifer"
LINKS = Links("/rest/v1", OURS)
VELOCITY = Links("/velocity/api/v1", "https://edge.example/api/velocity")

pieces_of_text = st.sampled_from([
    '"http://h/rest/v1/x"', '"https://billing.internal:43002/rest/v1"', '"http:\\/\\/h\\/rest\\/v1\\/x"', '"http://',
    '"http:/', "http://h/rest/v1/x", '"http://h/rest/v1x"', '"', "\\", "http", "/rest/v1/", '"http://h/rest/v', "h",
    "é",
    '"https://[::1]:8/rest/v1?a=b"', '"http://h:1/rest/v1#"',
])  # fmt: skip
texts = st.lists(pieces_of_text | st.text(max_size=5), max_size=12).map(lambda parts: "".join(parts).encode())


def streamed(links, text, cuts):
    stream, edges = links.stream(), [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    fed = [stream.feed(text[first:last]) for first, last in itertools.pairwise(edges)]
    return b"".join(fed) + stream.end()


@given(texts, st.lists(st.integers(0, 500), max_size=20))
def test_wherever_a_text_is_cut_it_becomes_the_same(text, cuts):
    assert streamed(LINKS, text, cuts) == LINKS.exchange(text)


@given(texts)
def test_a_text_fed_byte_by_byte_becomes_the_same(text):
    assert streamed(LINKS, text, range(len(text))) == LINKS.exchange(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(json_values, st.integers(1, 40))
def test_what_has_no_links_stays_as_it_is(value, width):
    text = json.dumps(value).encode()
    if b"/rest/v1" not in text:
        assert streamed(LINKS, text, range(0, len(text), width)) == text


@given(st.integers(1, 65535), st.text("abcdefg-.", min_size=1, max_size=60), st.integers(1, 30))
def test_every_link_is_turned_whatever_its_host(port, host, width):
    text = json.dumps({"links": {"next": f"http://{host}:{port}/rest/v1/accounts?after=1"}}).encode()
    turned = json.loads(streamed(LINKS, text, range(0, len(text), width)))
    assert turned == {"links": {"next": f"{OURS}/accounts?after=1"}}


@pytest.mark.parametrize(
    ("text", "turned"),
    [
        (b'"http:\\/\\/h\\/rest\\/v1\\/x"', b'"https:\\/\\/edge.example\\/api\\/junifer\\/x"'),
        (b'"see http://h/rest/v1/x"', b'"see http://h/rest/v1/x"'),
        (b'"http://h/rest/v10/x"', b'"http://h/rest/v10/x"'),
        (b'"http://h/other/rest/v1/x"', b'"http://h/other/rest/v1/x"'),
        (b'"ftp://h/rest/v1/x"', b'"ftp://h/rest/v1/x"'),
    ],
)
def test_a_link_is_a_whole_string_below_the_base(text, turned):
    assert LINKS.exchange(text) == turned


def test_named_hosts_are_the_only_ones_when_there_are_any():
    links = Links("/rest/v1", OURS, ["billing.internal:43002"])
    text = b'["http://billing.internal:43002/rest/v1/a","http://partner.example/rest/v1/a"]'
    assert streamed(links, text, range(0, 90, 7)) == (
        b'["https://edge.example/api/junifer/a","http://partner.example/rest/v1/a"]'
    )


def test_little_is_held_back():
    stream = LINKS.stream()
    assert stream.feed(b"x" * 100_000) == b"x" * 100_000
    assert len(stream.feed(b'"http://' + b"h" * 100_000)) > 99_000
    assert VELOCITY.exchange(b'"http://v/velocity/api/v1/Orders"') == b'"https://edge.example/api/velocity/Orders"'
