"""The names of the nodes of TensorFlow's graphs, as files of tf.keras before 2.4 hold them: 'node.AddV2'."""

from __future__ import annotations

import numpy as np

from ..backends.in_use import K
from .names import also, operation
from .operands import shape_of, small, tensor

also("add", "node.AddV2 node.Add node.BiasAddV1(x, y)")
also("bias_add", "node.BiasAdd(x, bias, data_format)")
also("subtract", "node.Sub(x, y)")
also("multiply", "node.Mul(x, y)")
also("divide", "node.RealDiv node.Div node.TrueDiv(x, y)")
also("divide_no_nan", "node.DivNoNan(x, y)")
also("floor_divide", "node.FloorDiv(x, y)")
also("mod", "node.FloorMod(x, y)")
also("pow", "node.Pow(x, y)")
also("negative", "node.Neg(x)")
for _name in ("Equal", "NotEqual", "Greater", "GreaterEqual"):
    also({"NotEqual": "not_equal", "GreaterEqual": "greater_equal"}.get(_name, _name.lower()), f"node.{_name}(x, y)")
also("lesser", "node.Less(x, y)")
also("lesser_equal", "node.LessEqual(x, y)")
also("logical_and", "node.LogicalAnd(x, y)")
also("logical_or", "node.LogicalOr(x, y)")
also("logical_not", "node.LogicalNot(x)")
for _name, _node in {
    "abs": "Abs", "sign": "Sign", "square": "Square", "sqrt": "Sqrt", "exp": "Exp", "expm1": "Expm1", "log": "Log", "log1p": "Log1p", "sin": "Sin",
    "cos": "Cos", "tan": "Tan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh", "erf": "Erf", "arcsin": "Asin", "arccos": "Acos", "arctan": "Atan",
    "arcsinh": "Asinh", "arccosh": "Acosh", "arctanh": "Atanh", "round": "Round", "floor": "Floor", "ceil": "Ceil", "rsqrt": "Rsqrt",
    "reciprocal": "Reciprocal", "sigmoid": "Sigmoid", "softplus": "Softplus", "softsign": "Softsign", "relu": "Relu", "relu6": "Relu6", "elu": "Elu",
    "selu": "Selu", "isnan": "IsNan", "isinf": "IsInf", "isfinite": "IsFinite", "identity": "Identity", "stop_gradient": "StopGradient",
    "zeros_like": "ZerosLike", "ones_like": "OnesLike", "shape": "Shape", "rank": "Rank", "size": "Size",
}.items():  # fmt: skip
    also(_name, f"node.{_node}(x)")
also("round", "node.Rint(x)")
also("reciprocal", "node.Inv(x)")
also("identity", "node.Snapshot node.PreventGradient node.CheckNumerics node.EnsureShape(x, shape:-)")
also("leaky_relu", "node.LeakyRelu(x, alpha:negative_slope=0.2)")
also("softmax", "node.Softmax(x)")
also("log_softmax", "node.LogSoftmax(x)")
also("squared_difference", "node.SquaredDifference(x, y)")
also("maximum", "node.Maximum(x, y)")
also("minimum", "node.Minimum(x, y)")
also("arctan2", "node.Atan2(x, y)")
also("clip", "node.ClipByValue(x, min_value, max_value)")
also("cast", "node.Cast(x, DstT:dtype)")
also("where", "node.SelectV2 node.Select(condition, x, y)")
for _name, _node in {"sum": "Sum", "prod": "Prod", "mean": "Mean", "max": "Max", "min": "Min", "any": "Any", "all": "All"}.items():
    also(_name, f"node.{_node}(x, axis, keep_dims:keepdims)")
also("argmax", "node.ArgMax(x, axis)")
also("argmin", "node.ArgMin(x, axis)")
also("cumsum", "node.Cumsum(x, axis, exclusive, reverse)")
also(
    "matmul",
    "node.MatMul(x, y, transpose_a, transpose_b)",
    "node.BatchMatMul node.BatchMatMulV2 node.BatchMatMulV3(x, y, adj_x:transpose_a, adj_y:transpose_b)",
)
also("einsum", "node.Einsum(*operands, equation)")
also("reshape", "node.Reshape(x, shape)")
also("permute_dimensions", "node.Transpose(x, pattern)")
also("expand_dims", "node.ExpandDims(x, axis)")
also("squeeze", "node.Squeeze(x, squeeze_dims:axis)")
also("strided_slice", "node.StridedSlice(x, begin, end, strides, begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)")
also("slice", "node.Slice(x, begin, size)")
also("gather", "node.GatherV2(x, indices, axis, batch_dims)", "node.Gather node.ResourceGather(x, indices)")
also("concatenate", "node.ConcatV2 node.Concat(tensors, axis)")
also("stack", "node.Pack(tensors, axis=0)")
also("unstack", "node.Unpack(x, num:-, axis=0)")
also("tile", "node.Tile(x, repeats)")
also("pad", "node.Pad(x, padding)", "node.PadV2(x, padding, constant_values)", "node.MirrorPad(x, padding, mode)")
also("reverse", "node.ReverseV2(x, axis)")
also("roll", "node.Roll(x, shift, axis)")
also("broadcast_to", "node.BroadcastTo(x, shape)")
also("full", "node.Fill(shape, value)")
also("arange", "node.Range(start, stop, step)")
also("one_hot", "node.OneHot(indices, count, on_value, off_value, axis)")
also("resize_by_corners", "node.ResizeBilinear(x, size, align_corners, half_pixel_centers, :method='bilinear')")
also("resize_by_corners", "node.ResizeNearestNeighbor(x, size, align_corners, half_pixel_centers, :method='nearest')")
also("resize_by_corners", "node.ResizeBicubic(x, size, align_corners, half_pixel_centers, :method='bicubic')")
also("resize_by_corners", "node.ResizeArea(x, size, align_corners, :method='area')")
also("depth_to_space", "node.DepthToSpace(x, block_size, data_format)")
also("space_to_depth", "node.SpaceToDepth(x, block_size, data_format)")
also("conv", "node.Conv2D node.Conv3D(x, kernel, strides, padding, data_format, dilations:dilation)")
also("depthwise_conv2d", "node.DepthwiseConv2dNative(x, kernel, strides, padding, data_format, dilations:dilation)")
also("max_pool", "node.MaxPool node.MaxPool3D(x, ksize:size, strides, padding, data_format)")
also("average_pool", "node.AvgPool node.AvgPool3D(x, ksize:size, strides, padding, data_format)")
also("band_part", "node.MatrixBandPart(x, lower, upper)")
also("diag", "node.MatrixDiag(x)")
also("diag_part", "node.MatrixDiagPart(x)")
also("random_normal", "node.RandomStandardNormal(shape, seed:-, seed2:-, dtype)")
also("random_uniform", "node.RandomUniform(shape, seed:-, seed2:-, dtype)")
also("truncated_normal", "node.TruncatedNormal(shape, seed:-, seed2:-, dtype)")
also("top_k", "node.TopKV2 node.TopK(x, k, sorted:-)")


@operation("tf.add_n tf.math.add_n tf.math.accumulate_n node.AddN keras.layers.add(inputs|tensors:tensors)")
def add_n(tensors):
    """The sum of tensors of one shape."""
    total = tensor(tensors[0])
    for other in tensors[1:]:
        total = total + other
    return total


@operation("node.SplitV(x, sizes, axis, num_split:-)")
def split_by_sizes(x, sizes, axis=0):
    """Parts of given lengths along an axis, as a list."""
    from .parts import split

    return split(x, np.asarray(sizes).tolist(), axis)


@operation("node.Split(axis, x, num_split:parts)")
def split_equally(axis, x, parts):
    """A number of equal parts along an axis, as a list."""
    from .parts import split

    return split(x, parts, axis)


@operation("tf.nn.l2_loss node.L2Loss(t|x:x)")
def l2_loss(x):
    """Half the sum of squares."""
    return K.sum(K.square(tensor(x))) / 2.0


@operation("node.LRN tf.nn.local_response_normalization tf.nn.lrn(input|x:x, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5)")
def local_response_normalization(x, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5):
    """x over a power of the sum of squares of its neighbours among the channels (Krizhevsky et al., 2012)."""
    x = tensor(x)
    channels = shape_of(x)[-1]
    if channels is None:
        raise ValueError("the number of channels must be known.")
    small((channels, channels))
    near = abs(np.arange(channels)[:, None] - np.arange(channels)[None]) <= depth_radius
    sums = K.dot(K.square(x), K.constant(near.astype("float32"), dtype=K.dtype(x)))
    return x / K.pow(bias + alpha * sums, beta)


@operation("node.IdentityN tf.identity_n(input|tensors:tensors)")
def identity_n(tensors):
    """Tensors as they are."""
    return [tensor(t) for t in tensors]
