"""Backend functions written once, from the primitives of ``kbridge.backends.interface``."""

from .activations import Activations
from .batch_dot import BatchDot
from .convolution import Convolution
from .ctc import Ctc
from .einsum import Einsum
from .losses import Losses
from .normalization import Normalization
from .phase import Phase
from .randomness import Randomness
from .resizing import Resizing
from .session import Session
from .shapes import Shapes
from .statistics import Statistics
from .steps import Steps
from .values import Values


class Composites(
    Activations,
    BatchDot,
    Convolution,
    Ctc,
    Einsum,
    Losses,
    Normalization,
    Phase,
    Randomness,
    Resizing,
    Session,
    Shapes,
    Statistics,
    Steps,
    Values,
):
    """All composites, by family."""
