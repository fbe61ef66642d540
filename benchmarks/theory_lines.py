"""Time of the Hopfield phase diagram against the usual way: quad, fixed point, bisection.

The usual way finds a point of the spinodal T_M by bisection in T, deciding existence by iterating
m, q with `scipy.integrate.quad` averages until they settle or m dies. Its cost grows without
bound with the accuracy (the iteration stalls at the fold), so it is timed at 1e-6 in T, where ours
is good to 1e-12: the ratio printed is a lower bound. Run: python benchmarks/theory_lines.py
"""

import math
import statistics
import time

from scipy.integrate import quad

from assocmem import Hopfield
from assocmem.theory import phase_diagram, solve


def _average(function, a, b, t):
    def integrand(z):
        return math.exp(-z * z / 2) * function((a + b * z) / t)

    kink = -a / b
    points = [kink] if abs(kink) < 9 else None
    value = quad(integrand, -9, 9, points=points, epsabs=1e-11, epsrel=1e-11, limit=200)[0]
    return value / math.sqrt(2 * math.pi)


def fixed_point(load, t, tolerance, limit=100_000):
    """(m, q, steps) of the iteration from m = q = 1; m = 0 once it has left retrieval."""
    m = q = 1.0
    for steps in range(1, limit):
        b = math.sqrt(load * q) / max(1e-12, 1 - (1 - q) / t)
        new_m = _average(math.tanh, m, b, t)
        new_q = _average(lambda x: math.tanh(x) ** 2, m, b, t)
        change = max(abs(new_m - m), abs(new_q - q))
        m, q = new_m, new_q
        if m < 0.3:
            return 0.0, q, steps
        if change < tolerance:
            return m, q, steps
    raise RuntimeError("no convergence")


def spinodal_by_bisection(load, low, high, accuracy):
    """T at which the iteration leaves retrieval."""
    while high - low > accuracy:
        middle = 0.5 * (low + high)
        # Near the fold the drift is of the order of the distance: settle well below it.
        alive = fixed_point(load, middle, 0.01 * accuracy)[0] > 0.0
        low, high = (middle, high) if alive else (low, middle)
    return 0.5 * (low + high)


def main():
    """Print all times."""
    model = Hopfield(load=0.1)
    phase_diagram(model)
    solve(model, 0.2)
    ours, states, theirs = [], [], []
    for _ in range(5):
        start = time.perf_counter()
        diagram = phase_diagram(model)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        state = solve(model, 0.2)
        states.append(time.perf_counter() - start)
        start = time.perf_counter()
        m, _, steps = fixed_point(0.1, 0.2, 1e-11)
        theirs.append(time.perf_counter() - start)
    assert abs(m - state.overlaps[0]) < 1e-9
    n_points = sum(len(line) for line in diagram.lines.values())
    time_ours, one = statistics.median(ours), statistics.median(theirs)
    worst = max(float(line.residual.max()) for line in diagram.lines.values())
    print(f"phase_diagram: {time_ours:.3f} s, {len(diagram.lines)} lines, {n_points} points, "
          f"largest residual {worst:.1e}")  # fmt: skip
    print(f"one state: ours {statistics.median(states) * 1e3:.2f} ms, quad + fixed point "
          f"{one * 1e3:.0f} ms ({steps} steps) at (0.1, 0.2)")  # fmt: skip
    print(f"grid of 100 x 100 states by quad + fixed point: {1e4 * one:.0f} s (extrapolated), "
          f"{1e4 * one / time_ours:.0f} times phase_diagram")  # fmt: skip
    load = 0.1
    line = diagram.lines["T_M"]
    start = time.perf_counter()
    t = spinodal_by_bisection(load, 0.25, 0.4, 1e-6)
    one_point = time.perf_counter() - start
    per_point = time_ours / n_points
    nearest = min(zip(line.load, line.temperature, strict=True), key=lambda p: abs(p[0] - load))
    print(f"one point of T_M by bisection to 1e-6: {one_point:.2f} s (T = {t:.6f}; nearest point "
          f"of the line: load {nearest[0]:.4f}, T {nearest[1]:.4f}); ours {per_point * 1e3:.2f} ms "
          f"to 1e-12: {one_point / per_point:.0f} times")  # fmt: skip


if __name__ == "__main__":
    main()
