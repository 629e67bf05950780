"""`kubectl forestall`: what stands where, what is proposed and why, and a person's decision on it."""

from forestall.cli.commands import app

__all__ = ["app"]
