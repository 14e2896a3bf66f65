"""What is true in this Discord: people, servers, channels, messages, files, rights. No HTTP."""
