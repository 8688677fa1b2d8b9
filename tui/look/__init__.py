"""How things look: themes, charts, tables."""
