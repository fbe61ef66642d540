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
}

_SOURCES = {
    "Hopfield": ("hopfield1982", "amit1985", "amit1987"),
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
