"""What commands share: reading an interaction, refusing, asking first, turning pages, grants."""
