"""Citations: one entry for each part of a model that has a source."""

import re

import pytest

from assocmem import (
    Biased,
    Dense,
    Detector,
    Dreaming,
    Exponential,
    Hopfield,
    LogSumExp,
    NoisyDense,
    Storkey,
    Supervised,
    TemporalMemory,
    Willshaw,
    cite,
)


def _keys(text):
    return re.findall(r"@(?:article|inproceedings)\{(\w+),", text)


def test_each_part_is_cited_once():
    assert _keys(cite(Hopfield(load=0.1))) == ["hopfield1982", "amit1985", "amit1987"]
    biased = cite(Hopfield(load=0.1, patterns=Biased(0.2), rule=Dreaming(1.0)))
    assert {"amit1987bias", "fachechi2019"} < set(_keys(biased))
    assert "storkey1999" in cite(Hopfield(load=0.1, rule=Storkey()))


def test_every_model_without_a_temperature_is_cited():
    from assocmem.dendrites import DendriticLayer, PoiraziMel, Population, SpatialPooler
    from assocmem.sdr import Uniform

    detector = Detector(Uniform(100, 10), n_synapses=5, threshold=3)
    assert _keys(cite(detector)) == ["ahmad2015", "ahmad2016"]
    assert set(_keys(cite(Population(detector, 3)))) == {"ahmad2015", "ahmad2016"}
    assert _keys(cite(TemporalMemory())) == ["hawkins2016"]
    assert "palm1980" in _keys(cite(Willshaw(10, 10, 2, 2)))
    assert _keys(cite(SpatialPooler(10, 10))) == ["cui2017"]
    assert _keys(cite(DendriticLayer(2, 2))) == ["iyer2022"]
    assert _keys(cite(PoiraziMel())) == ["poirazi2001"]


def test_models_of_sparsey_are_cited():
    from assocmem.sdr import CodeOverlap, Hierarchy, Level, Mac, ReadItems, StoredItems

    mac = Mac(8, 4)
    assert _keys(cite(mac)) == ["rinkus2010", "rinkus2014", "rinkus2017"]
    assert set(_keys(cite(Hierarchy((8, 8), Level(mac, 4))))) == {"rinkus2014", "rinkus2017"}
    stored = StoredItems(mac, 100, 10, 50), ReadItems(mac, 100, 10, 50)
    for model in (CodeOverlap(mac, 100, 10, 5), *stored):
        assert {"rinkus2010", "rinkus2014"} <= set(_keys(cite(model)))


def test_dense_models_cite_what_they_learn_by():
    text = cite(Dense(load=0.1, learning=Supervised(3, 0.5)))
    assert {"gardner1987", "agliari2023supervised"} <= set(_keys(text))
    assert "agliari2023unsupervised" not in _keys(text)
    noisy = NoisyDense(Dense(load=0.1, p=3), amplitude=0.1)
    assert {"agliari2020", "gardner1987"} <= set(_keys(cite(noisy)))
    assert "lucibello2024" in cite(Dense(load=0.1, energy=LogSumExp()))


@pytest.mark.parametrize("model", [Hopfield(load=0.1), Dense(load=0.1, energy=Exponential())])
def test_entries_are_bibtex(model):
    for line in cite(model).splitlines():
        assert line.count("{") == line.count("}")
        assert all(f"{field}={{" in line for field in ("author", "title", "year"))
        assert "journal={" in line or "booktitle={" in line


@pytest.mark.parametrize("thing", [None, "Hopfield", Hopfield, 3])
def test_only_models_are_cited(thing):
    with pytest.raises(TypeError, match="model"):
        cite(thing)
