"""Who was contacted when: one Delta table that every run reads before it decides, and adds to."""
