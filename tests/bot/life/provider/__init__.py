"""Jobs while the provider has its moods."""
