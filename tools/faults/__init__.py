"""The closure harness: faults in a sample application, and a judge that knows nothing of who mends them."""
