"""Best match by one mac beside exact searches, for more and more stored items.

Prints medians per item stored and per cue, the fraction of cues for which the right item is found,
and memory. All have the same items and cues, and one thread; faiss is asked where it can be
imported. With ``--plain`` the same mac is timed that keeps its weights by units, `MacMemory`.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from assocmem.figures.fixed_time import compute
from assocmem.sdr import Codebook, Mac, Selection, Uniform


def plain(options: argparse.Namespace) -> None:
    """Time of the same mac where sums are taken unit by unit."""
    mac = Mac(options.modules, options.units, Selection(g_minus=0.95, sigma_2=80.0, sigma_3=0.975))
    memory = mac.memory(options.n)
    items = Codebook.draw(Uniform(options.n, options.active), 220, 0)
    memory.learn(items[:20])
    memory.codes(items[:20])
    times: dict[str, list[float]] = {"learn": [], "codes": []}
    for first in range(20, 220, 20):
        for name, found in times.items():
            start = time.perf_counter()
            getattr(memory, name)(items[first : first + 20])
            found.append((time.perf_counter() - start) / 20)
    learn, recall = (1e6 * np.median(found) for found in times.values())
    print(f"by units: {learn:.1f} us an item stored, {recall:.1f} us a code retrieved")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=2048)
    parser.add_argument("--active", type=int, default=20)
    parser.add_argument("--modules", type=int, default=16)
    parser.add_argument("--units", type=int, default=2048)
    parser.add_argument("--numbers", type=int, nargs="+", default=[100, 1000, 10_000, 100_000])
    parser.add_argument("--replaced", type=int, default=3, help="features of cues")
    parser.add_argument("--common", type=int, default=0, help="features of items in families")
    parser.add_argument("--families", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=0, help="of settling")
    parser.add_argument("--cues", type=int, default=1000)
    parser.add_argument("--plain", action="store_true", help="time the mac by units too")
    options = parser.parse_args()
    given = {name: value for name, value in vars(options).items() if name != "plain"}
    data = compute(**given)
    print("   stored  weights set   store us  " + "".join(
        f"{name:>28s}" for name in data["search"].values
    ))  # fmt: skip
    print(" " * 36 + "        us a cue  right    MB" * len(data["search"]))
    for number in data["stored"].values:
        of = data.sel(stored=number)
        line = f"{number:9d}  {float(of['fill']):11.4f}  {1e6 * float(of['store_time']):9.2f}"
        for name in data["search"].values:
            one = of.sel(search=name)
            line += (
                f"     {1e6 * float(one['recall_time']):11.2f}  {float(one['right']):5.3f}"
                f"{float(one['bytes']) / 1e6:6.1f}"
            )
        print(line)
    shares = ", ".join(f"{share:.3f}" for share in data["read"].values)
    print(f"read back from the mac in every feature: {shares}")
    if options.plain:
        plain(options)


if __name__ == "__main__":
    main()
