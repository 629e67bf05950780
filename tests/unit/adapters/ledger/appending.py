"""Appends entries without end, and says of each batch that it is written. It is meant to be killed.

`python -m tests.unit.adapters.ledger.appending PATH SIZE FIRST`
"""

import sys
from pathlib import Path

from forestall.adapters.ledger.sqlite import SqliteLedger
from tests.unit.adapters.ledger.samples import append, entry

if __name__ == "__main__":
    path, size, number = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    while True:
        append(SqliteLedger(path), *(entry(number + one) for one in range(size)))
        number += size
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
