"""What lives on disk and is read or said: templates, catalogues, lexicons."""
