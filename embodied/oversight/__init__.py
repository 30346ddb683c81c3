"""What stands over the robot: parts that look at actions, messages and the world, and may step in. They compose."""
