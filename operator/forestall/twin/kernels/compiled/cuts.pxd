cimport cython


@cython.final
cdef class Cuts:
    cdef int nodes, links, found
    cdef int[::1] start, stop, heads, arcs, up
    cdef int[::1] rank, order, parent, via, low, place, last, above, depth, jump, root, none
    cdef double[::1] below, through

    cpdef void see(self, int[::1] up)
    cpdef double anchored(self, double[::1] weight, int[::1] anchor, double[::1] node_loss, double[::1] link_loss)
    cpdef double pairs(self, int[::1] source, int[::1] target, double[::1] demand, double[::1] node_loss, double[::1] link_loss)
    cdef void _reset(self) noexcept nogil
    cdef void _search(self, int root, int[::1] anchor) noexcept nogil
    cdef int _enter(self, int node, int parent, int link, int anchored) noexcept nogil
    cdef double _unfound(self, double[::1] weight) noexcept nogil
    cdef void _sum_up(self, double[::1] weight, double[::1] node_loss, double[::1] link_loss) noexcept nogil
    cdef void _lift(self) noexcept nogil
    cdef void _plant(self) noexcept nogil
    cdef void _graft(self, int item, int above) noexcept nogil
    cdef double _lay(self, int[::1] source, int[::1] target, double[::1] demand, double[::1] node_loss) noexcept nogil
    cdef int _meet(self, int left, int right) noexcept nogil
    cdef void _gather(self, double[::1] node_loss, double[::1] link_loss) noexcept nogil
