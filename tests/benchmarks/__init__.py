"""What Headwater costs beside a client written by hand, measured side by side in one run."""
