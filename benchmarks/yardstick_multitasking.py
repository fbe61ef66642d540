"""Diluted patterns beside a C reference that is given their couplings, interleaved, medians.

K = 8 patterns at d = 0.5. The reference is the one of `yardstick.py`: sequential heat bath on
cached float32 fields. Give its path as argument or in ASSOCMEM_YARDSTICK. Ratios are package time
over C time for the same number of sweeps per chain; below 1 is faster than C.

Methods: "patterns", sparse columns; "single", cached fields of one chain; "lanes", of 16; "waiting"
and "auto" as the samplers take them. Times of making couplings are left out on both sides.
"""

from __future__ import annotations

import argparse
import os
import sys

import numpy as np
from yardstick import compare, reference

from assocmem import Multitasking


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("library", nargs="?", default=os.environ.get("ASSOCMEM_YARDSTICK"))
    parser.add_argument("--seconds", type=float, default=0.05, help="per timing")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 4000, 10000])
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.02, 0.1, 0.3])
    parser.add_argument("--patterns", type=int, default=8)
    parser.add_argument("--dilution", type=float, default=0.5)
    parser.add_argument(
        "--methods", nargs="+", default=["patterns", "single", "lanes", "waiting", "auto"]
    )
    options = parser.parse_args()
    if not options.library or not os.path.exists(options.library):
        sys.exit(
            "skipped: give the path of the reference library (libyardstick.so) as argument or in "
            f"ASSOCMEM_YARDSTICK, got {options.library!r}"
        )
    c_run = reference(options.library)
    model = Multitasking(n_patterns=options.patterns, dilution=options.dilution)
    print(
        "    N     T    method   R   ratio [min, max]       ns/attempt C / ours   "
        "acceptance C / ours"
    )
    for size in options.sizes:
        sample = model.draw(size, np.random.default_rng(1))
        for temperature in options.temperatures:
            for method in options.methods:
                chains = 16 if method == "lanes" else 1
                ratio, low, high, c_time, c_rate, rate = compare(
                    c_run, sample, temperature, method, chains, options.seconds, options.repeats,
                    "random",
                )  # fmt: skip
                print(
                    f"{size:6d} {temperature:5.2f} {method:>9s} {chains:3d}  {ratio:6.3f} "
                    f"[{low:.3f}, {high:.3f}]  {c_time:10.2f} / {ratio * c_time:7.2f}      "
                    f"{c_rate:.2e} / {rate:.2e}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
