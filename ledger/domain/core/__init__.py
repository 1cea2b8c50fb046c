"""What every rule stands on: events, money, days, places, law."""
