"""Physical and digital things, one file each."""
