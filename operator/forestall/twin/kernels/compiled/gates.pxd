cimport cython


@cython.final
cdef class Gates:
    cdef int size, dirt
    cdef int[::1] first, gates, owner, circle, circle_first, circle_nodes
    cdef int[::1] broken, dirty, is_dirty, was_down, strain
    cdef readonly int[::1] room, down, failed, queue

    cpdef int fail(self, int[::1] nodes)
    cpdef int repair(self, int node)
    cpdef int suppose(self, int[::1] nodes)
    cpdef void sweep(self, int[::1] first, int[::1] nodes, double[::1] weight, int[::1] size, double[::1] lost)
    cpdef int strained(self, int node, int[::1] gates, int[::1] used)
    cdef int _strained(self, int[::1] gates, int[::1] used) noexcept nogil
    cdef void _blast(self, int[::1] nodes) noexcept nogil
    cdef void _fall(self, int node) noexcept nogil
    cdef void _follow(self, int done) noexcept nogil
    cdef void _undo(self) noexcept nogil
    cdef int _repair(self, int node) noexcept nogil
    cdef void _reconsider(self, int node) noexcept nogil
    cdef void _relieve(self, int node) noexcept nogil
    cdef void _give_room(self, int gate) noexcept nogil
    cdef void _raise(self, int circle) noexcept nogil
    cdef void _within(self, int node, int circle) noexcept nogil
    cdef void _follow_within(self, int done, int circle) noexcept nogil
