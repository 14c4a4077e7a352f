"""Where people draw and look: the web page, the HTTP API, the window."""
