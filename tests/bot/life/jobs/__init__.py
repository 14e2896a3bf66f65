"""Jobs through doubt, time, crowds and crashes."""
