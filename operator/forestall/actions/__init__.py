"""What runs inside an action Job: check, act, wait for the effect, report. One program for every runbook."""
