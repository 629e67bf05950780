"""Manifests held against what forestall takes, without a cluster."""
