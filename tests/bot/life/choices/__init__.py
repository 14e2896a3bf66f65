"""What may be asked for: models, parts of a motion, drafts."""
