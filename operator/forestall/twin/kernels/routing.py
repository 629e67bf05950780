"""Shortest-path routing with equal splits, kept right while links fail, return or change their cost.

A question puts each row of routes back as it was, a commit does not.
"""

from __future__ import annotations

from forestall.twin.kernels.buffers import FAR, Changes, Floats, Ints, Memory, Shape

try:
    import cython
except ImportError:
    from forestall.twin.kernels import uncompiled as cython

if not cython.compiled:  # else its type is known from the start
    from forestall.twin.kernels.routes import Routes

FULL = 1.0 + 1e-9  # utilisation above which an arc is overloaded, whatever floats do to a sum
CRUMB = 1e-13  # part of the offered traffic up to which a difference is taken for the error of floats


class Routing:
    """Routing state of one network towards some destinations. Not for two threads at once."""

    def __init__(self, shape: Shape, cost: Ints, destinations: Ints, demand: Floats, memory: Memory) -> None:
        """Route everything.

        `cost` is [arcs]: whole and positive, DOWN for what is down; it is kept, and changed by commits. `destinations`
        are nodes. `demand` is [destinations * nodes], row by row: traffic from each node, none from the destination.
        """
        self.routes = Routes(shape, cost, destinations, demand, memory)
        self.old_lost = 0.0
        self.start_over()

    def start_over(self) -> None:
        """Route everything anew, from nothing but what was committed."""
        with cython.nogil:
            self._number()
            self.routes.touches = self.routes.changes = 0
            self.routes.lost = 0.0
            for arc in range(2 * self.routes.links):
                self.routes.cost[arc], self.routes.load[arc] = self.routes.base[arc], 0.0
            for cell in range(self.routes.rows * self.routes.nodes):
                self.routes.distance[cell], self.routes.hops[cell], self.routes.flow[cell] = FAR, -1, 0.0
                self.routes.lost += self.routes.demand[cell]
            self.routes.crumb = CRUMB * self.routes.lost
            self.routes.fill()

    def commit(self, arcs: Ints, costs: Ints) -> None:
        """Take it for a fact that `arcs`, each named once, have these `costs` (DOWN: failed)."""
        with cython.nogil:
            self._ask(arcs, costs, 0, len(arcs))
            self.routes.move()
            self._sweep_crumbs()
            for place in range(self.routes.changes):
                self.routes.base[self.routes.changed[place]] = self.routes.cost[self.routes.changed[place]]

    def suppose(self, arcs: Ints, costs: Ints) -> None:
        """Find `load`, `lost` and the `touched` arcs if `arcs`, each named once, had these `costs`; then `forget`."""
        with cython.nogil:
            self._suppose(arcs, costs, 0, len(arcs))

    def forget(self) -> None:
        """Put `load` and `lost` back to what is."""
        with cython.nogil:
            self._forget()

    def sweep(self, rows: Changes) -> None:
        """Suppose many changes, one after the other; write what each would do."""
        self.first, self.new_arcs, self.new_costs = rows.first, rows.arcs, rows.costs
        self.room, self.ranking, self.worst, self.cause = rows.room, rows.ranking, rows.worst, rows.cause
        self.losses, self.peaks, self.peak_arcs, self.overs = rows.lost, rows.peak, rows.peak_arc, rows.over
        with cython.nogil:
            always = self._overloaded()
            for change in range(len(self.losses)):
                self._suppose(self.new_arcs, self.new_costs, self.first[change], self.first[change + 1])
                arc = self._peak()
                self.losses[change], self.overs[change] = self.routes.lost, always + self._newly_over()
                self.peaks[change], self.peak_arcs[change] = self.routes.load[arc] * self.room[arc], arc
                self._blame(change)
                self._forget()

    def _overloaded(self) -> int:
        found = 0
        for arc in range(2 * self.routes.links):
            if self.routes.load[arc] * self.room[arc] > FULL:
                found += 1
        return found

    def _newly_over(self) -> int:
        """How many more arcs are overloaded than without the change."""
        more = 0
        for place in range(self.routes.touches):
            arc = self.routes.touched[place]
            if self.routes.load[arc] * self.room[arc] > FULL:
                more += 1
            if self.routes.old_load[arc] * self.room[arc] > FULL:
                more -= 1
        return more

    def _peak(self) -> int:
        """Arc with the highest utilisation: one that was touched, or the first in the ranking that was not."""
        place, last = 0, 2 * self.routes.links - 1
        while place < last and self.routes.moved[self.ranking[place]] == self.routes.question:
            place += 1
        best = self.ranking[place]
        for place in range(self.routes.touches):
            arc = self.routes.touched[place]
            if self.routes.load[arc] * self.room[arc] > self.routes.load[best] * self.room[best]:
                best = arc
        return best

    def _blame(self, change: int) -> None:
        for place in range(self.routes.touches):
            arc = self.routes.touched[place]
            use = self.routes.load[arc] * self.room[arc]
            if use > self.worst[arc]:
                self.worst[arc], self.cause[arc] = use, change

    def _suppose(self, arcs: Ints, costs: Ints, first: int, last: int) -> None:
        self._ask(arcs, costs, first, last)
        self.routes.suppose()
        self._sweep_crumbs()
        for place in range(self.routes.changes):
            self.routes.cost[self.routes.changed[place]] = self.routes.base[self.routes.changed[place]]

    def _sweep_crumbs(self) -> None:
        """Say 0 of loads that are nothing but the error of floats."""
        for place in range(self.routes.touches):
            arc = self.routes.touched[place]
            if self.routes.load[arc] < self.routes.crumb:
                self.routes.load[arc] = 0.0

    def _ask(self, arcs: Ints, costs: Ints, first: int, last: int) -> None:
        self._number()
        self.routes.touches = self.routes.changes = self.routes.better = 0
        self.old_lost = self.routes.lost
        for place in range(first, last):
            arc = arcs[place]
            if costs[place] == self.routes.base[arc]:
                continue
            self.routes.cost[arc] = costs[place]
            self.routes.changed[self.routes.changes] = arc
            self.routes.changes += 1
            if costs[place] < self.routes.base[arc]:
                self.routes.better = 1

    def _number(self) -> None:
        """Number the next question; begin anew before numbers of questions or rounds outgrow 32 bits."""
        self.routes.question += 1
        if self.routes.round < FAR and self.routes.question < FAR:
            return
        self.routes.round, self.routes.question = 0, 1
        for node in range(self.routes.nodes):
            self.routes.mark[node] = 0
        for arc in range(2 * self.routes.links):
            self.routes.moved[arc] = 0

    def _forget(self) -> None:
        for place in range(self.routes.touches):
            arc = self.routes.touched[place]
            self.routes.load[arc] = self.routes.old_load[arc]
        self.routes.lost = self.old_lost
        self.routes.touches = 0
