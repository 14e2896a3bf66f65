"""What is passed around between the engine's parts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # rows, columns, and red, green, blue
Floats = NDArray[Any]  # 32 or 64 bits: positions, angles, planes of a picture
Flags = NDArray[np.bool_]
Numbers = NDArray[Any]  # whole
