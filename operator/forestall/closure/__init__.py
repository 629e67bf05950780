"""What was done, told as entries of the ledger, and the figures that are counted from them."""
