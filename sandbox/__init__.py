"""A local world on 127.0.0.1: a wire-level Discord and the people in it."""
