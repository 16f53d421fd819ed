"""The web server and its page: the show live in a browser, and the buttons to run it."""
