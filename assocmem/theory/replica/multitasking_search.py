"""Descent of f and Newton's method for all its stationary points, over `multitasking_words`.

The map u <- u - grad f = E y tanh never raises f, as f is a parabola less a convex function.
Kernels take the arrays of `Words` in the order of `arguments` and allocate a few vectors per call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from .multitasking_words import evaluate

if TYPE_CHECKING:
    from .multitasking_words import Words

TOLERANCE = 1e-13
_LEVEL = 1e-8


def arguments(words: Words) -> tuple:
    """What the kernels read of ``words``."""
    return words.y, words.filled, words.offset, words.weights, words.v


@njit(cache=True, error_model="numpy")
def _solved(matrix, x):
    """Solve matrix x' = x in place by elimination with pivots; False where it is singular."""
    n = len(x)
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(matrix[i, k]) > abs(matrix[p, k]):
                p = i
        if abs(matrix[p, k]) < 1e-300:
            return False
        if p != k:
            for j in range(n):
                matrix[k, j], matrix[p, j] = matrix[p, j], matrix[k, j]
            x[k], x[p] = x[p], x[k]
        for i in range(k + 1, n):
            factor = matrix[i, k] / matrix[k, k]
            for j in range(k + 1, n):
                matrix[i, j] -= factor * matrix[k, j]
            x[i] -= factor * x[k]
    for k in range(n - 1, -1, -1):
        for j in range(k + 1, n):
            x[k] -= matrix[k, j] * x[j]
        x[k] /= matrix[k, k]
    return True


@njit(cache=True, error_model="numpy")
def _positive(matrix, lower):
    """Whether a symmetric matrix is positive definite, by Cholesky's factors."""
    n = len(matrix)
    for i in range(n):
        for j in range(i + 1):
            s = matrix[i, j]
            for k in range(j):
                s -= lower[i, k] * lower[j, k]
            if i > j:
                lower[i, j] = s / lower[j, j]
            elif s > 0.0:
                lower[i, i] = np.sqrt(s)
            else:
                return False
    return True


@njit(cache=True, error_model="numpy")
def newton(y, filled, offset, weights, v, u, temperature, most):
    """Newton's steps from u, in place, halved until the largest |grad f| falls.

    Returns the residual and the evaluations. They go on below `TOLERANCE` while it halves.
    """
    n = len(u)
    g, h = np.empty(n), np.empty((n, n))
    trial, trial_g, trial_h = np.empty(n), np.empty(n), np.empty((n, n))
    evaluate(y, filled, offset, weights, v, u, temperature, g, h)
    size, count = np.max(np.abs(g)), 1
    while count < most and size > 0.0:
        step = g.copy()
        if not _solved(h.copy(), step):
            break
        fraction, trial_size = 1.0, np.inf
        while fraction > 1e-3 and count < most:
            trial[:] = u - fraction * step
            evaluate(y, filled, offset, weights, v, trial, temperature, trial_g, trial_h)
            count += 1
            trial_size = np.max(np.abs(trial_g))
            if trial_size < size:
                break
            fraction *= 0.5
        if not trial_size < size:
            break
        slow = size <= TOLERANCE and trial_size > 0.5 * size
        u[:] = trial
        g[:] = trial_g
        h[:, :] = trial_h
        size = trial_size
        if slow:
            break
    return size, count


@njit(cache=True, error_model="numpy")
def descend(y, filled, offset, weights, v, u, temperature, near, most):
    """Go down from u, in place, to a stationary point; returns f, residual, evaluations.

    At a gradient of 1e-8 values of f are soon rounded too much to compare, so that Newton's method
    is left the last digits; where that fails descent goes on to 1e-10, and so on.

    Newton's steps where |grad f| < ``near``, the Hessian shifted where it is not positive
    definite, if they lower f or halve the gradient without raising f; else steps u <- u - grad f,
    lengthened while they lower f as much as that promises. With a small ``near`` the end is that
    of the flow of the map.
    """
    n = len(u)
    g, h, lower = np.empty(n), np.empty((n, n)), np.empty((n, n))
    trial, trial_g, trial_h = np.empty(n), np.empty(n), np.empty((n, n))
    f = evaluate(y, filled, offset, weights, v, u, temperature, g, h)
    size, count, stretch, level = np.max(np.abs(g)), 1, 1.0, _LEVEL
    while count < most and size > 0.1 * TOLERANCE:
        if size <= level:
            trial[:] = u
            end, done = newton(y, filled, offset, weights, v, trial, temperature, 60)
            count += done
            if end <= TOLERANCE:
                u[:] = trial
                return f, end, count
            level *= 0.01
        moved = False
        if size < near:
            bent = h.copy()
            shift = 0.0
            while not _positive(bent, lower):
                shift = max(1e-3, 4.0 * shift)
                for k in range(n):
                    bent[k, k] = h[k, k] + 2.0 * shift
            step = g.copy()
            if _solved(bent, step):
                trial[:] = u - step
                ft = evaluate(y, filled, offset, weights, v, trial, temperature, trial_g, trial_h)
                count += 1
                trial_size = np.max(np.abs(trial_g))
                if ft <= f - 1e-4 * np.sum(g * step) or (
                    trial_size < 0.5 * size and ft <= f + 1e-14
                ):
                    moved = True
        if not moved:
            square = np.sum(g * g)
            while True:
                trial[:] = u - stretch * g
                ft = evaluate(y, filled, offset, weights, v, trial, temperature, trial_g, trial_h)
                count += 1
                if stretch == 1.0 or ft <= f - 0.25 * stretch * square:
                    break
                stretch = 1.0
            if size < near:
                stretch = min(2.0 * stretch, 64.0)
        f = ft
        u[:] = trial
        g[:] = trial_g
        h[:, :] = trial_h
        size = np.max(np.abs(g))
    return f, size, count


@njit(cache=True, error_model="numpy")
def descend_all(y, filled, offset, weights, v, points, temperature, near, most, f, residual):
    """`descend` from each row of ``points``, in place; returns evaluations."""
    count = 0
    for i in range(len(points)):
        f[i], residual[i], done = descend(
            y, filled, offset, weights, v, points[i], temperature, near, most
        )
        count += done
    return count


@njit(cache=True, error_model="numpy")
def newton_all(y, filled, offset, weights, v, points, temperature, most, residual):
    """`newton` from each row of ``points``, in place; returns evaluations."""
    count = 0
    for i in range(len(points)):
        residual[i], done = newton(y, filled, offset, weights, v, points[i], temperature, most)
        count += done
    return count
