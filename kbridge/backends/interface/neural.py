"""Primitives of neural networks: softmax, convolutions, pooling."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .types import Tensor


class NeuralNetworks(ABC):
    """Softmax, convolutions, pooling."""

    @abstractmethod
    def softmax(self, x, axis: int = -1) -> Tensor:
        """exp(x - max) / sum over ``axis``, any number of axes."""

    @abstractmethod
    def conv2d(
        self,
        x,
        kernel,
        strides=(1, 1),
        border_mode: str = "valid",
        dim_ordering: str = "default",
        image_shape=None,
        filter_shape=None,
        filter_dilation=(1, 1),
    ) -> Tensor:
        """2-D cross-correlation.

        'same' pads max((ceil(n / s) - 1) * s + (k - 1) * d + 1 - n, 0) zeros, the smaller half before; 'full' pads (k - 1) * d on both sides, for
        length n, kernel length k, stride s and dilation d of an axis.

        Args:
            x: the input, (n, c, rows, cols) with 'th', (n, rows, cols, c) with 'tf'.
            kernel: (filters, c, kernel rows, kernel cols) with 'th', (kernel rows, kernel cols, c, filters) with 'tf'.
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            image_shape: accepted for programs of Keras 1, and not needed.
            filter_shape: accepted for programs of Keras 1, and not needed.
            filter_dilation: the distance of neighbouring values of the kernel, for each spatial axis.
        """

    @abstractmethod
    def conv3d(
        self,
        x,
        kernel,
        strides=(1, 1, 1),
        border_mode: str = "valid",
        dim_ordering: str = "default",
        volume_shape=None,
        filter_shape=None,
        filter_dilation=(1, 1, 1),
    ) -> Tensor:
        """3-D cross-correlation: ``conv2d`` with three spatial axes.

        Args:
            x: the input, (n, c, dim1, dim2, dim3) with 'th', (n, dim1, dim2, dim3, c) with 'tf'.
            kernel: (filters, c, three lengths) with 'th', (three lengths, c, filters) with 'tf'.
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            volume_shape: accepted for programs of Keras 1, and not needed.
            filter_shape: accepted for programs of Keras 1, and not needed.
            filter_dilation: the distance of neighbouring values of the kernel, for each spatial axis.
        """

    @abstractmethod
    def deconv2d(
        self,
        x,
        kernel,
        output_shape,
        strides=(1, 1),
        border_mode: str = "valid",
        dim_ordering: str = "default",
        image_shape=None,
        filter_shape=None,
        filter_dilation=(1, 1),
    ) -> Tensor:
        """Transposed convolution: y[i * stride + k * dilation] += x[i] * kernel[k], cropped for 'same'.

        Args:
            x: the input, as for ``conv2d``.
            kernel: (filters out, channels in, rows, cols) with 'th', (rows, cols, channels in, filters out) with 'tf'.
            output_shape: the full shape of the result; its batch entry may be None, and all entries tensors.
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            image_shape: accepted for programs of Keras 1, and not needed.
            filter_shape: accepted for programs of Keras 1, and not needed.
            filter_dilation: the distance of neighbouring values of the kernel, for each spatial axis.
        """

    @abstractmethod
    def deconv3d(
        self,
        x,
        kernel,
        output_shape,
        strides=(1, 1, 1),
        border_mode: str = "valid",
        dim_ordering: str = "default",
        filter_dilation=(1, 1, 1),
    ) -> Tensor:
        """Transposed convolution of volumes: ``deconv2d`` with three spatial axes.

        Args:
            x: the input, as for ``conv3d``.
            kernel: (filters out, channels in, three lengths) with 'th', (three lengths, channels in, filters out) with 'tf'.
            output_shape: the full shape of the result; its batch entry may be None, and all entries tensors.
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' (windows lie inside the input), 'same' (zeros around it) or 'full' (all windows that touch it).
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            filter_dilation: the distance of neighbouring values of the kernel, for each spatial axis.
        """

    @abstractmethod
    def depthwise_conv2d(
        self, x, kernel, strides=(1, 1), border_mode: str = "valid", dim_ordering: str = "default", filter_dilation=(1, 1)
    ) -> Tensor:
        """2-D cross-correlation of each input channel with kernels of its own.

        Args:
            x: the input, as for ``conv2d``.
            kernel: (rows, cols, channels, multiplier) with 'tf', where output channel = channel * multiplier + m; (multiplier, channels, rows, cols)
                with 'th'.
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' or 'same'.
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            filter_dilation: the distance of neighbouring values of the kernel, for each spatial axis.
        """

    @abstractmethod
    def pool2d(
        self, x, pool_size, strides=(1, 1), border_mode: str = "valid", dim_ordering: str = "default", pool_mode: str = "max"
    ) -> Tensor:
        """The maximum or mean over windows of images.

        'same' pads as ``conv2d`` does; the padding counts neither for the maximum nor in the average's divisor. At ties the gradient of the maximum
        goes to the first position.

        Args:
            x: the input, as for ``conv2d``.
            pool_size: the size of a window, (rows, cols).
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' or 'same'.
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            pool_mode: 'max' or 'avg'.
        """

    @abstractmethod
    def pool3d(
        self,
        x,
        pool_size,
        strides=(1, 1, 1),
        border_mode: str = "valid",
        dim_ordering: str = "default",
        pool_mode: str = "max",
    ) -> Tensor:
        """The maximum or mean over windows of volumes: ``pool2d`` over three spatial axes.

        Args:
            x: the input, as for ``conv3d``.
            pool_size: the size of a window, three lengths.
            strides: the steps between windows, for each spatial axis.
            border_mode: 'valid' or 'same'.
            dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
            pool_mode: 'max' or 'avg'.
        """
