"""Who signs an event of each type, and whether those who did could."""
