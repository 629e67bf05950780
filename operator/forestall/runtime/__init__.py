"""What makes the pure core run: queue, store, feed, reconcilers, supervision, telemetry, wiring."""
