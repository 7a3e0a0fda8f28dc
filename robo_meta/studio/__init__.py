"""The studio: demonstrations by hand in a browser, and what strategies make of them.

`session` holds everything that happens, as commands in and views out, and knows nothing of browsers, threads or clocks;
`owner` is the one thread that it lives in; `page`, `drawing` and `server` show it, and they alone need viser.
"""
