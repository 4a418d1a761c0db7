"""C++ for ``x[index] += y`` and ``x[index] = y`` with a vector of indices on the first axis (the gradient of an
embedding). Theano used NumPy's PyArrayMapIterObject, which NumPy 2 made private."""

INC_CODE = r"""
template <typename T> static void kbridge_inc(char *d, const npy_intp *ds, const char *s, const npy_intp *ss,
                                         const npy_intp *sh, int nd, int inc) {
    if (nd == 0) { if (inc) *(T *)d += *(const T *)s; else *(T *)d = *(const T *)s; return; }
    npy_intp n = sh[0];
    if (nd == 1) {
        if (inc) for (npy_intp i = 0; i < n; i++, d += ds[0], s += ss[0]) *(T *)d += *(const T *)s;
        else for (npy_intp i = 0; i < n; i++, d += ds[0], s += ss[0]) *(T *)d = *(const T *)s;
        return;
    }
    for (npy_intp i = 0; i < n; i++, d += ds[0], s += ss[0]) kbridge_inc<T>(d, ds + 1, s, ss + 1, sh + 1, nd - 1, inc);
}
typedef void (*kbridge_inc_fn)(char *, const npy_intp *, const char *, const npy_intp *, const npy_intp *, int, int);
static kbridge_inc_fn kbridge_inc_pick(int t) {
    switch (t) {
        case NPY_BOOL: case NPY_UBYTE: return kbridge_inc<npy_ubyte>;
        case NPY_BYTE: return kbridge_inc<npy_byte>;
        case NPY_SHORT: return kbridge_inc<npy_short>;  case NPY_USHORT: return kbridge_inc<npy_ushort>;
        case NPY_INT: return kbridge_inc<npy_int>;      case NPY_UINT: return kbridge_inc<npy_uint>;
        case NPY_LONG: return kbridge_inc<npy_long>;    case NPY_ULONG: return kbridge_inc<npy_ulong>;
        case NPY_LONGLONG: return kbridge_inc<npy_longlong>; case NPY_ULONGLONG: return kbridge_inc<npy_ulonglong>;
        case NPY_FLOAT: return kbridge_inc<npy_float>;  case NPY_DOUBLE: return kbridge_inc<npy_double>;
    }
    return NULL;
}
/* a[index] (+)= inc for a 1-D integer index on axis 0; NumPy 2 made PyArrayMapIterObject private */
static int inplace_increment(PyArrayObject *a, PyObject *index, PyArrayObject *inc, int inc_or_set) {
    if (PyArray_FailUnlessWriteable(a, "input/output array") < 0) return -1;
    int nd = PyArray_NDIM(a), k;
    if (nd == 0) { PyErr_SetString(PyExc_IndexError, "0-d arrays can't be indexed."); return -1; }
    kbridge_inc_fn fn = kbridge_inc_pick(PyArray_TYPE(a));
    if (!fn) { PyErr_SetString(PyExc_TypeError, "unsupported type for a"); return -1; }
    PyArrayObject *ix = (PyArrayObject *)PyArray_FROMANY(index, NPY_INTP, 1, 1, NPY_ARRAY_IN_ARRAY | NPY_ARRAY_FORCECAST);
    if (!ix) return -1;
    PyArray_Descr *de = PyArray_DESCR(a); Py_INCREF(de);
    PyArrayObject *v = (PyArrayObject *)PyArray_FromAny((PyObject *)inc, de, 0, 0,
        NPY_ARRAY_FORCECAST | NPY_ARRAY_ALIGNED | NPY_ARRAY_NOTSWAPPED, NULL);
    if (!v) { Py_DECREF(ix); return -1; }
    npy_intp n = PyArray_DIM(ix, 0), N = PyArray_DIM(a, 0), ss[64];
    int vd = PyArray_NDIM(v), bad = vd > nd;
    for (k = 0; k < nd && !bad; k++) {
        int j = k - (nd - vd);
        npy_intp want = k ? PyArray_DIM(a, k) : n, have = j < 0 ? 1 : PyArray_DIM(v, j);
        if (j >= 0 && have == want) ss[k] = PyArray_STRIDE(v, j);
        else if (have == 1) ss[k] = 0;
        else bad = 1;
    }
    if (bad) PyErr_SetString(PyExc_ValueError, "shape mismatch: value array could not be broadcast to indexing result");
    const npy_intp *I = (const npy_intp *)PyArray_DATA(ix);
    for (npy_intp i = 0; !bad && i < n; i++) if (I[i] < -N || I[i] >= N) {
        PyErr_Format(PyExc_IndexError, "index %zd is out of bounds for axis 0 with size %zd", (Py_ssize_t)I[i], (Py_ssize_t)N);
        bad = 1;
    }
    if (!bad) for (npy_intp i = 0; i < n; i++) {
        npy_intp r = I[i] < 0 ? I[i] + N : I[i];
        fn(PyArray_BYTES(a) + r * PyArray_STRIDE(a, 0), PyArray_STRIDES(a) + 1, PyArray_BYTES(v) + i * ss[0],
           ss + 1, PyArray_DIMS(a) + 1, nd - 1, inc_or_set);
    }
    Py_DECREF(ix); Py_DECREF(v);
    return bad ? -1 : 0;
}
"""
