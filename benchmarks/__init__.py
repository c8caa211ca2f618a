"""What allocfs costs, beside what native files and a C daemon cost on the same machine."""
