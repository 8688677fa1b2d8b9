"""A client of the prediction service: where it answers, its token, one request with a deadline."""
