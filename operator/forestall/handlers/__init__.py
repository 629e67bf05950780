"""Kopf's side: one module for each kind, whose handlers only say that an object has changed.

Everything else is level-triggered: the key goes on the work queue, and the reconciler looks at the whole state.
"""
