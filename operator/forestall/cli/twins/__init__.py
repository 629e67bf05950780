"""`twin`: networks as they are, as they would be, and as pictures; from a file or from a twin in the cluster."""
