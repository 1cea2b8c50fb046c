"""Technologies and rights in them: who owns them, and what burdens them."""
