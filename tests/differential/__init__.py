"""Events of every topic, right and wrong, before all who judge authority."""
