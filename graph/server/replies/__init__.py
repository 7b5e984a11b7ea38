"""What routes answer, for the page of the API. Bodies are written as they are and never checked against it at run time."""
