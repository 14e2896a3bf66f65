"""The same job done barely, to compare with: no store, no checks, no money, and lost at an end."""
