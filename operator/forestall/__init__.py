"""Forestall: closed-loop remediation of networks and platforms, as a Kubernetes operator."""
