"""Real servers of others, started for tests as processes of an ordinary user."""
