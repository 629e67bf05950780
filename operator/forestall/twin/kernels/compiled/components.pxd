cimport cython


@cython.final
cdef class Components:
    cdef int nodes, opened, found, components
    cdef int[::1] first, heads, rank, low, place, parent, open

    cpdef int run(self, int[::1] component)
    cdef void _search(self, int root, int[::1] component) noexcept nogil
    cdef void _enter(self, int node, int parent) noexcept nogil
    cdef int _leave(self, int node, int[::1] component) noexcept nogil
