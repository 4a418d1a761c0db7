"""Every option of the layers of Keras 2 and Keras 3, as cases that real libraries have computed.

``cases`` holds them by family; ``record`` runs them where ``tf_keras`` and ``keras`` are installed, into tests/data/layer_options, and
lists the arguments that no case gives; tests/saving/test_layer_options.py loads what was recorded.
"""
