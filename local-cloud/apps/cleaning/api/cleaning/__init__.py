"""The cleaning platform's API and jobs."""
