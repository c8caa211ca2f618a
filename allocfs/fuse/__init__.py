"""The adapter between the model and pyfuse3: nothing outside of it knows pyfuse3 or errno."""
