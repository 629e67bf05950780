"""The ports' implementations: Kubernetes, Prometheus, and fakes in memory for unit tests."""
