"""The parts of a tiny Unix-like machine that lives wholly in memory. `envs.devices.computer` puts them together."""
