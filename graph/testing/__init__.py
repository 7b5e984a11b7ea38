"""For those who build on the reader and test what they built: a clock, approvers, races, and a reader."""
