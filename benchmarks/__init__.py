"""Speed, side by side with what a user would do instead: ``make bench``."""
