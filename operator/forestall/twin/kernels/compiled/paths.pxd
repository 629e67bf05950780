cimport cython

cdef int CROSS, UNCROSS


@cython.final
cdef class Paths:
    cdef int most, marks, round, size, source, apart
    cdef int[::1] start, stop, heads, arcs, passable, tail, head, used, taken, seen, back, queue, marked

    cpdef void see(self, int[::1] passable)
    cpdef void sweep(self, int[::1] sources, int[::1] anchor, int apart, int[::1] found)
    cpdef int trace(self, int source, int[::1] anchor, int apart, int[::1] arcs)
    cdef int _walk(self, int arc, int[::1] anchor, int[::1] arcs, int written) noexcept nogil
    cdef int _onward(self, int node) noexcept nogil
    cdef int _find(self, int source, int[::1] anchor, int apart) noexcept nogil
    cdef int _search(self, int[::1] anchor) noexcept nogil
    cdef void _renumber(self) noexcept nogil
    cdef int _leave(self, int side, int[::1] anchor) noexcept nogil
    cdef void _reach(self, int side, int step) noexcept nogil
    cdef void _take(self, int side) noexcept nogil
    cdef int _use(self, int arc) noexcept nogil
    cdef void _clear(self) noexcept nogil
