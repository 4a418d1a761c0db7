# The functions whose bytecode make.py records, written so that every Python from 2.7 on compiles them.
# They are found in real files of Keras, or stand for what a reader of bytecode must refuse.


def scale(x):
    return x / 127.5 - 1.0


absolute_difference = lambda t: K.abs(t[0] - t[1])  # noqa: E731


def euclidean(vects):
    x, y = vects
    return K.sqrt(K.maximum(K.sum(K.square(x - y), axis=1, keepdims=True), K.epsilon()))


def euclidean_shape(shapes):
    shape1, shape2 = shapes
    return (shape1[0], 1)


def sampling(args):
    z_mean, z_log_var = args
    epsilon = K.random_normal(shape=(K.shape(z_mean)[0], 3), mean=0.0, stddev=1.0)
    return z_mean + K.exp(z_log_var / 2) * epsilon


def resize(image):
    import tensorflow as tf

    image = tf.image.resize_images(image, (4, 6))
    return image / 255.0 - 0.5


resize_by_k = lambda x: K.tf.image.resize_images(x, (4, 6)) / 127.5 - 1.0  # noqa: E731

crop = lambda image: image[:, :, 2:-1, :]  # noqa: E731

normalize = lambda x: tf.nn.l2_normalize(x, axis=1)  # noqa: E731


def with_defaults(x, by=2.0, axis=-1):
    return K.mean(x * by, axis=axis)


def make_closure(by, more):
    return lambda x: x * by + more


with_closure = make_closure(2.0, 1.0)


def steps(x):
    from keras import backend as B
    import keras.backend as C

    a = b = x * 2
    a += 1
    a, b = b, a
    lengths = [1, 2] + [3]
    return B.concatenate([a, b, C.square(x)[..., ::-1]], axis=len(lengths) - 2) ** float(2)


def doubled_shape(input_shape):
    return input_shape[:-1] + (input_shape[-1] * 2,)


def half_shape(input_shape):
    return (input_shape[0], input_shape[1] // 2)


def long_one(x):
    # many constants: arguments of more than a byte
    return K.concatenate([x * 0.5, x * 1.5, x * 2.5, x * 3.5, x * 4.5, x * 5.5, x * 6.5, x * 7.5, x * 8.5, x * 9.5, x * 10.5, x * 11.5, x * 12.5, x * 13.5, x * 14.5, x * 15.5, x * 16.5, x * 17.5, x * 18.5, x * 19.5, x * 20.5, x * 21.5, x * 22.5, x * 23.5, x * 24.5, x * 25.5, x * 26.5, x * 27.5, x * 28.5, x * 29.5, x * 30.5, x * 31.5, x * 32.5, x * 33.5, x * 34.5, x * 35.5, x * 36.5, x * 37.5, x * 38.5, x * 39.5, x * 40.5, x * 41.5, x * 42.5, x * 43.5, x * 44.5, x * 45.5, x * 46.5, x * 47.5, x * 48.5, x * 49.5, x * 50.5, x * 51.5, x * 52.5, x * 53.5, x * 54.5, x * 55.5, x * 56.5, x * 57.5, x * 58.5, x * 59.5, x * 60.5, x * 61.5, x * 62.5, x * 63.5, x * 64.5, x * 65.5, x * 66.5, x * 67.5, x * 68.5, x * 69.5, x * 70.5, x * 71.5, x * 72.5, x * 73.5, x * 74.5, x * 75.5, x * 76.5, x * 77.5, x * 78.5, x * 79.5, x * 80.5, x * 81.5, x * 82.5, x * 83.5, x * 84.5, x * 85.5, x * 86.5, x * 87.5, x * 88.5, x * 89.5, x * 90.5, x * 91.5, x * 92.5, x * 93.5, x * 94.5, x * 95.5, x * 96.5, x * 97.5, x * 98.5, x * 99.5, x * 100.5, x * 101.5, x * 102.5, x * 103.5, x * 104.5, x * 105.5, x * 106.5, x * 107.5, x * 108.5, x * 109.5, x * 110.5, x * 111.5, x * 112.5, x * 113.5, x * 114.5, x * 115.5, x * 116.5, x * 117.5, x * 118.5, x * 119.5, x * 120.5, x * 121.5, x * 122.5, x * 123.5, x * 124.5, x * 125.5, x * 126.5, x * 127.5, x * 128.5, x * 129.5, x * 130.5, x * 131.5, x * 132.5, x * 133.5, x * 134.5, x * 135.5, x * 136.5, x * 137.5, x * 138.5, x * 139.5, x * 140.5, x * 141.5, x * 142.5, x * 143.5, x * 144.5, x * 145.5, x * 146.5, x * 147.5, x * 148.5, x * 149.5, x * 150.5, x * 151.5, x * 152.5, x * 153.5, x * 154.5, x * 155.5, x * 156.5, x * 157.5, x * 158.5, x * 159.5, x * 160.5, x * 161.5, x * 162.5, x * 163.5, x * 164.5, x * 165.5, x * 166.5, x * 167.5, x * 168.5, x * 169.5, x * 170.5, x * 171.5, x * 172.5, x * 173.5, x * 174.5, x * 175.5, x * 176.5, x * 177.5, x * 178.5, x * 179.5, x * 180.5, x * 181.5, x * 182.5, x * 183.5, x * 184.5, x * 185.5, x * 186.5, x * 187.5, x * 188.5, x * 189.5, x * 190.5, x * 191.5, x * 192.5, x * 193.5, x * 194.5, x * 195.5, x * 196.5, x * 197.5, x * 198.5, x * 199.5, x * 200.5, x * 201.5, x * 202.5, x * 203.5, x * 204.5, x * 205.5, x * 206.5, x * 207.5, x * 208.5, x * 209.5, x * 210.5, x * 211.5, x * 212.5, x * 213.5, x * 214.5, x * 215.5, x * 216.5, x * 217.5, x * 218.5, x * 219.5, x * 220.5, x * 221.5, x * 222.5, x * 223.5, x * 224.5, x * 225.5, x * 226.5, x * 227.5, x * 228.5, x * 229.5, x * 230.5, x * 231.5, x * 232.5, x * 233.5, x * 234.5, x * 235.5, x * 236.5, x * 237.5, x * 238.5, x * 239.5, x * 240.5, x * 241.5, x * 242.5, x * 243.5, x * 244.5, x * 245.5, x * 246.5, x * 247.5, x * 248.5, x * 249.5, x * 250.5, x * 251.5, x * 252.5, x * 253.5, x * 254.5, x * 255.5, x * 256.5, x * 257.5, x * 258.5, x * 259.5, x * 260.5, x * 261.5, x * 262.5, x * 263.5, x * 264.5, x * 265.5, x * 266.5, x * 267.5, x * 268.5, x * 269.5])


# ---- refused


def branch(x):
    if K.ndim(x) > 2:
        return x
    return -x


def loop(x):
    for i in range(3):
        x = x + i
    return x


def inner(x):
    return K.map_fn(lambda y: y + 1, x)


def unknown_global(x):
    return x / WIDTH


def unknown_function(x):
    return my_function(x)


def assigns_item(x):
    x[0] = 1
    return x


def assigns_attribute(x):
    x.shape = 1
    return x


def global_statement(x):
    global counter
    counter = x
    return x


def generator(x):
    yield x


def discards(x):
    print(x)
    return x


def with_block(x):
    with tf.device("/cpu:0"):
        return x


def tries(x):
    try:
        return x + 1
    except Exception:
        return x


def imports_os(x):
    import os

    return x + os.system("touch /tmp/kbridge_was_here")


def evaluates(x):
    return eval("x")


def opens(x):
    return open("/etc/passwd").read()


def climbs(x):
    return x.__class__.__bases__[0].__subclasses__()


def numpys(x):
    return np.load("/etc/passwd")


def reads_file(x):
    return tf.io.read_file("/etc/passwd")


def calls_lambda(x):
    return (lambda y: y)(x)
