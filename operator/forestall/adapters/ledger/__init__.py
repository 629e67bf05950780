"""The ledger on disk or in a database."""
