"""One module per verb of `kb`; each is imported only when it runs."""
