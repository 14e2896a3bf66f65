"""The engine that comes with the bot: it speaks as Segmind does, and looks for nothing."""
