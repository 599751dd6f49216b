"""The pages, a module a theme. A view reads the run before it writes."""
