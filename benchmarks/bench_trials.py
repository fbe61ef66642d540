"""asv benchmarks of simulated detection: trials, importance sampling, splitting."""

from assocmem.dendrites._coded import coded
from assocmem.dendrites.detector import Detector, Population
from assocmem.dendrites.rare import importance, splitting
from assocmem.dendrites.trials import count_events
from assocmem.sdr.activity import Bernoulli, Clustered, UnequalRates, Uniform
from assocmem.sdr.noise import Kill, Replace

LAWS = {
    "uniform": (Uniform(10_000, 300), Replace(60)),
    "bernoulli": (Bernoulli(10_000, 0.03), Kill(2000)),
    "unequal": (UnequalRates(10_000, 0.03, 0.5), Kill(2000)),
    "clustered": (Clustered(10_000, 300, 10, 0.5), Replace(60)),
}


class Trials:
    """20,000 trials of a segment of 30 synapses."""

    params = (list(LAWS), ["false_positive", "false_negative"])
    param_names = ("law", "event")

    def setup(self, law, event):
        activity, noise = LAWS[law]
        self.code = coded(Detector(activity, 30, 15, noise=noise))
        count_events(self.code, event == "false_negative", 10, (1,))

    def time_trials(self, law, event):
        count_events(self.code, event == "false_negative", 20_000, (1,))


class Rare:
    """Estimates of 1e-15 (one segment), of its losses, of a population; some percent of error."""

    def setup(self):
        one = Detector(Uniform(10_000, 300), 30, 15, noise=Replace(40))
        self.one = coded(one)
        self.many = coded(Population(one, 5, 2))
        importance(self.one, trials=1, seed=1)
        splitting(self.one, True, trials=1, seed=1)

    def time_importance(self):
        importance(self.one, trials=100_000, seed=1)

    def time_splitting(self):
        splitting(self.one, False, trials=100_000, seed=1)

    def time_splitting_of_losses(self):
        splitting(self.one, True, trials=100_000, seed=1)

    def time_splitting_of_populations(self):
        splitting(self.many, False, trials=1, seed=1)
