from graph.citations.readable import plain


def test_a_placeholder_in_code_is_shown_and_a_tag_in_prose_is_not():
    assert plain("Use `kb approve <id>` and <b>wait</b>.") == "Use `kb approve <id>` and wait."
