"""A provider of well-formed rubbish is not asked twice for ever."""

from collections.abc import Iterator

import pytest

from graph.gateways.chat_model import RoutedChatModel
from graph.ports import NoAnswer
from tests.doubles.kept_books import loopback_model
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        yield running


async def written(model: RoutedChatModel) -> str:
    def check(text: str) -> str:
        return "" if text == "good" else "it is not good"

    return (await model.write(system="s", user="u", tier="cheap", deadline=120, check=check)).text


async def test_answers_that_never_can_be_used_are_mended_in_half_of_the_calls(
    provider: LoopbackProvider,
) -> None:
    provider.says("rubbish")
    model = loopback_model(provider)
    said: list[str] = []
    for _ in range(40):
        with pytest.raises(NoAnswer) as failed:
            await written(model)
        said.append(str(failed.value))
    assert len(provider.calls) <= 40 * 1.5 + 10
    assert sum("not asked to mend it" in one for one in said) == 80 - len(provider.calls)
    provider.says("good")
    assert await written(model) == "good"


async def test_who_mends_every_third_answer_is_always_asked_to(provider: LoopbackProvider) -> None:
    provider.says(*["rubbish", "good", "good", "good"] * 30)
    model = loopback_model(provider)
    assert [await written(model) for _ in range(60)] == ["good"] * 60
