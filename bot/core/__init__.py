"""The pure rules: no awaits, no clock, no Discord, no SQL. Time and ids are arguments."""
