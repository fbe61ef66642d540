"""JSON of models: everything that is not one is refused with a ValueError that says why."""

import json

import pytest

from assocmem import Biased, Hopfield, from_json, to_json


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("null", "object"),
        ("3", "object"),
        ("[1]", "object"),
        ('"Hopfield"', "object"),
        ("no json", "Expecting value"),
        ("[" * 10**5, "nested too deeply"),
        ('{"type": [1]}', "type must be one of"),
        ('{"type": null}', "type must be one of"),
        ('{"type": "Rademacher", "bias": 1}', r"Rademacher must have no keys but \[\].*bias"),
        ('{"type": "Hopfield", "loud": 1}', "loud"),
        ('{"type": "Biased"}', "Biased cannot be made.*bias"),
        ('{"type": "Biased", "bias": "a"}', "bias must be a real number"),
        ('{"type": "Biased", "bias": 2}', "bias"),
        ('{"type": "Hopfield", "load": 1e999}', "load"),
        ('{"type": "Hopfield", "load": 0.1, "patterns": 3}', "patterns must be an object"),
    ],
)
def test_refusals_say_why(text, says):
    with pytest.raises(ValueError, match=says):
        from_json(text)


@pytest.mark.parametrize("thing", [None, 3, {"type": "Rademacher"}])
def test_only_text_is_read(thing):
    with pytest.raises(TypeError, match="text"):
        from_json(thing)


def test_text_and_bytes_are_read():
    model = Hopfield(n_patterns=3, patterns=Biased(0.25), field=(0.5, -1e100))
    text = to_json(model)
    assert from_json(text) == model == from_json(text.encode())
    assert from_json(json.dumps(json.loads(text), indent=2)) == model
