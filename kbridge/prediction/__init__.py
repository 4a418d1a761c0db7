"""A model's answers for pictures, tables and arrays in files: what ``kbridge predict`` is made of.

``signature`` tells what a model takes and gives; ``sources`` reads items from files one by one; ``pictures`` and
``scaling`` make arrays of pictures; ``run`` predicts in batches; ``results`` writes the answers as they come.
"""
