"""What agents keep, on both databases."""
