"""Citations: one entry for each part of a model that has a source."""

import re

import pytest

from assocmem import Biased, Dreaming, Hopfield, Storkey, cite


def _keys(text):
    return re.findall(r"@article\{(\w+),", text)


def test_each_part_is_cited_once():
    assert _keys(cite(Hopfield(load=0.1))) == ["hopfield1982", "amit1985", "amit1987"]
    biased = cite(Hopfield(load=0.1, patterns=Biased(0.2), rule=Dreaming(1.0)))
    assert {"amit1987bias", "fachechi2019"} < set(_keys(biased))
    assert "storkey1999" in cite(Hopfield(load=0.1, rule=Storkey()))


def test_entries_are_bibtex():
    for line in cite(Hopfield(load=0.1)).splitlines():
        assert line.count("{") == line.count("}")
        assert all(f"{field}={{" in line for field in ("author", "title", "journal", "year"))


@pytest.mark.parametrize("thing", [None, "Hopfield", Hopfield, 3])
def test_only_models_are_cited(thing):
    with pytest.raises(TypeError, match="model"):
        cite(thing)
