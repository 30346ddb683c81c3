"""What a sweep will compare, how many seeds that needs, and what it costs; and whether it may stop at a look."""
