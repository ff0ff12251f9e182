"""What an embedder makes of texts."""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""One vector (dimension) or one for each text (texts × dimension), as float32."""
