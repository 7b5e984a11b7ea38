from kb import generated_docs


def test_generated_pages_are_up_to_date():
    stale = [
        path.name
        for path, text in generated_docs.pages().items()
        if path.read_text("utf-8") != text
    ]
    assert stale == [], "run: make docs"


def test_every_setting_is_explained():
    assert [name for _, name, field in generated_docs.fields() if not field.description] == []
