"""Files of memories: whole or as they were before, under the very name that was given."""

import numpy as np
import pytest

from assocmem import TemporalMemory
from assocmem._files import write_npz
from assocmem.dendrites import Neurons, Segments, SequenceMemory, SpatialPooler
from assocmem.sdr import WillshawMemory

MEMORIES = {
    "segments": lambda: Segments(10, 2),
    "neurons": lambda: Neurons.empty(10, 2, 3),
    "columns": lambda: SpatialPooler(10, 10).start(),
    "sequences": lambda: TemporalMemory(n_columns=10, cells_per_column=2).start(),
    "willshaw": lambda: WillshawMemory(10, 10),
}


class Unwritable:
    """An array that fails when it is looked at, as a full disk would."""

    def __array__(self, *args, **options):
        raise OSError(28, "no space left")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "held"
    write_npz(path, a=np.arange(3))
    with pytest.raises(OSError, match="no space"):
        write_npz(path, a=np.arange(3), b=Unwritable())
    with np.load(path) as held:
        assert held.files == ["a"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["held"]


@pytest.mark.parametrize("kind", MEMORIES)
def test_memories_are_written_under_the_name_given(tmp_path, kind):
    memory, path = MEMORIES[kind](), tmp_path / "no_suffix"
    memory.save(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["no_suffix"]
    read = WillshawMemory.restore if kind == "willshaw" else type(memory).load
    assert type(read(path)) is type(memory)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        memory.save(tmp_path / "nowhere" / "file")
    with pytest.raises(ValueError, match="path"):
        memory.save("")


def test_sequences_go_on_from_a_file_of_any_name(tmp_path):
    memory = TemporalMemory(n_columns=10, cells_per_column=2).start(3)
    memory.run([[1, 2], [3, 4]])
    memory.save(tmp_path / "x.y")
    again = SequenceMemory.load(tmp_path / "x.y")
    assert list(again.step([1, 2]).predicted_columns) == list(memory.step([1, 2]).predicted_columns)
