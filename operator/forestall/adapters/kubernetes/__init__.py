"""The Kubernetes API behind the `Kube` port. The only package that imports the client library."""
