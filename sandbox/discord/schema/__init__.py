"""What a bot may send: bodies read strictly, components and modals checked and given ids."""
