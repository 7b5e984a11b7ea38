"""Runs the steps of a plan: each as soon as its own dependencies are done, and never twice.

Read `dataflow` first, then `step_run`; the rest is what they stand on.
"""
