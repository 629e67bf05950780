"""The digital twin: what the cluster is made of, and what would become of it if something were lost or changed."""
