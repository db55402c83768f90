"""One real table learned, from its matrices to the frozen values a model file holds."""
