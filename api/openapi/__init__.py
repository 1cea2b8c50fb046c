"""What a client author gets: every operation's answers and problems, as OpenAPI 3.1."""
