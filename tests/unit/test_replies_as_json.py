"""What a graph may hold, as JSON: the moments of a reply are written in one way, whatever stands beside them."""

from datetime import UTC, datetime

import orjson
import pytest

from graph.server.encoding import to_json

AT = datetime(2031, 1, 15, 9, 30, 0, 250000, tzinfo=UTC)


@pytest.mark.parametrize("beside", ["plain", "with a \x00", 2**70, float("nan")])
def test_a_moment_is_written_the_same_beside_anything(beside: object):
    said = orjson.loads(to_json({"at": AT, "day": AT.date(), "beside": beside}))
    assert (said["at"], said["day"]) == ("2031-01-15T09:30:00.250000+00:00", "2031-01-15")
