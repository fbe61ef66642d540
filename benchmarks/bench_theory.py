"""asv benchmarks of the theory and of what a user waits for first."""

import subprocess
import sys

from assocmem import Dreaming, Hopfield, phase_diagram, solve, solve_rsb


class Theory:
    """All with kernels compiled: `setup` calls each once."""

    def setup(self):
        phase_diagram(Hopfield(load=0.05), n_points=10)
        solve_rsb(Hopfield(load=0.13), 0.0)
        solve(Hopfield(load=0.2, rule=Dreaming(1.0)), 0.1)

    def time_phase_diagram(self):
        phase_diagram(Hopfield(load=0.05))

    def time_solve(self):
        solve(Hopfield(load=0.05), 0.2)

    def time_solve_that_there_is_no_state(self):
        solve(Hopfield(load=0.12), 0.3)

    def time_solve_rsb(self):
        solve_rsb(Hopfield(load=0.13), 0.0)

    def time_solve_dreaming(self):
        solve(Hopfield(load=0.2, rule=Dreaming(1.0)), 0.1)


class Import:
    """A fresh process."""

    def time_import(self):
        subprocess.run([sys.executable, "-c", "import assocmem"], check=True)

    def time_import_numpy_for_comparison(self):
        subprocess.run([sys.executable, "-c", "import numpy"], check=True)
