"""CSV as programs write it: content → table → names → dates and numbers → reading."""
