"""One conversation, many providers: what each makes of another's answers, and of bad input."""
