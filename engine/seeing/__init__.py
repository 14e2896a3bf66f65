"""From pixels to people: poses, tracks, motions, and the cut-out of a person.

Ask `pose` what stands in a frame, and `track` and `motion` what it does over time.
"""
