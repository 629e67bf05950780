"""What develops, tests and demonstrates Forestall; nothing here is part of the operator."""
