"""The screens for people: tables of memory and of its growth, made of the JSON of a mount."""
