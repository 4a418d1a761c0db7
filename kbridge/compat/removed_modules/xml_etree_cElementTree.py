"""``xml.etree.cElementTree`` as it was up to Python 3.8."""

from xml.etree.ElementTree import *  # noqa: F403
from xml.etree.ElementTree import ElementTree, ParseError, register_namespace  # noqa: F401
