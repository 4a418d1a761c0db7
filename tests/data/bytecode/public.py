# Functions of Lambda layers as public programs have them, written so that every Python from 2.7 on compiles them.
# What each computes is in tests/public_functions.py, by the same name.
import math


def make_scale(mean, std):
    return lambda x: (x - mean) / std


def make_reshape(h, w):
    return lambda x: K.reshape(x, (-1, h * w))


def make_split(sizes):
    def f(x):
        return tf.split(x, sizes, axis=1)

    return f


f01 = lambda x: x / 127.5 - 1.0  # noqa: E731
f02 = lambda x: (x / 255.0) - 0.5  # noqa: E731
f03 = lambda x: x[:, 2:-1, 1:5, :]  # noqa: E731
f04 = lambda img: img[..., ::-1]  # noqa: E731
f05 = lambda x: K.mean(x, axis=1)  # noqa: E731
f06 = lambda x: K.mean(x, axis=[1, 2], keepdims=True)  # noqa: E731
f07 = lambda x: K.sum(x, axis=1, keepdims=True)  # noqa: E731
f08 = lambda x: K.l2_normalize(x, axis=1)  # noqa: E731
f09 = lambda x: K.l2_normalize(x, axis=-1) * 16.0  # noqa: E731
f10 = lambda x: tf.nn.l2_normalize(x, 1)  # noqa: E731
f11 = lambda x: tf.math.l2_normalize(x, axis=-1)  # noqa: E731
f12 = lambda x: x[:, 0]  # noqa: E731
f13 = lambda x: x[:, -1, :]  # noqa: E731
f14 = lambda x: tf.expand_dims(x, axis=-1)  # noqa: E731
f15 = lambda x: K.expand_dims(x, 1)  # noqa: E731
f16 = lambda x: K.squeeze(x, axis=1)  # noqa: E731
f17 = lambda x: K.batch_dot(x[0], x[1], axes=[2, 2])  # noqa: E731
f18 = lambda x: K.batch_dot(x[0], x[1], axes=(2, 1)) / math.sqrt(4.0)  # noqa: E731
f19 = lambda x: K.resize_images(x, 2, 2, 'channels_last')  # noqa: E731
f20 = lambda x: tf.image.resize(x, (4, 6))  # noqa: E731
f21 = lambda x: tf.image.resize(x, [8, 12], method='nearest')  # noqa: E731
f22 = lambda x: K.one_hot(K.cast(x, 'int32'), 5)  # noqa: E731
f23 = lambda x: tf.one_hot(tf.cast(x, tf.int32), depth=5)  # noqa: E731
f24 = lambda x: tf.split(x, 3, axis=1)  # noqa: E731
f25 = make_split([1, 2, 3])
f26 = make_scale(0.5, 0.25)
f27 = make_reshape(2, 3)
f28 = lambda x, scale=2.0, shift=(1.0, 2.0): x * scale + shift[1]  # noqa: E731
f29 = lambda x, axis=-1: K.softmax(x, axis=axis)  # noqa: E731
f30 = lambda x: K.switch(x > 0, x, 0.1 * x)  # noqa: E731
f31 = lambda x: tf.where(x > 0.0, x, tf.zeros_like(x))  # noqa: E731
f32 = lambda x: tf.math.log1p(tf.math.abs(x))  # noqa: E731
f33 = lambda x: tf.math.reduce_mean(x, axis=1, keepdims=True)  # noqa: E731
f34 = lambda x: tf.math.sigmoid(x) * x  # noqa: E731
f35 = lambda x: x * np.float32(2.0) + np.pi  # noqa: E731
f36 = lambda x: x / np.sqrt(2.0)  # noqa: E731
f37 = lambda x: (x - np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])) / np.array([2.0, 2.0, 2.0, 2.0, 2.0, 4.0])  # noqa: E731
f38 = lambda x: K.concatenate([K.mean(x, axis=1), K.max(x, axis=1)], axis=-1)  # noqa: E731
f39 = lambda x: K.stack([x, x * 2], axis=1)  # noqa: E731
f40 = lambda x: K.repeat_elements(x, 3, axis=1)  # noqa: E731
f41 = lambda x: K.tile(x, (1, 2))  # noqa: E731
f42 = lambda x: K.permute_dimensions(x, (0, 2, 1))  # noqa: E731
f43 = lambda x: K.reverse(x, axes=1)  # noqa: E731
f44 = lambda x: K.exp(-K.sum(K.abs(x[0] - x[1]), axis=1, keepdims=True))  # noqa: E731
f45 = lambda x: x[0] * x[1]  # noqa: E731
f46 = lambda x: K.relu(x, max_value=1.0)  # noqa: E731
f47 = lambda x: K.clip(x, -0.5, 0.5)  # noqa: E731
f48 = lambda x: K.gather(x, [0, 1])[:, :2]  # noqa: E731
f49 = lambda x: K.pow(x, 2)  # noqa: E731
f50 = lambda x: tf.reduce_max(x, axis=-1)  # noqa: E731
f51 = lambda x: tf.nn.softmax(x / 0.5)  # noqa: E731
f52 = lambda x: tf.transpose(x, perm=[0, 2, 1])  # noqa: E731
f53 = lambda x: tf.concat([x[:, :2], x[:, 4:]], axis=-1)  # noqa: E731
f54 = lambda x: tf.reshape(x, (-1, 2, 3))  # noqa: E731
f55 = lambda x: tf.reshape(x, [tf.shape(x)[0], x.shape[1] * 1])  # noqa: E731
f56 = lambda x: K.reshape(x, (K.shape(x)[0], 3, 2))  # noqa: E731
f57 = lambda x: tf.pad(x, [[0, 0], [1, 1], [2, 2], [0, 0]], 'REFLECT')  # noqa: E731
f58 = lambda x: tf.nn.relu6(x + 3) / 6  # noqa: E731
f59 = lambda x: x * K.tanh(K.softplus(x))  # noqa: E731
f60 = lambda x: K.var(x, axis=-1, keepdims=True)  # noqa: E731
f61 = lambda x: K.std(x, axis=1)  # noqa: E731
f62 = lambda x: K.argmax(x, axis=-1)  # noqa: E731
f63 = lambda x: 1 - x  # noqa: E731
f64 = lambda x: -x ** 2 + 3 // 2  # noqa: E731
f65 = lambda x: sum(x) if K.ndim(x) else x  # noqa: E731
f66 = lambda x: K.cast(K.greater(x, 0.5), 'float32')  # noqa: E731
f67 = lambda x: tf.cast(x > 0.5, tf.float32)  # noqa: E731
f68 = lambda x: K.sqrt(K.sum(K.square(x), -1) + K.epsilon())  # noqa: E731
f69 = lambda x: tf.norm(x, axis=-1)  # noqa: E731
f70 = lambda x: tf.nn.depth_to_space(x, 2)  # noqa: E731
f71 = lambda x: tf.image.rgb_to_grayscale(x)  # noqa: E731
f72 = lambda x: tf.image.flip_left_right(x)  # noqa: E731
f73 = lambda x: tf.unstack(x, axis=1)  # noqa: E731
f74 = lambda x: tf.math.top_k(x, k=2)[0]  # noqa: E731
f75 = lambda x: tf.math.cumsum(x, axis=1)  # noqa: E731
f76 = lambda x: x.astype('float32') if hasattr(x, 'astype') else tf.cast(x, 'float32')  # noqa: E731
f77 = lambda x: K.dot(x, K.ones((6, 2)))  # noqa: E731
f78 = lambda x: tf.einsum('bij,bkj->bik', x[0], x[1])  # noqa: E731
f79 = lambda x: tf.matmul(x[0], x[1], transpose_b=True)  # noqa: E731
f80 = lambda x: K.zeros_like(x) + K.ones_like(x)  # noqa: E731


def g01(x):
    red, green, blue = tf.split(x, 3, axis=-1)
    return tf.concat([blue - 103.939, green - 116.779, red - 123.68], axis=-1)


def g02(args):
    z_mean, z_log_var = args
    batch = K.shape(z_mean)[0]
    dim = K.int_shape(z_mean)[1]
    epsilon = K.random_normal(shape=(batch, dim), mean=0., stddev=0.0)
    return z_mean + K.exp(0.5 * z_log_var) * epsilon


def g03(vects):
    x, y = vects
    sum_square = K.sum(K.square(x - y), axis=1, keepdims=True)
    return K.sqrt(K.maximum(sum_square, K.epsilon()))


def g04(x):
    x = x[..., ::-1]
    mean = [103.939, 116.779, 123.68]
    x = x - mean
    return x


def g05(x):
    numerator = K.sum(x[0] * x[1], axis=-1, keepdims=True)
    return numerator / (K.sqrt(K.sum(K.square(x[0]), axis=-1, keepdims=True)) * K.sqrt(K.sum(K.square(x[1]), axis=-1, keepdims=True)))


def g06(x):
    """Squash of a capsule network."""
    s_squared_norm = K.sum(K.square(x), -1, keepdims=True) + K.epsilon()
    scale = K.sqrt(s_squared_norm) / (0.5 + s_squared_norm)
    return scale * x


def g07(x):
    return K.dot(x[0], K.transpose(x[1])) if len(x) > 1 else x  # refused: which of the two isn't known before it runs


def g08(inputs):
    q, k, v = inputs
    weights = K.softmax(K.batch_dot(q, k, axes=[2, 2]) / 2.0)
    return K.batch_dot(weights, v)


def g09(x):
    import tensorflow as tf
    from keras.backend import tf as ktf

    return tf.image.resize_images(x, (4, 6)) / 255.0


def g10(x):
    a = x[:, :3]
    b = x[:, 3:]
    m = {"axis": -1, "keepdims": True}
    return K.mean(a, **m) - K.max(b, axis=-1, keepdims=True)


def g11(x):
    gray = 0.299 * x[:, :, :, 0] + 0.587 * x[:, :, :, 1] + 0.114 * x[:, :, :, 2]
    return K.expand_dims(gray, axis=3)


def g12(x):
    shape = K.int_shape(x)
    return K.reshape(x, (-1, shape[1] * shape[2] * shape[3]))


def g13(x):
    value, advantage = x
    return value + (advantage - K.mean(advantage, axis=1, keepdims=True))


def g14(x):
    return K.expand_dims(x[:, 0], -1) + x[:, 1:] - K.mean(x[:, 1:], axis=1, keepdims=True)


def g15(x, alpha=0.1, **kwargs):
    return K.maximum(alpha * x, x)


def g16(x):
    x -= 0.5
    x *= 2.
    return x


def g17(x):
    assert x is not None
    return x


def g18(x):
    return K.hard_sigmoid(x) + K.elu(x, 0.5) + K.sign(x) + K.round(x) + K.log(K.abs(x) + 1)


def g19(t):
    return sum(t) / max(2, 1) - min([1, 3]) + round(2.6)


def g20(x):
    return softmax(x)  # a function of the program's own, whatever it is called


def g21(x):
    return int(x.shape[1]) * x + float(x.shape[1]) / len(x.shape)


def g22(x):
    return tf.nn.top_k(x, 3).values


def g23(x):
    return tf.pad(x, tf.constant([[0, 0], [2, 1]]), "CONSTANT")


def g24(x):
    return tf.image.extract_patches(x, sizes=[1, 2, 2, 1], strides=[1, 2, 2, 1], rates=[1, 1, 1, 1], padding="VALID")


def g25(x):
    return tf.image.resize_with_crop_or_pad(x, 4, 10)


def g26(x):
    return tf.keras.applications.mobilenet_v2.preprocess_input(x)


def g27(x):
    return keras.applications.resnet50.preprocess_input(x)


def g28(x):
    return tf.linalg.matvec(tf.ones((2, 6)), x) + tf.scalar_mul(0.5, x[:, :2])
