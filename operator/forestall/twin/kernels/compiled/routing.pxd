cimport cython

from forestall.twin.kernels.compiled.routes cimport Routes

cdef int FAR
cdef double FULL, CRUMB


@cython.final
cdef class Routing:
    cdef readonly Routes routes
    cdef double old_lost
    cdef double[::1] room, worst, losses, peaks
    cdef int[::1] first, new_arcs, new_costs, ranking, cause, peak_arcs, overs

    cpdef void start_over(self)
    cpdef void commit(self, int[::1] arcs, int[::1] costs)
    cpdef void suppose(self, int[::1] arcs, int[::1] costs)
    cpdef void forget(self)
    cpdef void sweep(self, rows)
    cdef int _overloaded(self) noexcept nogil
    cdef int _newly_over(self) noexcept nogil
    cdef int _peak(self) noexcept nogil
    cdef void _blame(self, int change) noexcept nogil
    cdef void _suppose(self, int[::1] arcs, int[::1] costs, int first, int last) noexcept nogil
    cdef void _sweep_crumbs(self) noexcept nogil
    cdef void _ask(self, int[::1] arcs, int[::1] costs, int first, int last) noexcept nogil
    cdef void _number(self) noexcept nogil
    cdef void _forget(self) noexcept nogil
