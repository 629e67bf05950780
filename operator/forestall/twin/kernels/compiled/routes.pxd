cimport cython

cdef int FAR
cdef long long NODE


@cython.final
cdef class Routes:
    cdef int nodes, links, rows, changes, question, better, logged, cuts, settles, round, row, goal, heaped
    cdef readonly int touches
    cdef readonly double lost
    cdef double crumb
    cdef int[::1] start, stop, heads, arcs, tail, head, base, destinations, cost
    cdef readonly int[:] distance, hops
    cdef readonly int[::1] touched
    cdef readonly double[::1] flow
    cdef readonly double[:] load
    cdef double[::1] demand
    cdef double[:] old_load, inflow, old_flow
    cdef int[:] mark, turned, queued, count, old_distance, old_hops
    cdef int[::1] moved, changed, log, cut, edge, settled
    cdef long long[::1] heap

    cdef void fill(self) noexcept nogil
    cdef void move(self) noexcept nogil
    cdef void suppose(self) noexcept nogil
    cdef void _open(self, int row) noexcept nogil
    cdef void _close(self) noexcept nogil
    cdef bint _was_hop(self, int arc) noexcept nogil
    cdef bint _carries(self) noexcept nogil
    cdef void _reroute(self) noexcept nogil
    cdef void _touch(self, int node, int turned) noexcept nogil
    cdef void _lose_hop(self, int node) noexcept nogil
    cdef void _cut_off(self) noexcept nogil
    cdef void _find_edge(self) noexcept nogil
    cdef void _look_around(self, int place) noexcept nogil
    cdef void _take_better(self) noexcept nogil
    cdef bint _is_queued(self, int node) noexcept nogil
    cdef bint _is_cut(self, int node) noexcept nogil
    cdef void _relax(self, int node, int arc, int length) noexcept nogil
    cdef void _improve(self, int node, int arc, int length) noexcept nogil
    cdef void _queue(self, int node, int key) noexcept nogil
    cdef void _spread(self) noexcept nogil
    cdef void _settle(self, int node) noexcept nogil
    cdef int _only_hop(self, int node) noexcept nogil
    cdef bint _is_hop(self, int node, int place) noexcept nogil
    cdef void _shift_traffic(self) noexcept nogil
    cdef int _farthest(self) noexcept nogil
    cdef void _enqueue(self, int node) noexcept nogil
    cdef void _withdraw(self, int node, double amount) noexcept nogil
    cdef void _settle_traffic(self, int node) noexcept nogil
    cdef void _send(self, int node, double amount) noexcept nogil
    cdef void _carry(self, int arc, double amount) noexcept nogil
    cdef void _push(self, long long key, int node) noexcept nogil
    cdef long long _pop(self) noexcept nogil
