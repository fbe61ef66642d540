"""What importing the package costs, and that the rooms keep to their doors."""

import ast
import json
import pathlib
import re
import subprocess
import sys

import assocmem

ROOT = pathlib.Path(assocmem.__file__).parent


def _run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_import_is_light_and_compiles_nothing():
    modules = _run("import sys, json, assocmem; print(json.dumps(sorted(sys.modules)))")
    heavy = {"numba", "scipy", "xarray", "matplotlib", "sympy", "pandas", "numpy"}
    assert not heavy & set(modules)


def test_models_need_no_more_than_numpy():
    code = "import sys, json, assocmem; assocmem.Hopfield(load=0.1); assocmem.TemporalMemory(); "
    code += "from assocmem.sdr import Uniform; assocmem.Detector(Uniform(100, 10), 5, 3); "
    code += "assocmem.Willshaw(10, 10, 2, 2); assocmem.StoredTransitions(100, 10, 5, 3, 2, 3); "
    code += (
        "from assocmem.sdr import Hierarchy, Level, Mac; Hierarchy((8, 8), Level(Mac(4, 4), 3)); "
    )
    code += "print(json.dumps(sorted(sys.modules)))"
    heavy = {"numba", "scipy", "xarray", "matplotlib", "sympy", "pandas"}
    assert not heavy & set(_run(code))


def test_names_of_rooms_need_no_extras():
    code = "import sys, json; sys.modules['sklearn'] = None; from assocmem.sdr import *; "
    code += "from assocmem.sdr.sparsey import *; Mac(2, 2).memory(5); print(json.dumps([]))"
    assert _run(code) == []


def test_the_readme_example_runs(monkeypatch):
    text = (ROOT.parent / "README.md").read_text()
    first, *_, detectors, macs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert "Detector(" in detectors and "Mac(" in macs
    for block in (detectors, macs):
        exec(compile(block, "README.md", "exec"), {})
    example = first
    quick = {"n_spins=2000": "n_spins=200", "verify(model,": "verify(model, n_spins=(100, 200),"}
    for written, tried in quick.items():
        assert written in example
        example = example.replace(written, tried)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    exec(compile(example, "README.md", "exec"), {})


def test_every_public_name_is_there_and_described():
    for name in assocmem.__all__:
        thing = getattr(assocmem, name)
        assert name.startswith("__") or thing.__doc__, name


def _imports(path):
    """Absolute names of what a module imports, wherever in it the import stands."""
    package = ("assocmem", *path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join((*base, *([node.module] if node.module else [])))
            yield stem
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def _forbidden(room, others):
    for path in (ROOT / room).rglob("*.py"):
        for name in _imports(path):
            for other in others:
                prefix = f"assocmem.{other}"
                if name == prefix or name.startswith(prefix + "."):
                    yield f"{path.relative_to(ROOT)} imports {name}"


def test_data_flows_one_way():
    upper = ("verification", "plot", "cli", "sweeps")
    assert not list(_forbidden("theory", ("montecarlo", "verification", "cli", "sweeps")))
    assert not list(_forbidden("montecarlo", ("theory", "verification", "cli", "sweeps")))
    assert not list(_forbidden("hopfield", ("theory", "montecarlo", *upper)))
    rooms = ("theory", "hopfield", "montecarlo.dynamics", "montecarlo.sampler", *upper)
    assert not list(_forbidden("montecarlo/kernels", rooms))


def test_memories_do_not_know_their_theory():
    """Simulations of memories import no theory, and theory none of the simulations."""
    upper = ("theory", "verification", "trials", "plot", "cli", "sweeps")
    for room in ("sdr", "dendrites"):
        assert not list(_forbidden(room, upper))
    simulated = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for room in ("sdr", "dendrites")
        for path in (ROOT / room).rglob("*.py")
        if "trials" in path.name or "rare" in path.name or path.parent.name == "kernels"
    ]
    assert {"dendrites.trials", "dendrites.rare", "sdr.willshaw_trials"} < set(simulated)
    assert not list(_forbidden("theory", simulated))
