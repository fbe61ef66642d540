"""BibTeX for what a model stands on."""

from __future__ import annotations

import dataclasses
from typing import Any

_ENTRIES = {
    "hopfield1982": (
        "@article{hopfield1982, author={Hopfield, J. J.}, title={Neural networks and physical "
        "systems with emergent collective computational abilities}, journal={Proc. Natl. Acad. "
        "Sci. USA}, volume={79}, pages={2554--2558}, year={1982}}"
    ),
    "amit1985": (
        "@article{amit1985, author={Amit, Daniel J. and Gutfreund, Hanoch and Sompolinsky, H.}, "
        "title={Spin-glass models of neural networks}, journal={Phys. Rev. A}, volume={32}, "
        "pages={1007--1018}, year={1985}}"
    ),
    "amit1987": (
        "@article{amit1987, author={Amit, Daniel J. and Gutfreund, Hanoch and Sompolinsky, H.}, "
        "title={Statistical mechanics of neural networks near saturation}, journal={Ann. Phys.}, "
        "volume={173}, pages={30--67}, year={1987}}"
    ),
    "amit1987bias": (
        "@article{amit1987bias, author={Amit, Daniel J. and Gutfreund, Hanoch and Sompolinsky, "
        "H.}, title={Information storage in neural networks with low levels of activity}, "
        "journal={Phys. Rev. A}, volume={35}, pages={2293--2303}, year={1987}}"
    ),
    "kanter1987": (
        "@article{kanter1987, author={Kanter, I. and Sompolinsky, H.}, title={Associative recall "
        "of memory without errors}, journal={Phys. Rev. A}, volume={35}, pages={380--392}, "
        "year={1987}}"
    ),
    "storkey1999": (
        "@article{storkey1999, author={Storkey, A. J. and Valabregue, R.}, title={The basins of "
        "attraction of a new Hopfield learning rule}, journal={Neural Networks}, volume={12}, "
        "pages={869--876}, year={1999}}"
    ),
    "fachechi2019": (
        "@article{fachechi2019, author={Fachechi, Alberto and Agliari, Elena and Barra, Adriano}, "
        "title={Dreaming neural networks: Forgetting spurious memories and reinforcing pure "
        "ones}, journal={Neural Networks}, volume={112}, pages={24--40}, year={2019}}"
    ),
    "gardner1987": (
        "@article{gardner1987, author={Gardner, E.}, title={Multiconnected neural network "
        "models}, journal={J. Phys. A}, volume={20}, pages={3453--3464}, year={1987}}"
    ),
    "krotov2016": (
        "@inproceedings{krotov2016, author={Krotov, Dmitry and Hopfield, John J.}, title={Dense "
        "associative memory for pattern recognition}, booktitle={Advances in Neural Information "
        "Processing Systems}, volume={29}, year={2016}}"
    ),
    "agliari2023supervised": (
        "@article{agliari2023supervised, author={Agliari, Elena and Albanese, Linda and Alemanno, "
        "Francesco and Alessandrelli, Andrea and Barra, Adriano and Giannotti, Fosca and Lotito, "
        "Daniele and Pedreschi, Dino}, title={Dense Hebbian neural networks: A replica symmetric "
        "picture of supervised learning}, journal={Physica A}, volume={626}, pages={129076}, "
        "year={2023}, eprint={2212.00606}}"
    ),
    "agliari2023unsupervised": (
        "@article{agliari2023unsupervised, author={Agliari, Elena and Albanese, Linda and "
        "Alemanno, Francesco and Alessandrelli, Andrea and Barra, Adriano and Giannotti, Fosca "
        "and Lotito, Daniele and Pedreschi, Dino}, title={Dense Hebbian neural networks: A "
        "replica symmetric picture of unsupervised learning}, journal={Physica A}, volume={627}, "
        "pages={129143}, year={2023}, eprint={2211.14067}}"
    ),
    "agliari2020": (
        "@article{agliari2020, author={Agliari, Elena and Alemanno, Francesco and Barra, Adriano "
        "and Centonze, Martino and Fachechi, Alberto}, title={Neural networks with a redundant "
        "representation: Detecting the undetectable}, journal={Phys. Rev. Lett.}, volume={124}, "
        "pages={028301}, year={2020}}"
    ),
    "agliari2012": (
        "@article{agliari2012, author={Agliari, Elena and Barra, Adriano and Galluzzi, Andrea and "
        "Guerra, Francesco and Moauro, Francesco}, title={Multitasking associative networks}, "
        "journal={Phys. Rev. Lett.}, volume={109}, pages={268101}, year={2012}}"
    ),
    "agliari2023parallel": (
        "@article{agliari2023parallel, author={Agliari, Elena and Alessandrelli, Andrea and "
        "Barra, Adriano and Ricci-Tersenghi, Federico}, title={Parallel learning by multitasking "
        "neural networks}, journal={J. Stat. Mech.}, year={2023}, eprint={2308.04106}}"
    ),
    "demircigil2017": (
        "@article{demircigil2017, author={Demircigil, Mete and Heusel, Judith and Loewe, Matthias "
        "and Upgang, Sven and Vermet, Franck}, title={On a model of associative memory with huge "
        "storage capacity}, journal={J. Stat. Phys.}, volume={168}, pages={288--299}, year={2017}}"
    ),
    "lucibello2024": (
        "@article{lucibello2024, author={Lucibello, Carlo and Mezard, Marc}, title={Exponential "
        "capacity of dense associative memories}, journal={Phys. Rev. Lett.}, volume={132}, "
        "pages={077301}, year={2024}}"
    ),
    "ahmad2016": (
        "@article{ahmad2016, author={Ahmad, Subutai and Hawkins, Jeff}, title={How do neurons "
        "operate on sparse distributed representations? A mathematical theory of sparsity, neurons "
        "and active dendrites}, year={2016}, eprint={1601.00720}}"
    ),
    "ahmad2015": (
        "@article{ahmad2015, author={Ahmad, Subutai and Hawkins, Jeff}, title={Properties of "
        "sparse distributed representations and their application to hierarchical temporal "
        "memory}, year={2015}, eprint={1503.07469}}"
    ),
    "hawkins2016": (
        "@article{hawkins2016, author={Hawkins, Jeff and Ahmad, Subutai}, title={Why neurons have "
        "thousands of synapses, a theory of sequence memory in neocortex}, journal={Front. Neural "
        "Circuits}, volume={10}, pages={23}, year={2016}}"
    ),
    "poirazi2001": (
        "@article{poirazi2001, author={Poirazi, Panayiota and Mel, Bartlett W.}, title={Impact of "
        "active dendrites and structural plasticity on the memory capacity of neural tissue}, "
        "journal={Neuron}, volume={29}, pages={779--796}, year={2001}}"
    ),
    "cui2017": (
        "@article{cui2017, author={Cui, Yuwei and Ahmad, Subutai and Hawkins, Jeff}, title={The "
        "HTM spatial pooler -- a neocortical algorithm for online sparse distributed coding}, "
        "journal={Front. Comput. Neurosci.}, volume={11}, pages={111}, year={2017}}"
    ),
    "willshaw1969": (
        "@article{willshaw1969, author={Willshaw, D. J. and Buneman, O. P. and Longuet-Higgins, H. "
        "C.}, title={Non-holographic associative memory}, journal={Nature}, volume={222}, "
        "pages={960--962}, year={1969}}"
    ),
    "palm1980": (
        '@article{palm1980, author={Palm, G{\\"u}nther}, title={On associative memory}, '
        "journal={Biol. Cybern.}, volume={36}, pages={19--31}, year={1980}}"
    ),
    "knoblauch2010": (
        '@article{knoblauch2010, author={Knoblauch, Andreas and Palm, G{\\"u}nther and Sommer, '
        "Friedrich T.}, title={Memory capacities for synaptic and structural plasticity}, "
        "journal={Neural Comput.}, volume={22}, pages={289--341}, year={2010}}"
    ),
    "rinkus2010": (
        "@article{rinkus2010, author={Rinkus, Gerard J.}, title={A cortical sparse distributed "
        "coding model linking mini- and macrocolumn-scale functionality}, journal={Front. "
        "Neuroanat.}, volume={4}, pages={17}, year={2010}}"
    ),
    "rinkus2014": (
        "@article{rinkus2014, author={Rinkus, Gerard J.}, title={Sparsey: event recognition via "
        "deep hierarchical sparse distributed codes}, journal={Front. Comput. Neurosci.}, "
        "volume={8}, pages={160}, year={2014}}"
    ),
    "rinkus2017": (
        "@article{rinkus2017, author={Rinkus, Rod and Leveille, Jasmin}, title={Superposed "
        "episodic and semantic memory via sparse distributed representation}, year={2017}, "
        "eprint={1710.07829}}"
    ),
    "iyer2022": (
        "@article{iyer2022, author={Iyer, Abhiram and Grewal, Karan and Velu, Akash and Souza, "
        "Lucas Oliveira and Forest, Jeremy and Ahmad, Subutai}, title={Avoiding catastrophe: "
        "Active dendrites enable multi-task learning in dynamic environments}, journal={Front. "
        "Neurorobot.}, volume={16}, pages={846219}, year={2022}}"
    ),
}

_SOURCES = {
    "Hopfield": ("hopfield1982", "amit1985", "amit1987"),
    "Dense": ("gardner1987", "krotov2016"),
    "Supervised": ("agliari2023supervised",),
    "Unsupervised": ("agliari2023unsupervised",),
    "Multitasking": ("agliari2012", "agliari2023parallel"),
    "NoisyDense": ("agliari2020",),
    "Detector": ("ahmad2015", "ahmad2016"),
    "Population": ("ahmad2016",),
    "DendriticLayer": ("iyer2022",),
    "TemporalMemory": ("hawkins2016",),
    "SequenceRecall": ("ahmad2016", "hawkins2016"),
    "Branching": ("hawkins2016",),
    "StoredTransitions": ("ahmad2016", "hawkins2016"),
    "Willshaw": ("willshaw1969", "palm1980", "knoblauch2010"),
    "Selection": ("rinkus2014",),
    "Mac": ("rinkus2010", "rinkus2014", "rinkus2017"),
    "Hierarchy": ("rinkus2014", "rinkus2017"),
    "CodeOverlap": ("rinkus2010", "rinkus2014"),
    "ReadItems": ("rinkus2010", "rinkus2014"),
    "StoredItems": ("rinkus2010", "rinkus2014"),
    "SpatialPooler": ("cui2017",),
    "PoiraziMel": ("poirazi2001",),
    "Exponential": ("demircigil2017",),
    "LogSumExp": ("lucibello2024",),
    "Biased": ("amit1987bias",),
    "PseudoInverse": ("kanter1987",),
    "Storkey": ("storkey1999",),
    "Dreaming": ("fachechi2019",),
}


def cite(model: Any) -> str:
    """BibTeX entries of the papers behind a model, its pattern ensemble and its rule.

    Parameters
    ----------
    model : model object

    Returns
    -------
    str
        One BibTeX entry per line.

    Raises
    ------
    TypeError
        If ``model`` is not one of this package's model objects.

    Examples
    --------
    >>> from assocmem import Hopfield, cite
    >>> cite(Hopfield(load=0.1)).splitlines()[0][:21]
    '@article{hopfield1982'
    """
    if not dataclasses.is_dataclass(model) or type(model).__name__ not in _SOURCES:
        raise TypeError(f"model must be a model object of assocmem, got {model!r}")
    parts = [model, *(getattr(model, f.name) for f in dataclasses.fields(model))]
    keys = [key for part in parts for key in _SOURCES.get(type(part).__name__, ())]
    return "\n".join(_ENTRIES[key] for key in dict.fromkeys(keys))
