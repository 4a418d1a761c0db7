"""The same model on several backends, each in a process of its own, compared layer by layer.

Comparing two files (``comparison.files``) is apart, since it needs ``K`` and so a backend in this process.
"""

from .report import Comparison as Comparison
from .run import compare as compare
