"""The plan's state machine: facts in, next status and actions out. Pure; the runtime carries it out."""
