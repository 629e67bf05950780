"""Checks of the state that Kubernetes objects are in. Each is general: it knows signs, and no fault by its name."""
