"""Sparsey again, plainly: dense boolean weights, dictionaries and loops, one mac at a time.

Written from the descriptions of the models alone, to be driven by the winners that the package
chose: random draws need not coincide. At each selection it computes supports, familiarity and
chances anew, checks that those winners were possible, takes them over and learns.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

KINDS = ("u", "h", "d")


@dataclass
class Input:
    """Active afferents of one kind: a list of (afferents of one source, F of its hypotheses)."""

    sources: list[tuple[np.ndarray, float]]

    @property
    def active(self):
        parts = [np.asarray(afferents, dtype=np.int64) for afferents, _ in self.sources]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    @property
    def listened(self):
        """Without sources that do not count."""
        return Input([source for source in self.sources if source[1] > 0.0])


def factor(selection, zeta):
    """F(zeta), what signals of a mac of so many hypotheses count."""
    if zeta <= 1:
        return 1.0
    if selection.most_hypotheses is not None and zeta > selection.most_hypotheses:
        return 0.0
    return float(zeta) ** selection.hypotheses_power


@dataclass
class Looked:
    """What a mac finds in an input: one entry for each admissible combination of kinds."""

    kinds: tuple[str, ...]
    v: np.ndarray
    g: float
    zeta: int
    eta: float
    rho: np.ndarray


class PlainMac:
    """One mac; ``afferents`` says how many there are of each kind."""

    def __init__(self, mac, afferents):
        self.mac = mac
        self.afferents = dict(afferents)
        shape = (mac.n_modules, mac.n_units)
        self.weights = {kind: np.zeros((n, *shape), bool) for kind, n in self.afferents.items()}
        self.rank = {kind: np.zeros((n, *shape), int) for kind, n in self.afferents.items()}
        self.met = {kind: np.zeros((n, *shape), int) for kind, n in self.afferents.items()}
        self.clock = 0

    def copy(self):
        """Another mac of the same state."""
        other = PlainMac(self.mac, {})
        other.afferents, other.clock = self.afferents, self.clock
        for name in ("weights", "rank", "met"):
            setattr(other, name, {kind: a.copy() for kind, a in getattr(self, name).items()})
        return other

    # What it sees.

    def expected(self, kind, given):
        """pi of a kind of afferents."""
        if kind == "u" and self.mac.expected is not None:
            return self.mac.expected
        return len(given.active)

    def in_bounds(self, given):
        """Whether the number of active bottom-up afferents lets the mac be active."""
        number, most = len(given.active), self.mac.pi_plus
        return self.mac.pi_minus <= number and (most is None or number <= most)

    def normalised(self, kind, given):
        """U, H or D of every unit, with the penalty of many weights."""
        given = given.listened
        pi, weights = self.expected(kind, given), self.weights[kind]
        total = np.zeros((self.mac.n_modules, self.mac.n_units))
        for afferents, times in given.sources:
            total += times * weights[afferents].sum(axis=0)
        many = np.maximum(1.0, weights.sum(axis=0) / pi)
        return np.minimum(1.0, total / pi) / many**self.mac.nu

    def support(self, inputs, kinds):
        """V of every unit with these kinds of afferents."""
        selection, v = self.mac.selection, 1.0
        for kind in kinds:
            power = getattr(selection, f"lambda_{kind}")
            v = v * self.normalised(kind, inputs[kind]) ** power
        return v

    def familiarity(self, v):
        return math.fsum(v.max(axis=1)) / self.mac.n_modules

    def hypotheses(self, v):
        number = int((v > self.mac.selection.v_zeta).sum())
        return (2 * number + self.mac.n_modules) // (2 * self.mac.n_modules)  # halves go up

    def expansivity(self, g):
        s = self.mac.selection
        above = max(0.0, (g - s.g_minus) / (1.0 - s.g_minus))
        return 1.0 + above**s.gamma * s.chi * self.mac.n_units

    def chances(self, v, eta):
        """rho, the chance of every unit to win its module."""
        s = self.mac.selection
        psi = np.empty_like(v)
        for q, k in np.ndindex(v.shape):
            exponent = -s.sigma_2 * (v[q, k] - s.sigma_3)
            base = 1.0 + s.sigma_1 * math.exp(exponent) if exponent < 700.0 else math.inf
            psi[q, k] = 1.0 + (eta - 1.0) / base**s.sigma_4
        return psi / psi.sum(axis=1, keepdims=True)

    def there(self, inputs):
        """Kinds of afferents with a source that is listened to."""
        return tuple(k for k in KINDS if k in inputs and inputs[k].listened.sources)

    def look(self, inputs, *, learning, tolerance=1e-12):
        """Every combination of kinds that could be kept: one, or those of equal familiarity."""
        there = self.there(inputs)
        kept = {there: self.support(inputs, there)}
        if not learning:
            for size in (2, 1):
                largest = max(self.familiarity(v) for v in kept.values())
                if size < len(there) and largest < self.mac.selection.back_off:
                    some = list(itertools.combinations(there, size))
                    if self.mac.selection.keep_input and "u" in there:
                        some = [kinds for kinds in some if "u" in kinds]
                    kept |= {kinds: self.support(inputs, kinds) for kinds in some}
        largest = max(self.familiarity(v) for v in kept.values())
        found = []
        for kinds, v in kept.items():
            g = self.familiarity(v)
            if g >= largest - tolerance:
                eta = self.expansivity(g)
                found.append(Looked(kinds, v, g, self.hypotheses(v), eta, self.chances(v, eta)))
        return found

    @staticmethod
    def admissible(looked, winners, *, learning, tolerance=1e-12):
        """Whether these winners can be chosen: chances > 0, or of the largest support."""
        for module, winner in enumerate(winners):
            if not 0 <= winner < looked.v.shape[1]:
                return False
            if learning and not looked.rho[module, winner] > 0.0:
                return False
            if not learning and looked.v[module, winner] < looked.v[module].max() - tolerance:
                return False
        return True

    # How it learns.

    def tick(self):
        """One tick of the clock of permanence; weights fade."""
        permanence = self.mac.permanence
        if permanence is None:
            return
        self.clock += 1
        for kind, weights in self.weights.items():
            for place in zip(*np.nonzero(weights), strict=True):
                rank = self.rank[kind][place]
                life = permanence.lifetime * permanence.growth**rank
                if rank < permanence.ranks and self.clock - self.met[kind][place] >= life:
                    weights[place] = False
                    self.rank[kind][place] = 0

    def learns(self, g):
        return self.mac.novelty is None or g < self.mac.novelty

    def frozen(self, kind):
        """Whether so many weights of a kind are set that no more are learned."""
        freeze, weights = self.mac.freeze, self.weights[kind]
        return freeze is not None and weights.sum() >= freeze * weights.size

    def recruits(self, v, inputs):
        """Of each module its new units, a bool array; none where it may not take one."""
        limit = self.mac.cap * self.expected("u", inputs["u"])
        free = self.weights["u"].sum(axis=0) < limit
        free[v.max(axis=1) >= self.mac.novelty] = False
        return free & (not self.frozen("u"))

    def learn(self, inputs, winners, kinds=KINDS, modules=None):
        """Set the weights from everything active to the winners, of all modules or of some."""
        for kind in kinds:
            if kind not in inputs or not inputs[kind].sources:
                continue
            weights, active = self.weights[kind], inputs[kind].active
            cap = self.mac.cap
            if self.frozen(kind):
                continue
            for module, winner in enumerate(winners):
                if modules is not None and not modules[module]:
                    continue
                held = int(weights[:, module, winner].sum())
                if cap is not None and held >= cap * self.expected(kind, inputs[kind]):
                    continue
                for f in active:
                    place = (f, module, winner)
                    if weights[place]:
                        self.rank[kind][place] += 1
                    weights[place] = True
                    self.met[kind][place] = self.clock


class PlainHierarchy:
    """A hierarchy, each mac by itself, its codes given from outside."""

    def __init__(self, model):
        self.model = model
        self.tilings = model.tilings
        self.macs, self.codes, self.ages, self.zetas, self.gs, self.learned = ([] for _ in "abcdef")
        for j, level in enumerate(model.levels):
            number = self.tilings[j].n_macs
            made = []
            for m in range(number):
                afferents = {"u": self.tilings[j].n_features}
                if level.reach is not None:
                    afferents["h"] = len(self.neighbours(j, m)) * level.mac.n_code
                if level.top_down and self.above(j, m):
                    afferents["d"] = len(self.above(j, m)) * model.levels[j + 1].mac.n_code
                made.append(PlainMac(level.mac, afferents))
            self.macs.append(made)
        self.reset()

    def reset(self):
        """Forget the present: no codes."""
        sizes = [len(macs) for macs in self.macs]
        self.codes = [[None] * n for n in sizes]
        self.ages = [[0] * n for n in sizes]
        self.zetas = [[0] * n for n in sizes]
        self.gs = [[0.0] * n for n in sizes]
        self.learned = [[False] * n for n in sizes]

    def neighbours(self, j, m):
        """Macs of the level within reach, in rising order, the mac itself among them."""
        rows, columns = self.tilings[j].grid
        reach, (row, column) = self.model.levels[j].reach, divmod(m, columns)
        return [
            r * columns + c
            for r in range(rows)
            for c in range(columns)
            if abs(r - row) <= reach and abs(c - column) <= reach
        ]

    def above(self, j, m):
        """Macs of the next level that see mac m of level j, in rising order."""
        if j + 1 == len(self.model.levels):
            return []
        places = self.tilings[j + 1].places
        return [k for k in range(len(places)) if m in places[k]]

    def below(self, j, m, frame):
        """Active bottom-up afferents, each with its place in the field of the mac."""
        tiling, sources = self.tilings[j], []
        if j == 0:
            wanted = np.ravel(frame)
            active = [f for f, cell in enumerate(tiling.features[m]) if wanted[cell]]
            return Input([(np.array(active, int), 1.0)] if active else [])
        size = self.model.levels[j - 1].mac.n_code
        for place, source in enumerate(tiling.places[m]):
            code = self.codes[j - 1][source]
            if code is not None:
                times = factor(self.model.levels[j - 1].mac.selection, self.zetas[j - 1][source])
                sources.append((place * size + units(code, j - 1, self), times))
        return Input(sources)

    def gather(self, j, macs, level, codes, zetas):
        """Active afferents from a list of macs of some level."""
        sources, size = [], self.model.levels[level].mac.n_code
        for place, source in enumerate(macs):
            if codes[level][source] is not None:
                active = place * size + units(codes[level][source], level, self)
                selection = self.model.levels[level].mac.selection
                sources.append((active, factor(selection, zetas[level][source])))
        return Input(sources)

    def step(self, frame, chosen, *, learning, tolerance=1e-12, zetas=None):
        """One step; ``chosen`` are the package's codes after it, (macs, Q) for each level.

        What is wrong with these is returned as a list of sentences.
        """
        free, faults = frame is None, []
        was = [list(codes) for codes in self.codes]
        zetas_were = [list(found) for found in self.zetas]
        for j, level in enumerate(self.model.levels):
            for m, mac in enumerate(self.macs[j]):
                name = f"level {j + 1}, mac {m}"
                code = tuple(int(k) for k in chosen[j][m])
                no_input = free and j == 0
                bottom = Input([]) if no_input else self.below(j, m, frame)
                if self.codes[j][m] is not None and self.ages[j][m] < self.persistence(j):
                    self.ages[j][m] += 1
                    if code != self.codes[j][m]:
                        faults.append(f"{name} gave up its code too early")
                    if learning:
                        mac.tick()
                    if learning and self.learned[j][m]:
                        mac.learn({"u": bottom}, self.codes[j][m])
                    continue
                inputs = {"u": bottom}
                if level.reach is not None:
                    macs = self.neighbours(j, m)
                    inputs["h"] = self.gather(j, macs, j, was, zetas_were)
                if level.top_down and self.above(j, m):
                    macs = self.above(j, m)
                    inputs["d"] = self.gather(j, macs, j + 1, was, zetas_were)
                active = bool(mac.there(inputs)) and (no_input or mac.in_bounds(bottom))
                if active and learning:
                    mac.tick()
                found = []
                if active:
                    found = mac.look(inputs, learning=learning, tolerance=tolerance)
                if no_input and active and found[0].g < level.silent_below:
                    active = False
                if active != all(k >= 0 for k in code) or active != any(k >= 0 for k in code):
                    faults.append(f"{name} should {'' if active else 'not '}be active")
                    return faults
                if not active:
                    self.codes[j][m], self.learned[j][m] = None, False
                    self.ages[j][m] = 0
                    self.zetas[j][m], self.gs[j][m] = 0, 0.0
                    continue
                fit = [
                    looked
                    for looked in found
                    if mac.admissible(looked, code, learning=learning, tolerance=tolerance)
                ]
                if not fit:
                    faults.append(f"{name} cannot choose {code}")
                    return faults
                if zetas is not None:  # of combinations that tie, the one that was kept
                    fit.sort(key=lambda looked: looked.zeta != zetas[j][m])
                self.codes[j][m], self.ages[j][m] = code, 1
                self.gs[j][m], self.zetas[j][m] = fit[0].g, fit[0].zeta
                self.learned[j][m] = learning and mac.learns(fit[0].g)
                if self.learned[j][m]:
                    mac.learn(inputs, code)
        return faults

    def persistence(self, j):
        return self.model.persistences[j]


def units(code, level, hierarchy):
    """Numbers of the winners among the units of a mac."""
    k = hierarchy.model.levels[level].mac.n_units
    return np.array([q * k + winner for q, winner in enumerate(code)])
