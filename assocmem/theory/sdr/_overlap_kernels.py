"""Laws of overlaps as natural logarithms, by sums of positive terms only.

Every law is built by ratios of neighbouring terms from its mode outwards and normalised by its own
sum, so that no large logarithms cancel: errors are a few units in the last place for each step.
"""

from __future__ import annotations

import math

import numpy as np

from .kernels import inlined, kernel

_SHIFT = 2.0**900
_LOG_SHIFT = 900.0 * math.log(2.0)
_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


@inlined
def log_plus(x, y):
    """log(exp x + exp y)."""
    if x < y:
        x, y = y, x
    return x if y == -np.inf else x + np.log1p(np.exp(y - x))


@inlined
def log_rest(x):
    """log(1 - exp x) for x <= 0."""
    if x >= 0.0:
        return -np.inf
    return np.log(-np.expm1(x)) if x > -0.6931471805599453 else np.log1p(-np.exp(x))


@kernel
def log_sum(terms):
    """Log of the sum of exp(terms), -inf for none."""
    top = -np.inf
    for term in terms:
        top = max(top, term)
    if top == -np.inf:
        return top
    total = 0.0
    for term in terms:
        if term > top - 60.0:
            total += np.exp(term - top)
    return top + np.log(total)


@kernel
def fill_hypergeometric(n, a, s, out):
    """Logs of P[Hyp(n, a, s) = k] into out[k], k = 0..len(out)-1; out may be short.

    O(min(a, s)) multiplications and logarithms.
    """
    low, high = max(0, a + s - n), min(a, s)
    out[:] = -np.inf
    mode = int((a + 1.0) * (s + 1.0) / (n + 2.0))
    mode = min(max(mode, low), high)
    total = 1.0
    if mode < len(out):
        out[mode] = 0.0
    value, shift = 1.0, 0.0
    for k in range(mode, high):
        value *= (a - k) * float(s - k) / ((k + 1.0) * (n - a - s + k + 1.0))
        if shift == 0.0:
            total += value
        if value < 1.0 / _SHIFT:
            value, shift = value * _SHIFT, shift - _LOG_SHIFT
        if k + 1 >= len(out):
            if shift < 0.0 or value < 1e-20 * total:
                break
            continue
        out[k + 1] = np.log(value) + shift
    value, shift = 1.0, 0.0
    for k in range(mode, low, -1):
        value *= k * float(n - a - s + k) / ((a - k + 1.0) * (s - k + 1.0))
        if shift == 0.0:
            total += value
        if value < 1.0 / _SHIFT:
            value, shift = value * _SHIFT, shift - _LOG_SHIFT
        if k - 1 < len(out):
            out[k - 1] = np.log(value) + shift
    scale = np.log(total)
    for k in range(len(out)):
        out[k] -= scale


@kernel
def fill_binomial(n, p, out):
    """Logs of P[Bin(n, p) = k] into out[k], k = 0..n, for p in [0, 1]."""
    out[:] = -np.inf
    if p == 0.0 or p == 1.0:
        out[n if p == 1.0 else 0] = 0.0
        return
    odds = p / (1.0 - p)
    mode = min(n, int((n + 1.0) * p))
    total, value, shift = 1.0, 1.0, 0.0
    out[mode] = 0.0
    for k in range(mode, n):
        value *= (n - k) / (k + 1.0) * odds
        if shift == 0.0:
            total += value
        if value < 1.0 / _SHIFT:
            value, shift = value * _SHIFT, shift - _LOG_SHIFT
        out[k + 1] = np.log(value) + shift
    value, shift = 1.0, 0.0
    for k in range(mode, 0, -1):
        value *= k / ((n - k + 1.0) * odds)
        if shift == 0.0:
            total += value
        if value < 1.0 / _SHIFT:
            value, shift = value * _SHIFT, shift - _LOG_SHIFT
        out[k - 1] = np.log(value) + shift
    scale = np.log(total)
    for k in range(n + 1):
        out[k] -= scale


@kernel
def _stirling_error(n):
    """Log n! minus Stirling's formula, for n >= 1."""
    if n < 16:
        return math.lgamma(n + 1.0) - (n + 0.5) * np.log(n) + n - _HALF_LOG_2PI
    w = 1.0 / (n * n)
    return (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w / 1188)))) / n


@kernel
def log_binomial_term(k, n, log_p, log_q):
    """Log of C(n, k) p^k q^(n - k) with q = 1 - p, by deviance (Loader, 2000): nothing cancels."""
    if k == 0:
        return n * log_q if n > 0 else 0.0
    if k == n:
        return n * log_p
    p, q = np.exp(log_p), np.exp(log_q)
    if p > 1e-250 and q > 1e-250:
        delta = k - n * p if p < 0.5 else n * q - (n - k)
        deviance = k * np.log1p(delta / (n * p)) + (n - k) * np.log1p(-delta / (n * q))
    else:
        deviance = k * (np.log(k / n) - log_p) + (n - k) * (np.log((n - k) / n) - log_q)
    error = _stirling_error(n) - _stirling_error(k) - _stirling_error(n - k)
    return error - deviance + 0.5 * np.log(n / (k * float(n - k))) - _HALF_LOG_2PI


@kernel
def log_at_least(r, n, log_p, log_q):
    """Logarithm of P[Bin(n, p) >= r] from log p and log q = log(1 - p), whichever is tiny.

    Terms are added from r away from the mode, each smaller than the one before.
    """
    if r <= 0:
        return 0.0
    if r > n or log_p == -np.inf:
        return -np.inf
    if log_q == -np.inf:
        return 0.0
    if r > (n + 1.0) * np.exp(log_p):
        first, odds, value, total = log_binomial_term(r, n, log_p, log_q), 0.0, 1.0, 1.0
        if r < n:
            odds = np.exp(log_p - log_q)
        for k in range(r, n):
            value *= (n - k) / (k + 1.0) * odds
            total += value
            if value < 1e-19 * total:
                break
        return min(0.0, first + np.log(total))
    first, odds, value, total = log_binomial_term(r - 1, n, log_p, log_q), 0.0, 1.0, 1.0
    if r > 1:
        odds = np.exp(log_q - log_p)
    for k in range(r - 1, 0, -1):
        value *= k / (n - k + 1.0) * odds
        total += value
        if value < 1e-19 * total:
            break
    return log_rest(min(0.0, first + np.log(total)))


@kernel
def log_at_most(r, n, log_p, log_q):
    """Logarithm of P[Bin(n, p) <= r]."""
    return log_at_least(n - r, n, log_q, log_p)


@kernel
def fill_responses(theta, log_p, log_q, fire, silent):
    """Logs of P[at least / fewer than theta of m synapses transmit] into fire[m], silent[m]."""
    for m in range(len(fire)):
        fire[m] = log_at_least(theta, m, log_p, log_q)
        silent[m] = log_at_most(theta - 1, m, log_p, log_q) if theta > 0 else -np.inf


@kernel
def union_overlaps(n, s, count, x, rows, law, fresh):
    """Logs of P[|U and X| = h] into law[h]: U a union of ``count`` uniform s-subsets, |X| = x.

    Each further subset covers Hyp(n, x - h, s) of the cells of X that are not covered yet, so that
    h alone is a Markov chain. ``rows`` is (x + 1, s + 1), rows[u] = log pmf of Hyp(n, u, s);
    ``fresh`` is scratch of the length of ``law``, at least min(x, count s) + 1.
    O(count min(x, count s) s).
    """
    law[:] = -np.inf
    law[0] = 0.0
    for done in range(count):
        most = min(x, (done + 1) * s)
        for target in range(most + 1):
            top = -np.inf
            for t in range(min(s, target) + 1):
                top = max(top, law[target - t] + rows[x - target + t, t])
            fresh[target] = top
            if top == -np.inf:
                continue
            total = 0.0
            for t in range(min(s, target) + 1):
                term = law[target - t] + rows[x - target + t, t] - top
                if term > -45.0:
                    total += np.exp(term)
            fresh[target] = top + np.log(total)
        law[: most + 1] = fresh[: most + 1]


@kernel
def mix(law, values, shift):
    """Log of the sum over h of exp(law[h] + values[shift + h])."""
    top = -np.inf
    for h in range(len(law)):
        top = max(top, law[h] + values[shift + h])
    if top == -np.inf:
        return top
    total = 0.0
    for h in range(len(law)):
        term = law[h] + values[shift + h] - top
        if term > -45.0:
            total += np.exp(term)
    return min(0.0, top + np.log(total))


@kernel
def fill_unequal(rates, log_x, log_y, table):
    """Joint law of (|A'|, |A and A'|) of two activities of independent cells, tilted, into table.

    Cell i is in A' only with weight q_i (1 - q_i) x, in both with q_i^2 x y, not in A' with
    1 - q_i, each divided by their sum; the law is table[a, o] x^-a y^-o times the product of those
    sums, whose logarithm is returned. Rows and columns beyond the table are lost and do not affect
    those within. O(n rows columns) multiplications.
    """
    rows, columns = table.shape
    table[:] = 0.0
    table[0, 0] = 1.0
    total, carry = 0.0, 0.0
    x, y = np.exp(log_x), np.exp(log_y)
    for i in range(len(rates)):
        q = rates[i]
        off, once, both = 1.0 - q, q * (1.0 - q) * x, q * q * x * y
        norm = off + once + both
        off, once, both = off / norm, once / norm, both / norm
        step = np.log(norm) - carry  # compensated: n logarithms are added
        grown = total + step
        carry = (grown - total) - step
        total = grown
        for a in range(min(i + 1, rows - 1), 0, -1):
            most = min(a, columns - 1)
            for o in range(most, 0, -1):
                table[a, o] = (
                    table[a, o] * off + table[a - 1, o] * once + table[a - 1, o - 1] * both
                )
            table[a, 0] = table[a, 0] * off + table[a - 1, 0] * once
        table[0, 0] *= off
    return total


@kernel
def fill_sizes(rates, log_x, table):
    """Law of the number of independent cells that are on, tilted by x^number as `fill_unequal`."""
    table[:] = 0.0
    table[0] = 1.0
    total, carry, x = 0.0, 0.0, np.exp(log_x)
    for i in range(len(rates)):
        norm = 1.0 - rates[i] + rates[i] * x
        off, on = (1.0 - rates[i]) / norm, rates[i] * x / norm
        step = np.log(norm) - carry
        grown = total + step
        carry = (grown - total) - step
        total = grown
        for a in range(min(i + 1, len(table) - 1), 0, -1):
            table[a] = table[a] * off + table[a - 1] * on
        table[0] *= off
    return total


@kernel
def log_any(count, fire, silent):
    """Logarithm of P[any of ``count`` independent segments fires] from the logs for one."""
    if count == 0 or fire == -np.inf:
        return -np.inf
    if fire < -40.0 - np.log(count):
        return fire + np.log(count)
    return log_rest(count * (log_rest(fire) if fire < -0.7 else silent))


@kernel
def fill_first(n, s, count, least, rows, fire, silent, first_fire, first_silent):
    """Logs for a segment by what is active of it: (j, e) into first_fire[j, e - least].

    j active synapses of a pattern, and e other active cells, which ``count`` uniform s-subsets of
    the n cells may cover. ``rows`` as in `union_overlaps`; ``fire``, ``silent`` by active synapses.
    O(count s) operations for each e and covered cell.
    """
    width = len(rows) if count > 0 else 1
    law, fresh = np.empty(width), np.empty(width)
    for i in range(first_fire.shape[1]):
        e = least + i
        most = min(e, count * s)
        union_overlaps(n, s, count, e, rows, law[: most + 1], fresh)
        for j in range(first_fire.shape[0]):
            first_fire[j, i] = mix(law[: most + 1], fire, j)
            first_silent[j, i] = mix(law[: most + 1], silent, j)


@kernel
def fill_neurons(
    sizes, shared, active, s, least, first_fire, first_silent, others, other_fire, other_silent,
    fire, silent,
):  # fmt: skip
    """Logs of P[neuron fires], P[it is silent] into fire[i], silent[i].

    Its first segment holds s cells of a pattern of sizes[i], of which shared[i] are active, among
    active[i] active cells in all; ``first_fire[j, e - least]`` as `fill_first` gives them, or of
    one column where e does not matter. ``others`` further segments fire with other_fire[active[i]].
    """
    alike, last = first_fire.shape[1] == 1, -1
    laws, known = np.empty((max(shared) + 1, s + 1)), np.zeros(max(shared) + 1, np.bool_)
    terms, counter = np.empty(s + 1), np.empty(s + 1)
    for i in range(len(sizes)):
        if sizes[i] != last:
            known[:], last = False, sizes[i]
        o, x = shared[i], active[i]
        law = laws[o]
        if not known[o]:
            fill_hypergeometric(last, o, s, law)
            known[o] = True
        terms[:], counter[:] = -np.inf, -np.inf
        for j in range(min(s, o) + 1):
            if law[j] > -np.inf:
                at = 0 if alike else x - j - least
                terms[j] = law[j] + first_fire[j, at]
                counter[j] = law[j] + first_silent[j, at]
        yes, no = min(log_sum(terms), 0.0), min(log_sum(counter), 0.0)
        if others > 0:
            rest = others * other_silent[x]
            if other_fire[x] < -0.7:
                rest = others * log_rest(other_fire[x])
            yes = log_plus(yes, no + log_any(others, other_fire[x], other_silent[x]))
            no += rest
        yes, no = min(yes, 0.0), min(no, 0.0)
        # Near 1 a sum is right to rounding of 1, where its distance from 1 may be what matters.
        if yes < -0.7:
            no = log_rest(yes)
        elif no < -0.7:
            yes = log_rest(no)
        fire[i], silent[i] = yes, no


@kernel
def fill_decisions(neurons, quorum, missed, fire, silent, found):
    """Logs of P[at least, or if missed fewer than, quorum of the neurons fire] into found[i]."""
    for i in range(len(fire)):
        if missed:
            found[i] = log_at_most(quorum - 1, neurons, fire[i], silent[i])
        else:
            found[i] = log_at_least(quorum, neurons, fire[i], silent[i])
