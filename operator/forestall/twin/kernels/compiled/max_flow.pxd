cimport cython


@cython.final
cdef class MaxFlow:
    cdef int nodes, links
    cdef double tiny
    cdef int[::1] start, stop, heads, arcs, tail, head, level, place, queue, path
    cdef double[::1] capacity, rest, kept

    cpdef double value(self, int source, int target, double enough)
    cpdef double after_each_link(self, int source, int target, double enough, double[::1] left)
    cdef double _without(self, int arc, double found) noexcept nogil
    cdef void _fill(self) noexcept nogil
    cdef double _flow(self, int source, int target, double enough) noexcept nogil
    cdef bint _rank(self, int source, int target) noexcept nogil
    cdef double _block(self, int source, int target, double found, double enough) noexcept nogil
    cdef int _next(self, int node) noexcept nogil
    cdef double _send(self, int length, double amount) noexcept nogil
    cdef int _first_full(self, int length) noexcept nogil
