"""Training on many workers: that they give what one gives, and that what goes wrong ends well."""
