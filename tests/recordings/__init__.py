"""Real traffic of providers, served again byte for byte on this machine."""
