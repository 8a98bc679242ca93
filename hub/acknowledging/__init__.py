"""What people confirm: who is asked, within how long, by which plan they are reminded, and the one operation that acknowledges."""
