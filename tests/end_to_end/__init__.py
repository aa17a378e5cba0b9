"""The installed whole, from the door to a real server."""
