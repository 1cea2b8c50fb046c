"""What is shown, offered and auctioned before anybody is bound."""
