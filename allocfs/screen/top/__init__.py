"""The live screen: `watch.py` has the numbers, `view.py` the rows, `app.py` the screen."""
