"""One of the two networks, on the CPU; it works out nothing but what is asked of it."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from engine.seeing.arrays import Floats

OUTPUTS, OPERATORS = 8, 10
"""Where TensorFlow Lite's format keeps them in the table of a graph."""


class Network:
    """A model file with one input, and those of its outputs that are wanted, in their order."""

    def __init__(self, path: Path, threads: int, wanted: Sequence[int]) -> None:
        content = _only(bytearray(path.read_bytes()), wanted)
        self._interpreter: Any = Interpreter(model_content=content, num_threads=threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [each["index"] for each in self._interpreter.get_output_details()]

    def run(self, image: Floats) -> list[Floats]:
        """What it says of one image of its own size."""
        self._interpreter.set_tensor(self._input, image[None])
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]


def _only(model: bytearray, wanted: Sequence[int]) -> bytes:
    """The same network without the operators on which no wanted output depends.

    The interpreter works out all that a graph holds: of the landmarks' network nearly half is for
    the mask. What is left says the same to the last bit.
    """
    graph = schema.Model.GetRootAs(model).Subgraphs(0)
    outputs = [int(graph.Outputs(index)) for index in wanted]
    needed, kept = set(outputs), list[int]()
    for index in reversed(range(graph.OperatorsLength())):
        operator = graph.Operators(index)
        if needed.intersection(operator.OutputsAsNumpy().tolist()):
            needed.update(operator.InputsAsNumpy().tolist())
            kept.insert(0, operator._tab.Pos)
    places, operators = _vector(graph, OUTPUTS), _vector(graph, OPERATORS)
    struct.pack_into(f"<{1 + len(outputs)}i", model, places - 4, len(outputs), *outputs)
    # a list of tables holds how far each is away from its own entry
    away = (at - (operators + 4 * index) for index, at in enumerate(kept))
    struct.pack_into(f"<{1 + len(kept)}I", model, operators - 4, len(kept), *away)
    return bytes(model)


def _vector(graph: Any, field: int) -> int:
    """Where the first element of a list stands; its length is in the four bytes before."""
    return int(graph._tab.Vector(graph._tab.Offset(field)))
