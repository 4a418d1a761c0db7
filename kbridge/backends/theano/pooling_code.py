"""The C++ of the pooling operations. All take tensors (samples, channels, depth, rows, columns) of any strides and
give C-contiguous ones."""

SUPPORT = r"""
/* where windows stand on the three spatial axes */
struct kbridge_windows { npy_intp n[3], out[3], size[3], stride[3], before[3]; };

static kbridge_windows kbridge_place(const npy_intp *dims, const npy_intp *size, const npy_intp *stride, int same) {
    kbridge_windows w;
    for (int i = 0; i < 3; i++) {
        npy_intp n = dims[2 + i], k = size[i], s = stride[i], before = 0, out;
        if (same) {
            out = (n + s - 1) / s;
            npy_intp total = (out - 1) * s + k - n;
            before = total > 0 ? total / 2 : 0;
        } else {
            out = n >= k ? (n - k) / s + 1 : 0;
        }
        w.n[i] = n; w.out[i] = out; w.size[i] = k; w.stride[i] = s; w.before[i] = before;
    }
    return w;
}

/* the part of a window that lies inside: from lo, below hi */
static void kbridge_range(const kbridge_windows &w, int axis, npy_intp at, npy_intp *lo, npy_intp *hi) {
    npy_intp start = at * w.stride[axis] - w.before[axis];
    *lo = start > 0 ? start : 0;
    *hi = start + w.size[axis] < w.n[axis] ? start + w.size[axis] : w.n[axis];
}

static PyArrayObject *kbridge_output(PyArrayObject **out, int type, const npy_intp *dims) {
    bool fits = *out && PyArray_IS_C_CONTIGUOUS(*out);
    for (int i = 0; fits && i < 5; i++) fits = PyArray_DIM(*out, i) == dims[i];
    if (!fits) {
        Py_XDECREF(*out);
        *out = (PyArrayObject *)PyArray_EMPTY(5, const_cast<npy_intp *>(dims), type, 0);
    }
    return *out;
}
"""

#: over samples, channels and windows; `y` walks the outputs in order
EACH_WINDOW = r"""
    constexpr npy_intp size[3] = {%(size)s}, stride[3] = {%(strides)s};
    const npy_intp *dims = PyArray_DIMS(%(x)s), *xs = PyArray_STRIDES(%(x)s);
    kbridge_windows w = kbridge_place(dims, size, stride, %(same)s);
    %(prepare)s
    npy_intp y = 0;
    for (npy_intp b = 0; b < dims[0]; b++) for (npy_intp c = 0; c < dims[1]; c++) {
        const char *plane = PyArray_BYTES(%(x)s) + b * xs[0] + c * xs[1];
        (void)plane;
        npy_intp lo[3], hi[3];
        for (npy_intp i = 0; i < w.out[0]; i++) {
            kbridge_range(w, 0, i, lo, hi);
            for (npy_intp j = 0; j < w.out[1]; j++) {
                kbridge_range(w, 1, j, lo + 1, hi + 1);
                for (npy_intp k = 0; k < w.out[2]; k++, y++) {
                    kbridge_range(w, 2, k, lo + 2, hi + 2);
                    %(window)s
                }
            }
        }
    }
    %(end)s
"""

MAX_PREPARE = r"""
    npy_intp shape[5] = {dims[0], dims[1], w.out[0], w.out[1], w.out[2]};
    if (!kbridge_output(&%(y)s, PyArray_TYPE(%(x)s), shape) || !kbridge_output(&%(at)s, NPY_INT64, shape)) %(fail)s
    %(type)s *values = (%(type)s *)PyArray_DATA(%(y)s);
    npy_int64 *places = (npy_int64 *)PyArray_DATA(%(at)s);
"""

#: the first of the largest values; NaN is larger than all. Whole windows have loops of fixed lengths, which the compiler unrolls
MAX_WINDOW = r"""
            const char *corner = plane + lo[0] * xs[2] + lo[1] * xs[3] + lo[2] * xs[4];
            const npy_intp n0 = hi[0] - lo[0], n1 = hi[1] - lo[1], n2 = hi[2] - lo[2];
            npy_intp place = 0;
            %(type)s best = *(const %(type)s *)corner;
            #define KBRIDGE_LARGEST(N0, N1, N2) \
                for (npy_intp p = 0; p < N0; p++) for (npy_intp q = 0; q < N1; q++) for (npy_intp r = 0; r < N2; r++) { \
                    const %(type)s value = *(const %(type)s *)(corner + p * xs[2] + q * xs[3] + r * xs[4]); \
                    const bool better = (value > best) | ((value != value) & (best == best)); \
                    place = better ? (p * w.n[1] + q) * w.n[2] + r : place; \
                    best = better ? value : best; \
                }
            if (n0 == size[0] && n1 == size[1] && n2 == size[2]) KBRIDGE_LARGEST(size[0], size[1], size[2])
            else KBRIDGE_LARGEST(n0, n1, n2)
            #undef KBRIDGE_LARGEST
            values[y] = best;
            places[y] = (lo[0] * w.n[1] + lo[1]) * w.n[2] + lo[2] + place;
"""

AVERAGE_PREPARE = r"""
    npy_intp shape[5] = {dims[0], dims[1], w.out[0], w.out[1], w.out[2]};
    if (!kbridge_output(&%(y)s, PyArray_TYPE(%(x)s), shape)) %(fail)s
    %(type)s *values = (%(type)s *)PyArray_DATA(%(y)s);
"""

AVERAGE_WINDOW = r"""
            double total = 0;
            for (npy_intp p = lo[0]; p < hi[0]; p++) for (npy_intp q = lo[1]; q < hi[1]; q++) for (npy_intp r = lo[2]; r < hi[2]; r++)
                total += *(const %(type)s *)(plane + p * xs[2] + q * xs[3] + r * xs[4]);
            values[y] = total / ((hi[0] - lo[0]) * (hi[1] - lo[1]) * (hi[2] - lo[2]));
"""

#: gradients are read in the order of the windows, from a contiguous copy
SPREAD_PREPARE = r"""
    PyArrayObject *gradients = (PyArrayObject *)PyArray_GETCONTIGUOUS(%(g)s);
    if (!gradients || !kbridge_output(&%(z)s, PyArray_TYPE(%(g)s), dims)) { Py_XDECREF(gradients); %(fail)s }
    const %(type)s *given = (const %(type)s *)PyArray_DATA(gradients);
    %(type)s *spread = (%(type)s *)PyArray_DATA(%(z)s);
    const npy_intp volume = w.n[0] * w.n[1] * w.n[2];
    std::fill(spread, spread + PyArray_SIZE(%(z)s), (%(type)s)0);
"""

SPREAD_WINDOW = r"""
            const %(type)s share = given[y] / ((hi[0] - lo[0]) * (hi[1] - lo[1]) * (hi[2] - lo[2]));
            %(type)s *target = spread + (b * dims[1] + c) * volume;
            for (npy_intp p = lo[0]; p < hi[0]; p++) for (npy_intp q = lo[1]; q < hi[1]; q++) for (npy_intp r = lo[2]; r < hi[2]; r++)
                target[(p * w.n[1] + q) * w.n[2] + r] += share;
"""

SPREAD_END = "Py_DECREF(gradients);"

#: put each gradient where its maximum came from
SCATTER = r"""
    const npy_intp *dims = PyArray_DIMS(%(x)s);
    PyArrayObject *places = (PyArrayObject *)PyArray_GETCONTIGUOUS(%(at)s), *gradients = (PyArrayObject *)PyArray_GETCONTIGUOUS(%(g)s);
    if (!places || !gradients || !kbridge_output(&%(z)s, PyArray_TYPE(%(g)s), dims)) {
        Py_XDECREF(places); Py_XDECREF(gradients); %(fail)s
    }
    const npy_int64 *at = (const npy_int64 *)PyArray_DATA(places);
    const %(type)s *given = (const %(type)s *)PyArray_DATA(gradients);
    %(type)s *target = (%(type)s *)PyArray_DATA(%(z)s);
    const npy_intp volume = dims[2] * dims[3] * dims[4], planes = dims[0] * dims[1];
    const npy_intp count = planes ? PyArray_SIZE(places) / planes : 0;
    std::fill(target, target + planes * volume, (%(type)s)0);
    for (npy_intp b = 0; b < planes; b++, target += volume)
        for (npy_intp i = 0; i < count; i++) target[*at++] += *given++;
    Py_DECREF(places); Py_DECREF(gradients);
"""

#: and the other way round
PICK = r"""
    const npy_intp *dims = PyArray_DIMS(%(at)s), *full = PyArray_DIMS(%(x)s);
    PyArrayObject *places = (PyArrayObject *)PyArray_GETCONTIGUOUS(%(at)s), *source = (PyArrayObject *)PyArray_GETCONTIGUOUS(%(x)s);
    if (!places || !source || !kbridge_output(&%(z)s, PyArray_TYPE(%(x)s), dims)) {
        Py_XDECREF(places); Py_XDECREF(source); %(fail)s
    }
    const npy_int64 *at = (const npy_int64 *)PyArray_DATA(places);
    const %(type)s *values = (const %(type)s *)PyArray_DATA(source);
    %(type)s *target = (%(type)s *)PyArray_DATA(%(z)s);
    const npy_intp volume = full[2] * full[3] * full[4], planes = dims[0] * dims[1], count = dims[2] * dims[3] * dims[4];
    for (npy_intp b = 0; b < planes; b++, values += volume)
        for (npy_intp i = 0; i < count; i++) *target++ = values[*at++];
    Py_DECREF(places); Py_DECREF(source);
"""


def block(text: str) -> str:
    """Code in a scope of its own: Theano leaves it at a failure by a jump, which must not pass definitions."""
    return "{\n" + text + "\n}"
