"""No webhook reaches what is not on the open internet, however its address is written."""

from collections.abc import Sequence

import pytest

from graph.server.notices.safe_address import checked_url, is_public, resolve, safe_place
from kb_contract.errors import BadInput

INSIDE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",  # noqa: S104 - none is bound
    "100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::",
    "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::", "2001:0:0:0:0:0:f5ff:fffe",
    "not an address",
)  # fmt: skip
OUTSIDE = ("93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8")


@pytest.mark.parametrize("address", INSIDE)
def test_inside(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_outside(address: str):
    assert is_public(address)


class Names:
    """A resolver that says something else every time, as a rebinding one does."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


async def test_the_address_that_was_looked_at_is_the_one_that_is_called():
    names = Names(["93.184.216.34"], ["127.0.0.1"])
    place = await safe_place("https://hook.example/path?x=1", allow_private=False, ask=names)
    assert str(place.url) == "https://93.184.216.34/path?x=1"
    assert (place.host, names.asked) == ("hook.example", 1)


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("https://hook.example/", ["127.0.0.1"]),
        ("https://hook.example/", ["93.184.216.34", "10.0.0.1"]),
        ("https://hook.example/", ["::ffff:169.254.169.254"]),
        ("https://2130706433/", ["127.0.0.1"]),
        ("http://hook.example/", ["93.184.216.34"]),
        ("ftp://hook.example/", ["93.184.216.34"]),
        ("file:///etc/passwd", ["93.184.216.34"]),
        ("https://user:word@hook.example/", ["93.184.216.34"]),
        ("https://", ["93.184.216.34"]),
        ("https://[::1", ["93.184.216.34"]),
        ("words", ["93.184.216.34"]),
        ("https://a..b/", ["93.184.216.34"]),
        ("https://..../", ["93.184.216.34"]),
        (f"https://{'a' * 64}.com/", ["93.184.216.34"]),
        (f"https://{'a.' * 130}com/", ["93.184.216.34"]),
        ("https://xn--zzzz-.com/", ["93.184.216.34"]),
        ("https://\u2603.net/", ["93.184.216.34"]),
        ("https://a\u202e.com/", ["93.184.216.34"]),
        ("https://a%00b.com/", ["93.184.216.34"]),
        ("https://exa mple.com/", ["93.184.216.34"]),
        ("https://[fe80::1%eth0]/", ["93.184.216.34"]),
        ("https://hook.example:99999/", ["93.184.216.34"]),
    ],
)
async def test_what_leads_inside_is_refused(url: str, addresses: Sequence[str]):
    with pytest.raises(BadInput, match="webhook") as refused:
        await safe_place(url, allow_private=False, ask=Names(addresses))
    assert "word@" not in str(refused.value)


async def test_a_resolver_that_cannot_write_a_name_is_a_failed_delivery_like_any_other():
    async def strange(host: str, port: int) -> Sequence[str]:
        return await resolve(f"{host}..{host}", port)

    with pytest.raises(ConnectionError, match="cannot be resolved"):
        await safe_place("https://odd/", allow_private=False, ask=strange)


@pytest.mark.parametrize("url", ["https://b\u00fccher.example/x", "https://hook_1.example:8443/", "https://a.example./"])  # fmt: skip
def test_names_of_all_the_world_are_hosts(url: str):
    assert checked_url(url, allow_private=False).host


async def test_a_setting_lets_it_stay_at_home():
    place = await safe_place("http://127.0.0.1:9/x", allow_private=True)
    assert (str(place.url), place.host) == ("http://127.0.0.1:9/x", "127.0.0.1:9")
