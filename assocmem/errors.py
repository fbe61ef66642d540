"""Errors a caller may want to catch by name."""


class ConvergenceError(RuntimeError):
    """A solver stopped without reaching its tolerance.

    Parameters
    ----------
    message : str
        What was being solved, and what to try next.
    residual : float
        Largest absolute residual at the last iterate.
    """

    def __init__(self, message: str, residual: float) -> None:
        super().__init__(f"{message} (residual {residual:.3g})")
        self.residual = residual
