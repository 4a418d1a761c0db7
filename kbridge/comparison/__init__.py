"""The same model on several engines, each in a process of its own, compared layer by layer."""

from .files import compare_files as compare_files
from .report import Comparison as Comparison
from .run import compare as compare
