"""What is known of a provider's embedding model before anybody asks it."""

from pathlib import Path

import pytest

from kb_contract.embedding_space import nearness_key
from kb_contract.errors import BadSetting
from kb_contract.provider_embeddings.deployments import deployment_of, price_of
from kb_contract.provider_embeddings.spaces import (
    dollars_a_token,
    most_tokens,
    provider_space,
    texts_in_a_request,
)

SMALL = "openai/text-embedding-3-small"
OURS = "openai/of-our-own"
A_MILLION = 0.02


def test_a_model_that_the_list_knows_describes_itself():
    space = provider_space(f"litellm/{SMALL}", 0)
    assert (space.dimension, most_tokens(space.model)) == (1536, 8191)
    assert (
        texts_in_a_request(space.model)
        > texts_in_a_request("litellm/vertex_ai/gemini-embedding-001")
        == 1
    )
    assert dollars_a_token(f"litellm/{SMALL}") == pytest.approx(A_MILLION / 1e6)
    assert dollars_a_token(f"litellm/{OURS}") is None
    shorter = provider_space(f"litellm/{SMALL}", 256)
    assert shorter.space_id != space.space_id


@pytest.mark.parametrize(
    ("model", "dimension", "said"),
    [
        (OURS, 0, "nothing says how many numbers"),
        (SMALL, 4096, "1536 numbers, not 4096"),
    ],
)
def test_a_dimension_that_cannot_be_is_refused(model: str, dimension: int, said: str):
    with pytest.raises(BadSetting, match=f"EMBEDDING_DIMENSION: .*{said}"):
        provider_space(f"litellm/{model}", dimension)


def test_the_file_of_models_says_where_one_is_and_what_it_costs(tmp_path: Path):
    file = tmp_path / "models.yaml"
    file.write_text(
        f"embeddings: [{{model: {OURS}, api_base: 'http://here/v1', input_price: 2}}]\n"
    )
    own = deployment_of(f"litellm/{OURS}", str(file), 5.0)
    assert (own.api_base, price_of(f"litellm/{OURS}", own)) == ("http://here/v1", 2e-6)
    other = deployment_of(f"litellm/{SMALL}", str(file), 5.0)
    assert (own.timeout, other.api_base, other.timeout) == (5.0, None, 5.0)
    assert price_of(f"litellm/{SMALL}", other) == pytest.approx(A_MILLION / 1e6)


def test_what_vectors_must_share_is_what_they_were_made_with_and_nothing_else():
    """A reader that is newer than what is served keeps answering until all is embedded anew."""
    small = provider_space(f"litellm/{SMALL}", 0).model_dump()
    assert nearness_key(small) == nearness_key({**small, "sparse": "otherwise", "words": "packed"})
    others = [provider_space(f"litellm/{SMALL}", 256), provider_space(f"litellm/{OURS}", 1536)]
    keys = {nearness_key(one.model_dump()) for one in others}
    assert len({nearness_key(small), *keys}) == 3
