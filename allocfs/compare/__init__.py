"""Compare the text, the ioctl and read() by the same questions to the same store."""
