"""What is asked of the tables, and answered by several of them."""
