"""``ContainerFiles``: the part of ``Container`` that writes and reads models and weights, by what ``kbridge.saving`` has."""

from __future__ import annotations


class ContainerFiles:
    """The part of every model that writes it as text or to a file, and reads its weights."""

    def to_json(self, **kwargs) -> str:
        """Return the architecture as JSON, which ``model_from_json`` reads.

        Args:
            kwargs: arguments of ``json.dumps``.
        """
        from ..saving.configs import model_to_json

        return model_to_json(self, **kwargs)

    def to_yaml(self, **kwargs) -> str:
        """Return the architecture as YAML, which ``model_from_yaml`` reads. It needs the extra ``yaml``.

        Args:
            kwargs: arguments of ``yaml.dump``.
        """
        from ..saving.configs import model_to_yaml

        return model_to_yaml(self, **kwargs)

    def save(self, filepath, overwrite=True) -> None:
        """Write architecture, weights, training configuration and optimizer state to a file, which ``load_model`` reads.

        Args:
            filepath: the file: HDF5, or for a name that ends in '.keras' an archive of Keras 3; an open file of h5py or a binary stream too.
            overwrite: whether an existing file is written over without a question.
        """
        from ..saving.model import save_model

        save_model(self, filepath, overwrite)

    def save_weights(self, filepath, overwrite=True) -> None:
        """Write the weights to an HDF5 file, which ``load_weights`` reads.

        Args:
            filepath: the file, or a binary stream.
            overwrite: whether an existing file is written over without a question.
        """
        from ..saving.weights import save_weights

        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath, by_name=False, original_backend=None) -> None:
        """Set the weights from a file or from a checkpoint of TensorFlow.

        Args:
            filepath: a weights file or a whole model's file of any Keras, or a checkpoint (the name that its files share, one of them, or its folder).
            by_name: whether layers are matched by their names; else in their order.
            original_backend: 'theano' or 'tensorflow': the convention of the kernels in the file, where it doesn't say it or says it wrongly.

        Raises:
            ModelFileError: the file doesn't fit; nothing is set then.
        """
        from ..saving.weights import load_weights

        load_weights(self, filepath, by_name, original_backend)

    def save_weights_to_hdf5_group(self, f) -> None:
        """Write the weights into ``f``, an open h5py group."""
        from ..saving.weights import write_weights

        write_weights(self, f)

    def load_weights_from_hdf5_group(self, f) -> None:
        """Set the weights, layer by layer in order, from ``f``, an open h5py group that ``save_weights_to_hdf5_group`` filled."""
        from ..saving.weights import load_group

        load_group(self, f)

    def load_weights_from_hdf5_group_by_name(self, f) -> None:
        """Set the weights of the layers whose names are in ``f``, an open h5py group."""
        from ..saving.weights import load_group

        load_group(self, f, by_name=True)
