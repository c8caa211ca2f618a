"""The text, the ioctl and read(), asked the same questions over the same store, side by side."""
